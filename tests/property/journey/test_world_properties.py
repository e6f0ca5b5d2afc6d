"""Whatever the graph: nobody is lost or doubled in the virtual world, and luck depends on the seed alone."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.domain.journey.crowd import Crowd, Deliveries, Plan
from clarion.domain.journey.graph import Graph, read_graph
from clarion.domain.journey.plan import read_mix
from clarion.domain.journey.world import Forecast, Person, World
from tests.support.journeys import graphs

HOUR = 3_600_000_000
START = 1_800_000_000_000_000
UNTIL = START + 30 * HOUR

_BUTTONS = [{"id": "yes", "title": "Yes"}, {"id": "no", "title": "No"}]
_KINDS: tuple[dict[str, Any], ...] = (
    {"kind": "message", "content": {"type": "text", "body": "Hello"}},
    {"kind": "message", "content": {"type": "text", "body": "Hello {{ name }}"}},
    {"kind": "message", "content": {"type": "buttons", "body": "Well?", "buttons": _BUTTONS}},
    {"kind": "message", "content": {"type": "template", "name": "t", "language": "en"}, "timeout": "1h"},
    {"kind": "message", "content": {"type": "text", "body": "Soon"}, "expires": "2s"},
    {"kind": "wait"},
    {"kind": "wait", "timeout": "2h", "save": "said"},
    {"kind": "delay", "for": "30m"},
    {"kind": "update", "add_tags": ["met"], "set": {"name": "Ana"}},
    {"kind": "update", "consent": "opt_out"},
    {"kind": "split", "branches": [{"name": "met", "when": {"tag": "met"}}]},
    {"kind": "handoff", "wait": True, "timeout": "1h"},
    {"kind": "api", "url": "https://x.example/", "save": {"name": "$.name"}},
    {"kind": "goto", "journey": "Other", "returns": True},
    {"kind": "end", "outcome": "done"},
)
_ON: tuple[dict[str, Any], ...] = (
    {"on": "next"},
    {"on": "payload", "value": "yes"},
    {"on": "keywords", "words": ["sim"]},
    {"on": "fallback"},
    {"on": "timeout"},
    {"on": "delivered"},
    {"on": "read"},
    {"on": "failed"},
    {"on": "success"},
    {"on": "failure"},
    {"on": "branch", "branch": "met"},
)


@st.composite
def rough(draw: Callable[..., Any]) -> Graph:
    """Any graph that can be read, sensible or not."""
    kinds = draw(st.lists(st.sampled_from(_KINDS), min_size=1, max_size=7))
    nodes = [{"id": f"n{n}", **kind} for n, kind in enumerate(kinds)]
    names = [node["id"] for node in nodes]
    edge = st.fixed_dictionaries({"from": st.sampled_from(names), "to": st.sampled_from(names)})
    edges = [
        {**ends, **on} for ends, on in draw(st.lists(st.tuples(edge, st.sampled_from(_ON)), max_size=16))
    ]
    return read_graph(
        {
            "name": "any",
            "nodes": [{"id": "start", "kind": "audience"}, *nodes],
            "edges": [{"from": "start", "to": "n0"}, *edges],
        }
    )


anything = st.one_of(rough(), graphs())

PEOPLE = [
    Person(
        n, f"p{n}", f"+55419{n:08d}", {"name": f"P{n}"} if n % 3 else {}, window_until=UNTIL if n % 2 else 0
    )
    for n in range(7)
]
PLAN = Plan(
    replies=read_mix("button:1=25%,text:sim=20%,text:what=20%,stop=5%,after=1s..3h"),
    deliveries=Deliveries(refused=0.1, failed=0.1, read=0.5),
)


def forecast(graph: Graph, people: list[Person], *, seed: int = 1, rate: float = 0.0) -> Forecast:
    world = World(graph, people=people, behaviour=Crowd(PLAN, seed=seed), start=START, until=UNTIL, rate=rate)
    return world.run()


some = settings(max_examples=60, deadline=None)


@some
@given(anything, st.sampled_from([0.0, 1.0]))
def test_everybody_who_entered_is_at_one_node_or_has_ended(graph: Graph, rate: float) -> None:
    found = forecast(graph, PEOPLE, rate=rate)
    assert found.people + sum(found.skipped.values()) == len(PEOPLE)
    assert found.people == found.here + sum(found.outcomes.values())
    for node in found.nodes:
        assert node.entered == sum(node.left.values()) + sum(node.ended.values()) + node.here, node
    assert found.people == next(node for node in found.nodes if node.kind == "audience").entered
    assert (found.finished_at is not None) is bool(found.people and not found.here)


@some
@given(anything, st.integers(0, 3), st.sampled_from([0.0, 1.0]))
def test_the_same_seed_gives_the_same_forecast(graph: Graph, seed: int, rate: float) -> None:
    assert forecast(graph, PEOPLE, seed=seed, rate=rate) == forecast(graph, PEOPLE, seed=seed, rate=rate)


@some
@given(anything, st.permutations(PEOPLE))
def test_without_a_rate_the_order_of_people_does_not_matter(graph: Graph, people: list[Person]) -> None:
    assert forecast(graph, people) == forecast(graph, PEOPLE)


@some
@given(rough())
def test_an_audience_is_the_sum_of_its_people(graph: Graph) -> None:
    world = World(graph, behaviour=Crowd(PLAN), start=START, until=UNTIL)
    ends = Counter(world.run_person(person).position.outcome for person in PEOPLE)
    assert dict(ends - Counter({"": len(PEOPLE)})) == dict(forecast(graph, PEOPLE).outcomes)
