"""People answer what they are asked: by rules over the message and their own last words, fixed by the seed."""

from typing import Any

import orjson
import pytest

from clarion.sim.answers import Asked, choose, writings
from clarion.sim.config import ConfigError, SimConfig, check, merged
from clarion.sim.habits import Reply
from tests.sim.talk import FROM, WHATSAPP_FROM, Hook, Talk, person, talking, template, text, until

TO = person(1)

VISIT = {
    "text": "is monday morning fine",
    "said": "^$",
    "replies": [{"button": 0, "share": 0.4}, {"text": "On the 14th", "share": 0.3}],
}
DAY = {"text": "which day", "said": "VISIT_NO", "replies": [{"text": "On the 15th"}]}


def config(**people: Any) -> SimConfig:
    """A configuration of the people alone."""
    return check(SimConfig, {"people": people})


def visit(to: str) -> dict[str, Any]:
    """The question with its two buttons."""
    texts = ({"type": "text", "text": each} for each in ("Ana", "gold visit"))
    pressed = [
        {"type": "button", "sub_type": "quick_reply", "index": str(n), "parameters": [{"payload": payload}]}
        for n, payload in enumerate(("VISIT_YES", "VISIT_NO"))
    ]
    return template(to, "visit_question", {"type": "body", "parameters": list(texts)}, *pressed)


@pytest.mark.parametrize(
    ("asked", "which", "reply"),
    [
        (Asked("Is Monday morning fine?", True), 0.39, Reply(button=0)),
        (Asked("Is Monday morning fine?", True), 0.41, Reply(text="On the 14th")),
        (Asked("Is Monday morning fine?", True), 0.71, None),
        (Asked("Is Monday morning fine?", True, said="no"), 0.0, None),
        (Asked("Which day, then?", said="VISIT_NO"), 0.9, Reply(text="On the 15th")),
        (Asked("Which day, then?", said="VISIT_YES"), 0.9, None),
    ],
)
def test_the_first_entry_that_fits_decides(asked: Asked, which: float, reply: Reply | None) -> None:
    people = config(conversations=[VISIT, DAY]).people
    chosen = choose(people, asked, 0.0, which)
    if reply is None:
        assert chosen is None
    else:
        assert chosen is not None
        assert (chosen[0].text, chosen[0].button) == (reply.text, reply.button)


def test_an_entry_without_replies_keeps_people_silent_and_what_fits_none_is_answered_as_ever() -> None:
    people = config(conversations=[{"buttons": True}], reply_share=1).people
    assert choose(people, Asked("Hello", True), 0.0, 0.0) is None
    chosen = choose(people, Asked("Hello"), 0.0, 0.0)
    assert chosen is not None
    assert chosen[0].text == "Yes please"


def test_an_entry_may_take_its_own_time() -> None:
    people = config(conversations=[{"replies": [{}], "reply": {"low_ms": 7, "high_ms": 7}}]).people
    chosen = choose(people, Asked(), 0.0, 0.0)
    assert chosen is not None
    assert chosen[1].seconds(0.5) == 0.007


def test_shares_are_kept_over_many_people_and_the_same_seed_gives_the_same() -> None:
    settings = config(twice_share=0.2, repeated_share=0.1, quote_share=0.3)
    made = [writings(settings, (n,), Reply(text="Hi"), 1.0) for n in range(4_000)]
    assert made == [writings(settings, (n,), Reply(text="Hi"), 1.0) for n in range(4_000)]
    assert made != [
        writings(merged(settings, {"seed": 2}), (n,), Reply(text="Hi"), 1.0) for n in range(4_000)
    ]
    assert sum(len(each) == 2 for each in made) / 4_000 == pytest.approx(0.2, abs=0.03)
    assert sum(each[0].posts == 2 for each in made) / 4_000 == pytest.approx(0.1, abs=0.03)
    assert sum(each[0].quotes for each in made) / 4_000 == pytest.approx(0.3, abs=0.03)
    assert all(0.1 <= twice.at - first.at <= 0.6 for first, *more in made for twice in more)


def test_a_pressed_button_always_quotes() -> None:
    assert all(writings(config(quote_share=0), (n,), Reply(button=0), 0)[0].quotes for n in range(50))


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"text": "("}, "not a regular expression"),
        ({"said": "[a"}, "not a regular expression"),
        ({"replies": [{"share": 0.7}, {"share": 0.4}]}, "the shares add up to 1.1"),
        ({"when": "x"}, "when"),
    ],
)
def test_what_cannot_be_meant_is_named(entry: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        config(conversations=[entry])
    assert problem in str(refused.value)
    assert "people.conversations.0" in str(refused.value)


async def replies(talk: Talk) -> list[dict[str, Any]]:
    """The ledger's rows of what people wrote."""
    reply = await talk.call("GET", "/_sim/ledger/replies")
    return [orjson.loads(line) for line in reply.raw.splitlines()]


async def test_a_conversation_over_whatsapp_goes_by_what_was_said() -> None:
    people = {"conversations": [{**VISIT, "replies": [{"button": 1}]}, DAY, {"text": ""}]}
    async with (
        Hook() as hook,
        talking(people=people, whatsapp={"webhook_url": hook.url}, ledger_texts=True) as talk,
    ):
        asked = (await talk.whatsapp(visit(TO))).json["messages"][0]["id"]
        await until(lambda: hook.messages)
        (pressed,) = hook.messages
        assert pressed["button"] == {"payload": "VISIT_NO", "text": "Another day"}
        assert pressed["context"]["id"] == asked
        await talk.whatsapp(text(TO, "Which day suits you?"))
        await until(lambda: len(hook.messages) == 2)
        assert hook.messages[1]["text"] == {"body": "On the 15th"}
        await talk.whatsapp(text(TO, "See you then"))
        await until(lambda: talk.sim.world.ledger.total.events["delivered"] == 3)
        assert (await talk.total())["replied"] == 2
        texts = [row["text"] for row in await talk.ledger()]
        assert texts == [
            "Hi Ana, is Monday morning fine for your gold visit?",
            "Which day suits you?",
            "See you then",
        ]


async def test_a_conversation_over_twilio_goes_the_same_way() -> None:
    people = {"conversations": [{**VISIT, "replies": [{"button": 1}]}, DAY]}
    async with Hook() as hook, talking(people=people, twilio={"inbound_url": hook.url}) as talk:
        to = f"whatsapp:{TO}"
        await talk.twilio(
            To=to,
            From=WHATSAPP_FROM,
            ContentSid=f"HX{7:032x}",
            ContentVariables='{"1":"Ana","2":"gold visit"}',
        )
        await until(lambda: hook.posts)
        assert hook.posts[0].form["ButtonPayload"] == "VISIT_NO"
        await talk.twilio(To=to, From=WHATSAPP_FROM, Body="Which day suits you?")
        await until(lambda: len(hook.posts) == 2)
        assert hook.posts[1].form["Body"] == "On the 15th"
        assert [row["payload"] for row in await replies(talk)] == ["VISIT_NO", None]


async def test_the_ledger_knows_when_a_reply_was_first_posted() -> None:
    people = {"conversations": [{"replies": [{"text": "Hi"}]}], "repeated_share": 1, "quote_share": 0}
    async with Hook(answers=[500]) as hook, talking(people=people, twilio={"inbound_url": hook.url}) as talk:
        await talk.twilio(To=TO, From=FROM, Body="Hello")
        await until(lambda: len(hook.posts) == 2)
        (row,) = await replies(talk)
        assert {post.form["MessageSid"] for post in hook.posts} == {row["id"]}
        assert (row["recipient"], row["text"], row["context"], row["seq"]) == (TO, "Hi", None, 1)
        first = min(post.at for post in hook.posts)
        assert 0 <= first - row["posted_ns"] / 1e9 < 1
        assert row["wrote_ns"] <= row["posted_ns"]
        (sent,) = await talk.ledger()
        assert sent["mono_ns"] < row["wrote_ns"]


async def test_a_press_that_comes_twice_is_two_messages_and_a_repeated_webhook_is_one() -> None:
    conversation = {"conversations": [{"buttons": True, "replies": [{"button": 0}]}]}
    twice = {"twice_share": 1, "twice": {"low_ms": 1, "high_ms": 1}, "repeated_share": 1}
    async with (
        Hook() as hook,
        talking(people={**conversation, **twice}, whatsapp={"webhook_url": hook.url}) as talk,
    ):
        await talk.whatsapp(visit(TO))
        await until(lambda: len(hook.messages) == 3)
        assert len({message["id"] for message in hook.messages}) == 2
        assert len({message["context"]["id"] for message in hook.messages}) == 1
        await until(lambda: talk.sim.world.ledger.total.events["callbacks_pending"] == 0)


async def test_conversations_change_while_running() -> None:
    async with Hook() as hook, talking(whatsapp={"webhook_url": hook.url}) as talk:
        await talk.control("PATCH", "config", {"people": {"conversations": [{"replies": [{"text": "Olá"}]}]}})
        await talk.whatsapp(visit(TO))
        await until(lambda: hook.messages)
        assert hook.messages[0]["text"] == {"body": "Olá"}


async def test_a_row_of_a_list_is_pressed_too() -> None:
    sections = [{"title": "Day", "rows": [{"id": "am", "title": "Morning"}, {"id": "pm", "title": "Noon"}]}]
    listed = {
        "messaging_product": "whatsapp",
        "to": TO,
        "type": "interactive",
        "interactive": {
            "type": "list",
            "body": {"text": "Pick one"},
            "action": {"button": "See", "sections": sections},
        },
    }
    people = {"conversations": [{"text": "^Pick", "buttons": True, "replies": [{"button": 1}]}]}
    settings = {"window": "off"}
    async with Hook() as hook, talking(people=people, whatsapp={"webhook_url": hook.url, **settings}) as talk:
        await talk.whatsapp(listed)
        await until(lambda: hook.messages)
        assert hook.messages[0]["interactive"] == {
            "type": "list_reply",
            "list_reply": {"id": "pm", "title": "Noon"},
        }
