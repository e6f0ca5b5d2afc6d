"""What differs between two graphs, for graphs of any kind."""

from hypothesis import given
from hypothesis import strategies as st

from clarion.domain.journey.diff import difference
from clarion.domain.journey.graph import Graph, read_graph
from tests.support.journeys import graphs


@given(graphs(), st.randoms(use_true_random=False))
def test_a_graph_differs_from_itself_in_nothing_however_its_nodes_are_written(graph: Graph, chance) -> None:  # type: ignore[no-untyped-def]
    written = graph.to_json()
    chance.shuffle(written["nodes"])
    assert not difference(graph, read_graph(written))


@given(graphs(), graphs())
def test_what_one_way_is_added_is_removed_the_other_way(one: Graph, other: Graph) -> None:
    there, back = difference(one, other), difference(other, one)
    assert (set(there.added), set(there.removed)) == (set(back.removed), set(back.added))
    assert set(there.edges.added) == set(back.edges.removed)
    assert {(each.node, frozenset(each.fields)) for each in there.changed} == {
        (each.node, frozenset(each.fields)) for each in back.changed
    }
    assert {(e.node, e.key, frozenset(e.fields)) for e in there.edges.changed} == {
        (e.node, e.key, frozenset(e.fields)) for e in back.edges.changed
    }


@given(graphs(), st.data())
def test_every_single_change_is_found_where_it_is(graph: Graph, data: st.DataObject) -> None:
    written = graph.to_json()
    node = data.draw(st.sampled_from(written["nodes"]))
    node["name"] = f"{node.get('name', '')} changed"
    found = difference(graph, read_graph(written))
    assert [(each.node, each.fields) for each in found.changed] == [(node["id"], ("name",))]
    assert (found.added, found.removed, found.settings) == ((), (), ())
    if written["edges"]:
        edge = data.draw(st.sampled_from(written["edges"]))
        edge["note"] = "changed"
        found = difference(graph, read_graph(written))
        assert [(each.node, each.fields) for each in found.edges.changed] == [(edge["from"], ("note",))]


@given(graphs(), st.data())
def test_edges_tried_in_another_order_are_told(graph: Graph, data: st.DataObject) -> None:
    written = graph.to_json()
    edges = data.draw(st.permutations(written["edges"]))
    again = read_graph({**written, "edges": edges})
    before = {node: [graph.key(edge) for edge in graph.leaving(node)] for node in graph.by_id}
    after = {node: [again.key(edge) for edge in again.leaving(node)] for node in again.by_id}
    told = {each.node for each in difference(graph, again).edges.changed}
    assert told >= {node for node in before if before[node] != after[node]}
