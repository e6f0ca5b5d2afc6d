"""Journeys: drafts, versions, what is wrong with a graph, and what differs between two."""

from typing import Annotated, Any, Literal

from pydantic import Field

from clarion.api.fields import Body, JourneyId, Shown, Time, text

MOST_BYTES = 8 * 1024 * 1024

Name = Annotated[str, text(200, least=1, examples=["Welcome"])]
GraphJson = Annotated[
    dict[str, Any],
    Field(
        description="Nodes and edges, as docs/reference/nodes.md describes them; `GET /journeys/node-kinds` has the "
        "JSON Schema.",
        examples=[
            {
                "format": "clarion.journey/1",
                "name": "Welcome",
                "sender": "Shop",
                "nodes": [
                    {"id": "start", "kind": "audience", "lists": ["customers"]},
                    {
                        "id": "hello",
                        "kind": "message",
                        "content": {"type": "text", "body": "Hello {{ name }}"},
                    },
                ],
                "edges": [{"from": "start", "to": "hello"}],
            }
        ],
    ),
]


class GraphProblem(Shown):
    """One thing to mend in a graph."""

    node: str
    """The node's id; empty: the journey as a whole."""
    edge: str
    """The edge, by its ends or its label; empty: none."""
    field: str
    """The path of the field; empty: none."""
    problem: str
    level: Literal["error", "warning"]
    """An error stands in the way of publishing."""


class NewJourney(Body):
    """A journey to make."""

    name: Name | None = None
    """Instead of the name in the graph."""
    graph: GraphJson


class Draft(Body):
    """What the draft is to be."""

    graph: GraphJson
    """Its name does not count: a journey is renamed with PATCH."""


class JourneyPatch(Body):
    """What is to be changed; what is left out stays."""

    name: Name


class JourneyCopy(Body):
    """A copy to make."""

    name: Name


class GraphToCheck(Body):
    """A graph to look at."""

    graph: GraphJson


class GraphCheck(Shown):
    """What is wrong with a graph."""

    ok: bool
    """Whether it could be published."""
    problems: list[GraphProblem]


Status = Literal["draft", "published", "changed"]


class JourneyItem(Shown):
    """A journey in a list."""

    id: JourneyId
    name: str
    status: Status
    """draft: never published; changed: the draft is not what was published."""
    version: int | None
    """The newest published version, which people enter; null: none."""
    running: int
    """Runs that are running or paused."""
    under_way: int
    """People in it who have not ended."""
    created_at: Time
    updated_at: Time


class VersionItem(Shown):
    """A published version."""

    number: int
    note: str
    published_at: Time


class Version(VersionItem):
    """A published version with its graph, which never changes."""

    graph: GraphJson


class Journey(Shown):
    """A journey with its draft. The header `ETag` stands for the draft."""

    id: JourneyId
    name: str
    status: Status
    version: int | None
    graph: GraphJson
    """The draft."""
    problems: list[GraphProblem]
    """What is wrong with the draft."""
    versions: list[VersionItem]
    """The newest twenty, newest first."""
    created_at: Time
    updated_at: Time


class NewVersion(Body):
    """Publish the draft."""

    note: Annotated[str, text(1_000, examples=["Asks for the size first"])] = ""
    """What is new, for whoever looks at the versions later."""


class PublishedVersion(Shown):
    """The version that people enter from now on."""

    number: int
    fresh: bool
    """False: the draft had been published before, and nothing is new."""
    warnings: list[GraphProblem]


class ChangedPart(Shown):
    """A node, or an edge that leaves it, that both graphs have."""

    node: str
    key: str
    """The edge's label; empty for a node."""
    fields: list[str]
    """The fields that differ; `order` of an edge: it is tried at another place."""


class EdgeName(Shown):
    """An edge by the node it leaves and its label there."""

    node: str
    key: str


class JourneyDiff(Shown):
    """What must be done to one graph to make it the other."""

    settings: list[str]
    """The journey's own fields that differ: name, description, sender, timezone."""
    nodes_added: list[str]
    nodes_removed: list[str]
    nodes_changed: list[ChangedPart]
    edges_added: list[EdgeName]
    edges_removed: list[EdgeName]
    edges_changed: list[ChangedPart]


class JourneyFile(Body):
    """A file to bring in."""

    file: Annotated[
        dict[str, Any], Field(description="Its JSON: Clarion's, a Twilio Studio flow, or a Node platform's.")
    ]
    name: Name | None = None
    """What the journey is called; null: as the file says."""
    sender: Annotated[str, text(200)] = ""
    """The sender its messages leave from; empty: as the file says."""
    check: bool = False
    """Report, and store nothing."""


class ImportNote(Shown):
    """What became of one part of a foreign journey."""

    level: Literal["carried", "changed", "lost"]
    """carried: does here what it did there; changed: goes on in another way; lost: needs a hand."""
    where: str
    """The foreign node's id; empty: the journey as a whole."""
    text: str


class ImportedJourney(Shown):
    """What came of a file."""

    kind: Literal["clarion", "studio", "platform"]
    lost: bool
    """Whether something needs a hand before it does here what it did there."""
    report: list[ImportNote]
    graph: GraphJson
    journey: Journey | None
    """The journey made; null when it was only to be checked."""


class NodeKind(Shown):
    """One kind of node."""

    kind: str
    title: str
    about: str
    ports: list[str]
    """Which edges may leave it, by their `on`."""
    needs: list[str]
    """Which of them must be drawn."""
    listens: bool
    """Whether replies are meant for it."""
    defaults: dict[str, Any]
    """The fields that may be left out, and what they then are."""
    example: dict[str, Any]
    json_schema: dict[str, Any]
    """JSON Schema, draft 2020-12."""


class EdgeKind(Shown):
    """One kind of edge."""

    on: str
    about: str
    answers: bool
    """Whether a reply decides about it."""
    json_schema: dict[str, Any]


class GraphKinds(Shown):
    """What a graph is made of."""

    nodes: list[NodeKind]
    edges: list[EdgeKind]
    json_schema: dict[str, Any]
    """Of a whole graph."""
