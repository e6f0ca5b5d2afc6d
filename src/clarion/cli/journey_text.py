"""How journeys look on a screen: pure functions from what services tell to text and JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from clarion.cli.base import figure, moment, table
from clarion.cli.campaign_text import duration
from clarion.domain.journey.problem import Problem
from clarion.services.journeys.journeys import JourneyView
from clarion.services.journeys.moving import Landing, MovePreview
from clarion.services.journeys.reports import NodeStats, RunStats, Way
from clarion.services.journeys.trace import Heard, Passage, Sent, Step, Trace
from clarion.store.run_reports import Run

ENDED = ("finished", "stopped")


def told(value: Any) -> Any:
    """A service's answer as JSON shows it: instants, which are the fields named `at` or `..._at`, are RFC 3339."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: moment(getattr(value, each.name))
            if each.name == "at" or each.name.endswith("_at")
            else told(getattr(value, each.name))
            for each in fields(value)
        }
    if isinstance(value, list | tuple):
        return [told(each) for each in value]
    return value


def run_json(run: Run) -> dict[str, Any]:
    """A run as JSON shows it."""
    return {**told(run), "under_way": run.under_way}


def problem_lines(problems: Iterable[Problem]) -> list[str]:
    """One line for each problem, errors first."""
    listed = sorted(problems, key=lambda each: each.level)
    return [f"{each.level:<7}  {each}" for each in listed]


def journey_lines(view: JourneyView) -> str:
    """One journey for `show`."""
    state = "the draft is not published" if view.changed else "the draft is what is published"
    version = f"{view.version}; {state}" if view.version else "never published"
    kinds = [node["kind"] for node in view.draft["nodes"]]
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    values = {
        "id": view.id,
        "name": view.name,
        "version": version,
        "sender": view.draft.get("sender", "") or "none",
        "nodes": f"{len(kinds)}: {counted}" if kinds else "none",
        "edges": len(view.draft.get("edges", ())),
        "created": moment(view.created_at),
        "changed": moment(view.updated_at),
    }
    lines = [f"{name:<10} {value}" for name, value in values.items()]
    return "\n".join([*lines, *problem_lines(view.problems)])


def saved_lines(view: JourneyView) -> str:
    """What `save` and `import` say of a draft."""
    errors = sum(each.level == "error" for each in view.problems)
    after = (
        f"{errors} problems stand in the way of publishing it."
        if errors
        else f"Next: clarion journey publish {view.name!r}"
    )
    return "\n".join([*problem_lines(view.problems), f"Draft of {view.name} is saved. {after}"])


def runs_table(found: Sequence[Run]) -> RenderableType:
    """Runs for `runs`."""
    return table(
        ("run", "journey", "version", "name", "status", "entered", "under way", "ended", "started"),
        [
            (
                str(run.id),
                run.journey,
                run.number,
                run.name or ("one by one" if run.kind == "open" else ""),
                run.status,
                run.entered,
                run.under_way,
                run.ended,
                moment(run.created_at),
            )
            for run in found
        ],
        empty="No run yet: `clarion journey start NAME` makes one.",
    )


def stats_picture(stats: RunStats) -> RenderableType:
    """A run for `stats` and `watch`: head, a row for each node, messages, failures."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for name, side in _COLUMNS:
        made.add_column(name, justify=side, overflow="fold")
    for node in stats.nodes:
        made.add_row(*_cells(node))
    lines = [Text(line) for line in (*_messages(stats.messages), *_failures(stats))]
    return Group(Text(head(stats)), made, *lines)


def head(stats: RunStats) -> str:
    """The run in one line."""
    run = stats.run
    reason = f" ({run.status_reason})" if run.status_reason else ""
    name = f" {run.name!r}" if run.name else ""
    ends = ", ".join(f"{outcome} {figure(n)}" for outcome, n in stats.outcomes.items())
    skipped = f", {figure(stats.skipped)} did not enter" if stats.skipped else ""
    return (
        f"Run {run.id}{name} of {run.journey}, version {run.number}: {run.status}{reason}. "
        f"{figure(stats.entered)} entered{skipped}, {figure(stats.under_way)} under way, "
        f"{figure(stats.finished)} ended{f' ({ends})' if ends else ''}."
    )


def line(stats: RunStats) -> str:
    """The run in one line for logs and pipes: where people are now."""
    here = " ".join(f"{node.node} {figure(node.here)}" for node in stats.nodes if node.here)
    return (
        f"{moment(stats.at)[11:19]} {stats.run.status}, {figure(stats.under_way)} of {figure(stats.entered)} "
        f"under way | {here or 'nobody'}"
    )


def trace_lines(trace: Trace) -> str:
    """The way of one person for `trace`."""
    parts = [f"{trace.address} in run {trace.run.id} of {trace.run.journey}"]
    for passage in trace.passages:
        parts += ["", _where(passage), *_way(passage)]
    return "\n".join(parts)


def move_lines(preview: MovePreview) -> str:
    """Who would land where, for `move`."""
    if not preview.landings:
        return f"Nobody under way in run {preview.run_id} is on another version than {preview.to_version}."
    lines = [f"Run {preview.run_id} to version {preview.to_version}:"]
    lines += [f"  {_landing(each)}" for each in preview.landings]
    return "\n".join(
        [*lines, f"{figure(preview.moving)} people would move, {figure(preview.staying)} would stay."]
    )


_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("node", "left"),
    ("kind", "left"),
    ("entered", "right"),
    ("here", "right"),
    ("left by", "left"),
    ("ended", "left"),
    ("time there", "right"),
)


def _cells(node: NodeStats) -> tuple[str, ...]:
    spent = "" if node.seconds is None else "0 s" if node.seconds < 0.5 else duration(node.seconds)
    left, ended = "\n".join(map(_way_of, node.left)), "\n".join(map(_way_of, node.ended))
    return (node.node, node.kind, figure(node.entered), figure(node.here), left, ended, spent)


def _way_of(way: Way) -> str:
    return f"{way.label} {figure(way.n)} ({way.share:.0%})"


def _messages(messages: Mapping[str, int]) -> list[str]:
    told = ", ".join(f"{status} {figure(n)}" for status, n in sorted(messages.items()))
    return [f"Messages: {told}."] if told else []


def _failures(stats: RunStats) -> list[str]:
    return [
        f"{figure(each.people):>7}  {f'at {each.node}: ' if each.node else 'message: '}"
        f"{each.reason or 'no reason given'}{f' ({each.code})' if each.code else ''}"
        for each in stats.failures
    ]


def _where(passage: Passage) -> str:
    place = passage.place
    entered = f"Version {place.number}, entered {moment(place.entered_at)}"
    if place.outcome:
        why = f": {place.reason}" if place.reason else ""
        return f"{entered}, ended {moment(place.ended_at)} at {place.node} as {place.outcome}{why}."
    timer = f", timer at {moment(place.due_at)}" if place.due_at else ""
    return f"{entered}, at {place.node} (visit {place.visit}) since {moment(place.moved_at)}{timer}."


def _way(passage: Passage) -> list[str]:
    """What happened visit by visit: the message it sent, then what was heard and where that led."""
    lines: list[str] = []
    untold = {each.id: each for each in passage.replies}
    messages = list(passage.messages)
    for step in passage.steps:
        while messages and messages[0].visit <= step.visit:
            lines.append(_message(messages.pop(0)))
        if reply := untold.pop(step.reply_id, None):
            lines.append(_reply(reply))
        lines += _step(step)
    lines += [_message(each) for each in messages]
    lines += [_reply(each) for each in untold.values()]
    shown = ", ".join(f"{name}={value}" for name, value in passage.place.variables.items())
    return [*lines, f"  variables: {shown}"] if shown else lines


def _step(step: Step) -> list[str]:
    if step.outcome:
        went = f"ended as {step.outcome}"
    elif step.edge:
        went = f"{step.edge} → {step.to}"
    else:
        went = "nothing"
    why = f" ({step.why})" if step.why else ""
    first = f"  {moment(step.at)}  {step.node} (visit {step.visit}) heard {step.event}: {went}{why}"
    return [first, *(f"      {'✓' if each.taken else '·'} {each.edge}: {each.why}" for each in step.tried)]


def _reply(heard: Heard) -> str:
    said = heard.text or heard.payload or f"<{heard.kind}>"
    return f"  {moment(heard.at)}  reply {said!r} ({heard.routed}: {heard.why})"


def _message(sent: Sent) -> str:
    why = f": {sent.reason} ({sent.code})" if sent.reason or sent.code else ""
    text = " ".join(sent.text.split())
    return f"  {moment(sent.created_at)}  message {sent.id} from {sent.sender}, {sent.status}{why}: {text}"


def _landing(landing: Landing) -> str:
    people = f"{figure(landing.people):>7} at {landing.node} (version {landing.number})"
    if not landing.to:
        return f"{people} {landing.why}"
    lost = f"; nothing is drawn there for {', '.join(landing.loses)}" if landing.loses else ""
    return f"{people} → {landing.to}{lost}"
