"""How a campaign looks on a screen: pure functions from what services tell to text."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from clarion.cli.base import figure, moment
from clarion.domain.message import NEVER_SENT
from clarion.services.campaigns import CheckReport, Progress
from clarion.store.campaigns import Campaign

_SECOND = 1_000_000
_WINDOW = 5 * _SECOND
_REASONS = 6


@dataclass(frozen=True, slots=True)
class _Part:
    """Statuses shown as one: its letter tells it apart where there is no colour."""

    name: str
    statuses: tuple[str, ...]
    letter: str
    style: str


_PARTS = (
    _Part("read", ("read",), "█", "green"),
    _Part("delivered", ("delivered",), "▓", "cyan"),
    _Part("sent", ("accepted", "sent"), "▒", "blue"),
    _Part("leaving", ("leased", "sending"), "░", "white"),
    _Part("being checked", ("unknown",), "?", "yellow"),
    _Part("failed", ("failed",), "x", "red"),
    _Part("not sent", tuple(NEVER_SENT), "-", "magenta"),
    _Part("queued", ("queued",), "·", "bright_black"),
)
_WAITING = frozenset({"queued", "leased", *NEVER_SENT})


@dataclass(slots=True)
class Pace:
    """How many requests started per second, over the last looks (five seconds)."""

    _looks: deque[tuple[int, int]] = field(default_factory=deque)

    def look(self, progress: Progress) -> float:
        """Take a look into account and tell the rate now."""
        started = sum(n for status, n in states(progress).items() if status not in _WAITING)
        self._looks.append((progress.at, started))
        while len(self._looks) > 2 and progress.at - self._looks[1][0] >= _WINDOW:
            self._looks.popleft()
        (before, then), (now, count) = self._looks[0], self._looks[-1]
        return max(0.0, (count - then) * _SECOND / (now - before)) if now > before else 0.0


def states(progress: Progress) -> dict[str, int]:
    """Messages by status; people not written yet count as queued."""
    counted = {name: progress.counts.get(name, 0) for part in _PARTS for name in part.statuses}
    counted["queued"] += progress.expected - progress.audience
    return counted


def ended(progress: Progress) -> bool:
    """Whether nothing more will leave by itself."""
    return progress.shown.split(",")[0] in ("finished", "stopped", "failed")


def screen(progress: Progress, rate_now: float, *, width: int) -> RenderableType:
    """The picture `watch` draws: head, bar, legend, pace, doubts, failures."""
    counted = states(progress)
    total = sum(counted.values())
    sums = [(part, sum(counted[name] for name in part.statuses)) for part in _PARTS]
    lines = [
        Text.assemble((progress.name, "bold"), f"  {_head(progress)}"),
        _bar(sums, min(width, 100)),
        _legend(sums),
        Text(_pace(progress, rate_now)),
    ]
    if progress.reason:
        lines.append(Text(f"Reason: {progress.reason}", style="yellow"))
    if progress.sender_state != "active":
        lines.append(
            Text(f"The sender is {progress.sender_state}: {progress.sender_reason}", style="bold red")
        )
    if doubt := doubts(progress):
        lines.append(Text(doubt, style="yellow"))
    lines += [Text(line, style="red") for line in failures(progress)]
    return Group(*lines) if total else Group(*lines[:1], Text("Nobody has been written to yet."), *lines[4:])


def line(progress: Progress, rate_now: float) -> str:
    """The same on one line, for logs and pipes."""
    counted = states(progress)
    sums = {part.name: sum(counted[name] for name in part.statuses) for part in _PARTS}
    told = " ".join(f"{name} {figure(n)}" for name, n in sums.items() if n)
    return f"{moment(progress.at)[11:19]} {_head(progress)} | {told} | {_pace(progress, rate_now)}"


def doubts(progress: Progress) -> str:
    """A sentence on messages nobody knows the fate of; "" when there are none."""
    unknown = progress.counts.get("unknown", 0)
    if not unknown:
        return ""
    waits = f"; {figure(progress.unresolved)} wait for a person" if progress.unresolved else ""
    return (
        f"{figure(unknown)} being checked: the answer was lost, so they may or may not have arrived{waits}."
    )


def failures(progress: Progress) -> list[str]:
    """One line per reason, most frequent first."""
    listed = [
        f"{figure(f.people) + '+' * f.more:>7}  {f.reason or 'no reason given'} ({f.code})"
        for f in progress.failures
    ]
    rest = sum(f.people for f in progress.failures[_REASONS:])
    more = [f"{figure(rest):>7}  other reasons: see `clarion campaign export`"] if rest else []
    return listed[:_REASONS] + more


def progress_json(progress: Progress, rate_now: float | None = None) -> dict[str, Any]:
    """Progress as JSON shows it; instants are RFC 3339."""
    told = asdict(progress)
    for name in ("launched_at", "finished_at", "at"):
        told[name] = moment(told[name])
    return told if rate_now is None else {**told, "rate_now": round(rate_now, 2)}


def progress_lines(campaign: Campaign, progress: Progress) -> str:
    """One campaign for `show`."""
    values = {
        "id": campaign.id,
        "name": campaign.name,
        "status": f"{progress.shown} {progress.reason}".strip(),
        "policy": campaign.policy,
        "starts": moment(campaign.scheduled_at) or "when launched",
        "expires": moment(campaign.expires_at) or "never",
        "created": moment(campaign.created_at),
        "launched": moment(campaign.launched_at) or "not yet",
        "finished": moment(campaign.finished_at) or "not yet",
        "audience": figure(progress.audience),
        **{name: figure(n) for name, n in progress.counts.items() if n and name != "audience"},
    }
    if campaign.dry_run:
        values["dry run"] = "yes: nothing is handed to the provider"
    lines = [f"{name:<12} {value}" for name, value in values.items()]
    return "\n".join([*lines, *failures(progress)])


def check_lines(campaign: Campaign, report: CheckReport, refused: Sequence[str]) -> str:
    """What `check` says."""
    lines = [
        f"Campaign {campaign.id} ({campaign.name}): {figure(report.to_send)} messages to {_people(report)}."
    ]
    if report.seconds:
        lines.append(f"Sending takes {duration(report.seconds)} at the sender's rate.")
    for missing in report.missing:
        places = ", ".join(missing.places[:5]) + (", ..." if missing.people > 5 else "")
        lines.append(f"{figure(missing.people)} people have nothing in {missing.variable!r}: {places}")
    lines += [f"Warning: {warning}" for warning in report.warnings]
    if report.previews:
        lines.append("The first of them read:")
        lines += [f"  {each.address}  {' '.join(each.text.split())}" for each in report.previews]
    if refused:
        return "\n".join([*lines, "It cannot be launched:", *(f"  - {problem}" for problem in refused)])
    return "\n".join([*lines, f"Nothing is in the way: clarion campaign launch {campaign.id}"])


def duration(seconds: float) -> str:
    """Seconds as people say them."""
    if seconds < 90:
        return f"{max(seconds, 1):.0f} s"
    if seconds < 5_400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3_600:.1f} h"


def _people(report: CheckReport) -> str:
    left = {
        "left out for a missing variable": report.left_out,
        "who stopped messages": report.suppressed,
        "met on more than one list": report.merged,
    }
    told = ", ".join(f"{figure(n)} {why}" for why, n in left.items() if n)
    return f"{figure(report.people)} people" + (f" ({told})" if told else "")


def _head(progress: Progress) -> str:
    dry = " (dry run)" if progress.dry_run else ""
    return f"{progress.shown}{dry}, {figure(progress.done)} of {figure(progress.expected)} done"


def _pace(progress: Progress, rate_now: float) -> str:
    if ended(progress):
        took = (progress.finished_at or progress.at) - progress.launched_at
        return f"took {duration(took / _SECOND)}" if progress.launched_at else "not launched"
    set_to = f"{figure(progress.rate)}/s set" if progress.rate else "no limit set"
    slowed = f" (slowed to {figure(progress.pace)}/s)" if 0 < progress.pace < progress.rate else ""
    left = f", about {duration(progress.seconds_left)} left" if progress.seconds_left is not None else ""
    return f"{rate_now:,.1f}/s now, {set_to}{slowed}{left}"


def _bar(sums: Sequence[tuple[_Part, int]], width: int) -> Text:
    bar = Text(no_wrap=True)
    for (part, _), cells in zip(sums, shares([n for _, n in sums], width), strict=True):
        bar.append(part.letter * cells, style=part.style)
    return bar


def shares(numbers: Sequence[int], width: int) -> list[int]:
    """`width` cells dealt out in proportion: whatever is not zero gets at least one."""
    total = sum(numbers)
    if not total:
        return [0] * len(numbers)
    cells = [max(1, n * width // total) if n else 0 for n in numbers]
    largest = max(range(len(numbers)), key=numbers.__getitem__)
    cells[largest] = max(1, cells[largest] + width - sum(cells))
    return cells


def _legend(sums: Sequence[tuple[_Part, int]]) -> Text:
    legend = Text()
    for part, n in sums:
        if n:
            legend.append(f"{part.letter} ", style=part.style)
            legend.append(f"{part.name} {figure(n)}  ")
    return legend


def reached(counts: Mapping[str, int]) -> int:
    """How many messages the provider took."""
    return sum(counts.get(status, 0) for status in ("accepted", "sent", "delivered", "read"))
