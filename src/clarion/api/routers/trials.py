"""Graphs looked at, brought in and tried out, with nothing sent."""

import asyncio
import csv
import time
from dataclasses import fields
from typing import Any

from starlette.responses import Response

from clarion.api.context import Context, Ctx
from clarion.api.fields import JourneyId, show_id
from clarion.api.operation import Router
from clarion.api.pace import TooMany
from clarion.api.routers.journeys import problems, shown
from clarion.api.schemas import trials as schemas
from clarion.api.schemas.journeys import (
    MOST_BYTES,
    EdgeKind,
    GraphCheck,
    GraphKinds,
    GraphToCheck,
    ImportedJourney,
    ImportNote,
    JourneyFile,
    NodeKind,
)
from clarion.api.schemas.trials import NewSimulation, NewTrial, Simulation, Standing, Trial
from clarion.domain.access import Permission
from clarion.domain.contact import read_address
from clarion.domain.errors import AlreadyExists, BadField, BadGraph, JourneyRefused, NotFound
from clarion.domain.journey.crowd import Plan, Result
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.plan import read_plan
from clarion.domain.journey.schemas import edge_kinds, graph_schema, node_kinds
from clarion.domain.journey.span import micros
from clarion.domain.journey.world import Person
from clarion.domain.journey.world.sender import WINDOW
from clarion.services.journeys import bounded, drafts, journeys, trial
from clarion.services.journeys.bringing import bring
from clarion.services.journeys.findings import findings, troubled
from clarion.services.journeys.known import list_names

router = Router("Journeys")

_rehearsals = bounded.Rehearsals()


@router.operation(
    "GET",
    "/journeys/node-kinds",
    id="list_node_kinds",
    summary="List the kinds of nodes and edges",
    needs=Permission.JOURNEYS_READ,
)
async def list_node_kinds(ctx: Ctx) -> GraphKinds:
    """What a graph is made of, with JSON Schemas: a builder needs to know nothing else."""
    return GraphKinds(
        nodes=[
            NodeKind(
                kind=each.kind,
                title=each.title,
                about=each.about,
                ports=list(each.ports),
                needs=list(each.needs),
                listens=each.listens,
                defaults=dict(each.defaults),
                example=dict(each.example),
                json_schema=dict(each.schema),
            )
            for each in node_kinds()
        ],
        edges=[
            EdgeKind(on=each.on, about=each.about, answers=each.answers, json_schema=dict(each.schema))
            for each in edge_kinds()
        ],
        json_schema=graph_schema(),
    )


@router.operation(
    "POST",
    "/journeys/validation",
    id="validate_journey",
    summary="Check a graph",
    needs=Permission.JOURNEYS_READ,
    joined=False,
    audited=False,
    limit=MOST_BYTES,
)
async def validate_journey(ctx: Ctx, body: GraphToCheck) -> GraphCheck:
    """Everything wrong with a graph here, each thing with its place. Stores nothing."""
    found = await journeys.check_journey(ctx.db, body.graph, workspace=ctx.workspace)
    return GraphCheck(ok=not any(each.level == "error" for each in found), problems=problems(found))


@router.operation(
    "POST",
    "/journeys/import",
    id="import_journey",
    summary="Import a journey",
    needs=Permission.JOURNEYS_WRITE,
    status=201,
    refusals=[BadGraph, AlreadyExists],
    limit=MOST_BYTES,
    responses={
        200: {"model": ImportedJourney, "description": "It was only to be checked: nothing was stored."}
    },
)
async def import_journey(ctx: Ctx, body: JourneyFile, response: Response) -> ImportedJourney:
    """Make a journey of a file: Clarion's own, or another system's, with a report of what became of each part."""
    brought = await asyncio.to_thread(bring, body.file, body.name or "", body.sender)
    journey = None
    if body.check:
        response.status_code = 200
    else:
        view = await drafts.create_journey(ctx.db, brought.graph, workspace=ctx.workspace)
        response.headers["Location"] = f"/api/v1/journeys/{show_id('journey', view.id)}"
        ctx.target = show_id("journey", view.id)
        journey = await shown(ctx, view, response)
    return ImportedJourney(
        kind=brought.kind,
        lost=brought.lost,
        report=[ImportNote.model_validate(each) for each in brought.report],
        graph=dict(brought.graph),
        journey=journey,
    )


@router.operation(
    "POST",
    "/journeys/trials",
    id="try_journey",
    summary="Walk one person through a journey",
    needs=Permission.JOURNEYS_READ,
    refusals=[BadGraph],
    joined=False,
    audited=False,
    limit=MOST_BYTES,
)
async def try_journey(ctx: Ctx, body: NewTrial) -> Trial:
    """Try a reply: what the journey says to this person, where they stand, and why each edge was taken or not.

    Nothing is kept: send all that happened so far, and the next thing. Messages arrive and are read at once; only
    `wait` moves the clock.
    """
    start = body.start or time.time_ns() // 1_000
    graph = await _graph(ctx, body)
    found = await trial.try_out(
        ctx.db,
        graph,
        _person(body.person, start),
        [_deed(each) for each in body.events],
        start=start,
        answers={node: _result(each) for node, each in body.answers.items()},
        workspace=ctx.workspace,
    )
    standing = Standing.model_validate(
        {
            **_values(found.standing),
            "window_until": _still_open(found.standing),
            "has_window": found.standing.window_until is not None,
        }
    )
    lines = [schemas.TrialLine.model_validate(each) for each in found.lines]
    return Trial(lines=lines, standing=standing, started_at=start)


@router.operation(
    "POST",
    "/journeys/{journey_id}/simulations",
    id="simulate_journey",
    summary="Send people through a journey, virtually",
    needs=Permission.JOURNEYS_READ,
    refusals=[BadGraph, JourneyRefused],
    joined=False,
    audited=False,
)
async def simulate_journey(ctx: Ctx, journey_id: JourneyId, body: NewSimulation) -> Simulation:
    """The forecast of up to 10,000 people on a virtual clock, in at most 20 seconds. Nothing is sent or stored.

    One at a time is played: others wait, and a fifth is answered 429.
    """
    plan, follow = _plan(body), _micros("follow", body.follow)
    names = await list_names(ctx.db, body.lists, workspace=ctx.workspace)
    graph = await drafts.graph_of(ctx.db, journey_id, workspace=ctx.workspace, version=body.version or 0)
    start = time.time_ns() // 1_000
    rehearsal = bounded.Rehearsal(
        plan=plan,
        start=start,
        until=start + follow,
        lists=names,
        people=body.people,
        seed=body.seed,
        rate=body.rate,
    )
    try:
        found = await _rehearsals.rehearse(ctx.db, graph, rehearsal, workspace=ctx.workspace)
    except bounded.Busy:
        raise TooMany(10, "Others are trying out their journeys: come back in 10 s.") from None
    return Simulation.model_validate(
        {
            **_values(found),
            "findings": list(findings(found)),
            "troubled": troubled(found),
            "finished_at": found.finished_at or 0,
        }
    )


async def _graph(ctx: Context, body: NewTrial) -> Graph:
    if (body.graph is None) == (body.journey_id is None):
        raise BadField("graph", "send either a graph or a journey's id")
    if body.graph is not None:
        return await drafts.read_aside({"name": "Trial", **body.graph})
    assert body.journey_id is not None
    try:
        return await drafts.graph_of(
            ctx.db, body.journey_id, workspace=ctx.workspace, version=body.version or 0
        )
    except NotFound as lost:
        field = "journey_id" if lost.what == "journey" else "version"
        raise BadField(field, f"there is no such {lost.what}") from None


def _person(given: schemas.TrialPerson, now: int) -> Person:
    try:
        address = read_address(given.phone).address
    except ValueError as problem:
        raise BadField("person/phone", f"cannot be read: {problem}") from None
    return Person(
        1,
        address.person,
        address.e164,
        given.attributes,
        given.language,
        given.timezone,
        frozenset(given.tags),
        frozenset(given.lists),
        given.opted_out,
        now + WINDOW if given.window_open else 0,
    )


def _deed(event: schemas.TrialEvent) -> trial.Deed:
    match event:
        case schemas.Replies():
            return trial.Said(event.text, event.payload, event.kind)
        case schemas.Waits():
            return trial.Passed(event.span)
        case schemas.Answers():
            return trial.Answered(_result(event))
        case schemas.Closes():
            return trial.Dealt()


def _result(given: schemas.ServiceAnswer) -> Result:
    return Result(1.0, given.status, given.body, given.error)


def _plan(body: NewSimulation) -> Plan:
    try:
        return read_plan(body.behaviour)
    except (ValueError, csv.Error) as problem:
        raise BadField("behaviour", str(problem)) from None


def _micros(field: str, span: str) -> int:
    try:
        return micros(span)
    except ValueError as problem:
        raise BadField(field, str(problem)) from None


def _still_open(standing: trial.Standing) -> int:
    until = standing.window_until or 0
    return until if until > standing.now else 0


def _values(of: Any) -> dict[str, Any]:
    return {each.name: getattr(of, each.name) for each in fields(of)}
