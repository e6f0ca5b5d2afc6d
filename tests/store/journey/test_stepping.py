"""Runs on both databases: entering, moving, waiting, answering, pausing, stopping; the books balance throughout."""

from typing import Any

import pytest

from clarion.domain.message import Status
from clarion.services.journeys.runs import enter, pause_run, resume_run, start_run, stop_run
from clarion.store.db import Database
from tests.support.journey_engine import Stage, refused

SECOND = 1_000_000


def asks(**start: Any) -> dict[str, Any]:
    """Ask by template, wait an hour, thank for yes and no, remember scores, chase the silent."""
    return {
        "name": "test",
        "sender": "main",
        "nodes": [
            {"id": "start", "kind": "audience", **start},
            {
                "id": "ask",
                "kind": "message",
                "content": {"type": "template", "name": "hello", "language": "en"},
            },
            {"id": "answer", "kind": "wait", "timeout": "1h", "save": "said"},
            {"id": "yes", "kind": "message", "content": {"type": "text", "body": "Great, {{ name }}"}},
            {"id": "no", "kind": "message", "content": {"type": "text", "body": "Pity, {{ name }}"}},
            {"id": "score", "kind": "message", "content": {"type": "text", "body": "You gave {{ n }}"}},
            {"id": "again", "kind": "message", "content": {"type": "text", "body": "Pardon? {{ said }}"}},
            {"id": "won", "kind": "end", "outcome": "won"},
            {"id": "lost", "kind": "end", "outcome": "lost"},
            {"id": "silent", "kind": "end", "outcome": "silent"},
        ],
        "edges": [
            {"from": "start", "to": "ask"},
            {"from": "ask", "to": "answer"},
            {"from": "answer", "to": "yes", "on": "payload", "value": "YES"},
            {"from": "answer", "to": "no", "on": "keywords", "words": ["não", "no"]},
            {"from": "answer", "to": "score", "on": "regex", "pattern": r"(?P<n>\d+)"},
            {"from": "answer", "to": "again", "on": "fallback"},
            {"from": "answer", "to": "silent", "on": "timeout"},
            {"from": "yes", "to": "won"},
            {"from": "no", "to": "lost"},
            {"from": "score", "to": "won"},
            {"from": "again", "to": "answer"},
        ],
    }


PEOPLE = [{"name": f"N{n}"} for n in range(1, 8)]


@pytest.fixture
async def stage(db: Database) -> Stage:
    """The asking journey, published, and seven people."""
    stage = Stage(db)
    await stage.set(asks(), PEOPLE)
    return stage


async def test_everybody_is_asked_and_each_answer_takes_its_edge(stage: Stage) -> None:
    await stage.start()
    assert await stage.where() == {"ask": 7}
    assert await stage.settle() == 7
    assert await stage.where() == {"answer": 7}
    assert await stage.say(1, "Yes!", payload="YES") == "position"
    assert await stage.say(2, "NAO, obrigado") == "position"
    assert await stage.say(3, "I say 9") == "position"
    assert await stage.say(4, "what?") == "position"
    assert await stage.where() == {"yes": 1, "no": 1, "score": 1, "again": 1, "answer": 3}
    await stage.settle()
    assert await stage.where() == {"=won": 2, "=lost": 1, "answer": 4}
    await stage.wait(3601)
    assert await stage.where() == {"=won": 2, "=lost": 1, "=silent": 4}
    texts = [text for _, text in (await stage.messages())[7:]]
    assert texts == ["Great, N1", "Pity, N2", "You gave 9", "Pardon? what?"]
    assert await stage.books() == []


async def test_a_wait_counts_from_when_its_message_left_us(stage: Stage) -> None:
    await stage.start()
    await stage.wait(7200)
    assert await stage.where() == {"ask": 7}
    await stage.settle()
    await stage.wait(3590)
    assert await stage.where() == {"answer": 7}


async def test_a_refused_message_ends_the_journey_of_that_person_only(stage: Stage) -> None:
    await stage.start()
    await stage.settle(only=3, outcome=refused())
    await stage.settle()
    assert await stage.where() == {"=failed": 1, "answer": 6}
    assert "cannot be reached" in (await stage.position(3)).reason
    assert await stage.books() == []


async def test_R18_a_reply_and_the_timeout_at_the_same_moment_have_one_winner(stage: Stage) -> None:
    await stage.start()
    await stage.settle()
    await stage.hear(1, "9")
    async with stage.db.transaction() as tx:
        await tx.run("UPDATE timers SET due_at = 1")
    await stage.step()
    assert await stage.where() == {"score": 1, "=silent": 6}
    async with stage.db.reading() as tx:
        late = await tx.all("SELECT event, why FROM trails WHERE edge = '' AND outcome = ''")
        assert await tx.scalar("SELECT count(*) FROM timers") == 0
    assert [(row.event, row.why) for row in late] == [("timer", "it belongs to a node that was left")]
    assert await stage.books() == []


@pytest.mark.parametrize("stepped", [True, False])
async def test_R18_of_two_replies_5_ms_apart_the_second_fires_nothing(stage: Stage, stepped: bool) -> None:
    await stage.start()
    await stage.settle()
    await stage.hear(1, payload="YES")
    if stepped:
        await stage.step()
    route = await stage.say(1, payload="YES")
    assert await stage.where() == {"yes": 1, "answer": 6}
    assert route == ("inbox" if stepped else "late")
    await stage.settle()
    assert await stage.where() == {"=won": 1, "answer": 6}
    assert len(await stage.messages()) == 8


async def test_R18_a_reply_that_quotes_a_question_answered_before_is_late(stage: Stage) -> None:
    await stage.start()
    await stage.settle()
    asked = (await stage.position(1)).message_id
    assert await stage.say(1, "what?", quoted=asked) == "position"
    await stage.settle()
    assert await stage.where() == {"answer": 7}
    assert await stage.say(1, payload="YES", quoted=asked) == "late"
    assert await stage.where() == {"answer": 7}
    assert await stage.say(1, payload="YES", quoted=(await stage.position(1)).message_id) == "position"
    assert (await stage.where())["yes"] == 1


async def test_a_repeated_webhook_moves_nobody(stage: Stage) -> None:
    await stage.start()
    await stage.settle()
    await stage.say(1, "what?")
    await stage.settle()
    await stage.say(1, "what?", again=True)
    assert await stage.where() == {"answer": 7}
    assert len(await stage.messages()) == 8


async def test_nobody_answers_a_message_that_has_not_left_us(stage: Stage) -> None:
    await stage.start()
    assert await stage.say(1, "hello?") == "inbox"
    assert await stage.where() == {"ask": 7}
    await stage.settle()
    assert await stage.where() == {"answer": 7}


async def test_a_stop_word_ends_every_journey_of_the_person(stage: Stage) -> None:
    await stage.start()
    await stage.settle()
    assert await stage.say(1, "STOP") == "opt_out"
    assert await stage.where() == {"=opted_out": 1, "answer": 6}
    assert await stage.books() == []


async def test_people_who_opted_out_do_not_enter(stage: Stage) -> None:
    await stage.say(2, "stop")
    run = await stage.start()
    assert await stage.where() == {"ask": 6}
    async with stage.db.reading() as tx:
        assert await tx.scalar("SELECT skipped FROM runs WHERE id = :id", {"id": run}) == 1


@pytest.mark.parametrize(("rule", "second"), [("never", 0), ("after_end", 1), ("always", 7)])
async def test_who_may_enter_again_is_the_authors_rule(db: Database, rule: str, second: int) -> None:
    stage = Stage(db)
    await stage.set(asks(reentry=rule), PEOPLE)
    await stage.start()
    await stage.settle(only=1, outcome=refused())
    before = sum((await stage.where()).values())
    await stage.start()
    assert sum((await stage.where()).values()) - before == second
    assert await stage.books() == []


async def test_a_filter_lets_in_only_those_of_whom_it_is_true(db: Database) -> None:
    stage = Stage(db)
    await stage.set(asks(filter={"attribute": "name", "one_of": ["N1", "n5"]}), PEOPLE)
    await stage.start()
    assert await stage.where() == {"ask": 2}


async def test_a_person_enters_by_writing_the_triggers_word(db: Database) -> None:
    stage = Stage(db)
    await stage.set(asks(triggers=[{"words": ["start"]}]))
    assert await stage.say(4, "Hello") == "inbox"
    assert await stage.say(4, "Start!") == "trigger"
    assert await stage.where() == {"ask": 1}
    assert await stage.say(4, "Start!") == "inbox"  # its message has not left us, and nobody enters twice
    await stage.settle()
    assert await stage.say(4, "12") == "position"
    await stage.settle()
    assert await stage.where() == {"=won": 1}
    assert await stage.books() == []


async def test_a_program_sends_a_person_in(db: Database) -> None:
    stage = Stage(db)
    await stage.set(asks(api=True))
    await enter(db, stage.woken, "test", "+55 41 99999-0001", {"name": "Zoe"})
    await stage.step()
    assert await stage.where() == {"ask": 1}


async def test_pausing_drops_nobody(stage: Stage) -> None:
    run = await stage.start()
    await stage.settle(only=1)
    assert await pause_run(stage.db, run) == 0
    assert await stage.settle() == 0
    assert await stage.say(1, "9") == "position"
    await stage.wait(7200)
    assert await stage.where() == {"ask": 6, "answer": 1}
    await resume_run(stage.db, stage.woken, run)
    await stage.step()
    assert await stage.where() == {"ask": 6, "score": 1}
    assert await stage.settle() == 7
    assert await stage.where() == {"answer": 6, "=won": 1}
    assert await stage.books() == []


async def test_stopping_is_final(stage: Stage) -> None:
    run = await stage.start()
    await stage.settle(only=1)
    await stop_run(stage.db, stage.woken, run, reason="enough")
    await stage.clear(run)
    assert await stage.where() == {"=stopped": 7}
    assert await stage.settle() == 0
    assert await stage.say(1, "9") == "inbox"
    async with stage.db.reading() as tx:
        row = await tx.first("SELECT status, finished_at > 0 AS done FROM runs")
        assert await tx.scalar("SELECT count(*) FROM timers") == 0
    assert row is not None
    assert (row.status, bool(row.done)) == ("stopped", True)
    assert await stage.books() == []


async def test_a_run_is_finished_when_nobody_is_under_way(stage: Stage) -> None:
    run = await stage.start()
    await stage.settle()
    await stage.wait(3601)
    await stage.clear(run)
    async with stage.db.reading() as tx:
        assert await tx.scalar("SELECT status FROM runs WHERE id = :id", {"id": run}) == "finished"


async def test_a_reply_opens_the_window_for_free_text(db: Database) -> None:
    graph = asks()
    graph["edges"][1]["to"] = "yes"
    stage = Stage(db)
    await stage.set(graph, PEOPLE[:2])
    await stage.hear(1, "hi")
    await stage.start()
    await stage.settle()
    assert await stage.where() == {"yes": 1, "=failed": 1}
    assert "24-hour window" in (await stage.position(2)).reason


async def test_delivered_and_read_are_heard_in_any_order(db: Database) -> None:
    graph = asks()
    graph["nodes"][1]["timeout"] = "2h"
    graph["edges"][1:2] = [
        {"from": "ask", "to": "answer", "on": "read"},
        {"from": "ask", "to": "lost", "on": "delivered"},
        {"from": "ask", "to": "silent", "on": "timeout"},
    ]
    stage = Stage(db)
    await stage.set(graph, PEOPLE[:3])
    await stage.start()
    await stage.settle()
    assert await stage.where() == {"ask": 3}
    first, second = (await stage.position(1)).message_id, (await stage.position(2)).message_id
    await stage.receipt(first, Status.READ)
    await stage.receipt(first, Status.DELIVERED)
    await stage.receipt(second, Status.DELIVERED)
    await stage.receipt(second, Status.READ)
    assert await stage.where() == {"answer": 1, "=lost": 1, "ask": 1}
    await stage.wait(7300)
    assert (await stage.where())["=silent"] == 2
    assert await stage.books() == []


async def test_a_start_needs_a_published_journey_and_a_list(stage: Stage) -> None:
    with pytest.raises(Exception, match="no journey 'nothing'"):
        await start_run(stage.db, stage.woken, "nothing")
    with pytest.raises(Exception, match="names no list"):
        await start_run(stage.db, stage.woken, "test")


async def test_one_step_may_hear_several_events_and_keeps_the_timer_of_the_last_visit(stage: Stage) -> None:
    await stage.start()
    await stage.settle(step=False)
    await stage.hear(1, "what?")
    await stage.hear(2, payload="YES")
    await stage.step()
    assert await stage.where() == {"answer": 5, "again": 1, "yes": 1}
    async with stage.db.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM timers") == 5
    assert await stage.books() == []
