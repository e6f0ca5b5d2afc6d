"""`clarion journey simulate` and `clarion journey chat`: journeys tried out, with nothing sent."""

import gc
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from clarion.bootstrap import Installation
from clarion.cli.base import (
    BadOption,
    Json,
    console,
    found_problems,
    json_wanted,
    plain,
    print_json,
    say,
    show,
    with_database,
)
from clarion.cli.journey_chat import HELP, Chat, Scenery
from clarion.cli.journey_forecast import forecast_json, forecast_picture
from clarion.cli.journey_given import load_graph, plan_of, span_of, table_in
from clarion.cli.journey_text import problem_lines, told
from clarion.domain.journey.graph import Graph
from clarion.domain.journey.plan import read_calls
from clarion.domain.journey.prices import read_prices
from clarion.domain.journey.problem import Problem
from clarion.domain.journey.world import Forecast, Person
from clarion.domain.mapping import parse_mapping
from clarion.services.journeys.crowds import People, invented, members, people_in_file
from clarion.services.journeys.findings import troubled
from clarion.services.journeys.simulate import senders_of, simulate_people, stop_words_of, template_texts

Journey = Annotated[
    str,
    typer.Argument(
        metavar="FILE|NAME",
        help="A graph in a file that ends in .json (- reads standard input), or a journey's name: its draft.",
    ),
]


def mount(app: typer.Typer) -> None:
    """Put these commands into the `journey` app."""
    for name, command in (("simulate", simulate), ("chat", chat)):
        app.command(name)(command)


def simulate(
    ctx: typer.Context,
    journey: Journey,
    audience: Annotated[
        list[str] | None,
        typer.Option("--audience", help="A list of contacts; repeatable. Default: the journey's own lists."),
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", help="Or the people of a CSV or Excel file.")] = None,
    people: Annotated[int, typer.Option(min=0, max=10_000_000, help="Or so many invented ones.")] = 0,
    country: Annotated[
        str, typer.Option(help="Country of numbers in the file without + and country code.")
    ] = "",
    replies: Annotated[
        str,
        typer.Option(
            metavar="MIX|FILE",
            help="How people answer: 'button:1=40%,text:yes=10%,stop=2%,after=10s..2h', or a TOML or JSON file. "
            "Default: every way out of a wait is as likely as the others.",
        ),
    ] = "",
    until: Annotated[str, typer.Option(help="How long to follow them, such as 12h or 30d.")] = "30d",
    seed: Annotated[
        int, typer.Option(help="Another one, other people's luck; the same one, the same forecast.")
    ] = 1,
    rate: Annotated[
        float | None,
        typer.Option(min=0, help="Messages per second (0: no limit). Default: the sender's own, or 60."),
    ] = None,
    limit: Annotated[int, typer.Option(min=0, help="Only so many people; 0: all.")] = 0,
    prices: Annotated[Path | None, typer.Option(help="A TOML file with what messages cost.")] = None,
    json: Json = False,
) -> None:
    """Send everybody of the audience through a journey on a virtual clock. Nothing is sent, nothing is stored."""
    if sum(map(bool, (audience, file, people))) > 1:
        raise BadOption("Say whom to simulate by one of --audience, --file and --people.")
    plan, horizon = plan_of(replies), span_of("--until", until)
    table = table_in("--prices", prices, read_prices) if prices else None
    start = time.time_ns() // 1_000

    async def work(installed: Installation) -> tuple[Forecast, list[Problem]]:
        graph, problems = await load_graph(installed, journey)
        _warn(problems)
        known = await senders_of(installed.db, graph, workspace=installed.workspace, rate=rate)
        found = await simulate_people(
            graph,
            _people(installed, graph, audience or (), file, people, country=country, limit=limit),
            senders=known,
            stop_words=await stop_words_of(installed.db, workspace=installed.workspace),
            plan=plan,
            start=start,
            until=start + horizon,
            seed=seed,
            progress=_progress() if sys.stderr.isatty() and not json_wanted() else None,
        )
        return found, problems

    gc.set_threshold(
        100_000, 50, 100
    )  # looking through everybody again and again costs a seventh of the time
    forecast, problems = with_database(ctx, work)
    show(
        {**forecast_json(forecast, table), "problems": told(problems), "seed": seed},
        lambda: forecast_picture(forecast, table),
    )
    if troubled(forecast):
        found_problems()


def chat(
    ctx: typer.Context,
    journey: Journey,
    attributes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An attribute of the contact; repeatable."),
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(
            help="What api nodes answer: a TOML or JSON file with a table for each node. Default: asked."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Be one contact of a journey, here in the terminal. Nothing is sent, nothing is stored."""
    given = {name: value for text in attributes or () for name, value in parse_mapping(text).items()}
    calls = table_in("--answers", answers, read_calls) if answers else {}

    async def work(installed: Installation) -> Scenery:
        graph, problems = await load_graph(installed, journey)
        _warn(problems)
        db, workspace = installed.db, installed.workspace
        return Scenery(
            graph,
            await senders_of(db, graph, workspace=workspace),
            await template_texts(db, graph, workspace=workspace),
            await stop_words_of(db, workspace=workspace),
            calls,
        )

    scenery = with_database(ctx, work)
    say(HELP)
    played = Chat(scenery, _player(given), now=time.time_ns() // 1_000, tell=say, ask=_line).play()
    if json_wanted():
        print_json(plain(played))


def _player(given: Mapping[str, str]) -> Person:
    return Person(
        1,
        "12025550123",
        "+12025550123",
        given,
        given.get("language", ""),
        given.get("timezone", ""),
    )


def _line(prompt: str) -> str | None:
    stream = sys.stderr if json_wanted() else sys.stdout
    stream.write(prompt)
    stream.flush()
    line = sys.stdin.readline()
    if not line or not sys.stdin.isatty():
        stream.write(f"{line.rstrip()}\n")  # so that a piped conversation reads like a typed one
    return line.rstrip("\n") if line else None


def _warn(problems: list[Problem]) -> None:
    for line in problem_lines(problems):
        console(stderr=True).print(line)


def _people(
    installed: Installation,
    graph: Graph,
    audience: list[str] | tuple[()],
    file: Path | None,
    count: int,
    *,
    country: str,
    limit: int,
) -> People:
    if file:
        return people_in_file(file, country=country, limit=limit)
    if count:
        return invented(graph, count)
    return members(installed.db, graph, workspace=installed.workspace, list_names=audience, limit=limit)


def _progress() -> Callable[[int], None]:
    def told_so_far(people: int) -> None:
        sys.stderr.write(f"\r{people:,} people entered ")

    return told_so_far
