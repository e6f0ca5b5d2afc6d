"""Whatever happens to a person, in whatever order: the promises of one step."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.domain.journey.edges import Match
from clarion.domain.journey.effects import Send, SetTimer
from clarion.domain.journey.events import Called, Closed, MessageStatus, Replied, Returned, TimerFired
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.step import MOST_EVENTS, MOST_STEPS, Verdict, step
from tests.support.journeys import Played, events_for, facts, graphs, play

Way = tuple[Graph, list[Played]]
often = settings(max_examples=60)  # a drawn way is long, and every test here draws others


@st.composite
def ways(draw: st.DrawFn) -> Way:
    """A graph, and a person's way through it."""
    graph = draw(graphs())
    return graph, play(graph, draw(events_for(graph)), draw(facts()))


@often
@given(ways())
def test_a_position_stands_at_a_node_that_exists_and_its_visits_only_grow(drawn: Way) -> None:
    graph, way = drawn
    for played in way:
        before, after = played.before, played.after
        assert after.node in graph.by_id
        assert before.visit <= after.visit <= before.visit + MOST_STEPS
        assert before.events <= after.events <= min(before.events + 1, MOST_EVENTS)
        assert before.message_visit <= after.message_visit <= after.visit
        assert before.answered <= after.answered <= after.visit
        if played.step.verdict is not Verdict.MOVED:
            assert (before.node, before.visit, before.outcome) == (after.node, after.visit, after.outcome)


@often
@given(ways())
def test_whoever_has_ended_stays_where_they_ended(drawn: Way) -> None:
    for played in drawn[1]:
        if played.before.outcome:
            assert played.step.verdict is Verdict.LATE
            assert played.after == played.before
            assert played.step.effects == ()


@often
@given(ways())
def test_an_event_of_a_visit_that_was_left_changes_nothing(drawn: Way) -> None:
    for played in drawn[1]:
        late = False
        match played.event:
            case TimerFired(visit=visit) | Called(visit=visit) | Returned(visit=visit) | Closed(visit=visit):
                late = visit != played.before.visit
            case MessageStatus(visit=visit):
                late = visit != played.before.message_visit
        if late:
            assert played.step.verdict is Verdict.LATE
            assert played.after == played.before
            assert played.step.effects == ()


@often
@given(ways())
def test_an_event_that_moved_somebody_moves_nobody_when_it_comes_again(drawn: Way) -> None:
    graph, way = drawn
    for played in way:
        bound = isinstance(played.event, TimerFired | Called | Returned | Closed)
        if bound and played.step.verdict is Verdict.MOVED:
            again = step(graph, played.after, played.event, played.facts)
            assert (again.verdict, again.position) == (Verdict.LATE, played.after)
            assert again.effects == ()


@often
@given(ways())
def test_one_visit_sends_one_message_at_most(drawn: Way) -> None:
    sent = Counter(e.visit for played in drawn[1] for e in played.step.effects if isinstance(e, Send))
    assert max(sent.values(), default=0) <= 1


@often
@given(ways())
def test_effects_belong_to_visits_of_their_step_and_timers_to_the_one_that_lasts(drawn: Way) -> None:
    for played in drawn[1]:
        for effect in played.step.effects:
            assert played.before.visit <= effect.visit <= played.after.visit
            if isinstance(effect, SetTimer):
                assert effect.visit == played.after.visit
                assert not played.after.outcome
        timers = [effect for effect in played.step.effects if isinstance(effect, SetTimer)]
        assert len(timers) <= 1


@often
@given(ways())
def test_a_message_is_urgent_only_when_it_answers_a_reply(drawn: Way) -> None:
    for played in drawn[1]:
        for effect in played.step.effects:
            if isinstance(effect, Send):
                assert effect.urgent is isinstance(played.event, Replied)


@often
@given(ways())
def test_the_same_step_gives_the_same_result(drawn: Way) -> None:
    graph, way = drawn
    for played in way:
        assert step(graph, played.before, played.event, played.facts) == played.step


@often
@given(ways())
def test_the_trail_leads_from_where_somebody_stood_to_where_they_stand(drawn: Way) -> None:
    graph, way = drawn
    for played in way:
        trail = played.step.trail
        if played.step.verdict is not Verdict.MOVED:
            assert all(left.to == "" for left in trail)
            continue
        assert trail[0].node == played.before.node
        moves = [left for left in trail if left.to]
        stood = [played.before.node, *(left.to for left in moves)]
        assert [left.node for left in moves] == stood[:-1]
        assert stood[-1] == played.after.node
        assert len(moves) == played.after.visit - played.before.visit
        assert [left.outcome for left in trail if left.outcome] == [played.after.outcome] * bool(
            played.after.outcome
        )
        keys = {graph.key(edge) for left in moves for edge in graph.leaving(left.node)}
        assert {left.edge for left in moves} <= keys | {"goto"}


@often
@given(ways())
def test_a_reply_takes_the_first_edge_that_fits_and_fallback_last(drawn: Way) -> None:
    graph, way = drawn
    for played in way:
        for left in played.step.trail:
            if left.event != "replied" or not left.tried or graph.by_id[left.node].kind != "wait":
                continue
            assert isinstance(played.event, Replied)
            asked = [edge for edge in graph.edges if edge.source == left.node and edge.answers]
            asked.sort(key=lambda edge: edge.on == "fallback")
            fits = [isinstance(edge.hears(played.event), Match) for edge in asked]
            looked_at = fits.index(True) + 1 if True in fits else len(fits)
            assert [each.edge for each in left.tried] == [graph.key(edge) for edge in asked[:looked_at]]
            assert [each.taken for each in left.tried] == fits[:looked_at]
            if any(fits):
                assert left.edge == left.tried[-1].edge
                assert left.to == asked[looked_at - 1].to


@often
@given(ways())
def test_nothing_is_used_twice_so_one_reply_moves_past_one_wait_at_most(drawn: Way) -> None:
    graph, way = drawn
    for played in way:
        if isinstance(played.event, Replied):
            used = [
                left
                for left in played.step.trail
                if left.event == "replied" and left.edge and graph.by_id[left.node].kind == "wait"
            ]
            assert len(used) <= 1
