"""How a dry run looks on a screen: pure functions from a forecast to text and JSON."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType

from clarion.cli.base import figure, moment, table
from clarion.cli.campaign_text import duration
from clarion.cli.journey_text import told
from clarion.domain.journey.prices import Prices
from clarion.domain.journey.world import Forecast, Sent
from clarion.services.journeys.findings import findings


def forecast_json(forecast: Forecast, prices: Prices | None) -> dict[str, Any]:
    """The forecast as JSON shows it; money as texts, so that nothing is rounded."""
    cost = total(forecast, prices)
    return {
        **told(forecast),
        "findings": list(findings(forecast)),
        "sent": [
            {**told(sent), **({"cost": _money(_cost(sent, prices))} if prices else {})}
            for sent in forecast.sent
        ],
        **({"cost": str(cost), "currency": prices.currency} if prices else {}),
    }


def forecast_picture(forecast: Forecast, prices: Prices | None) -> RenderableType:
    """Nodes with their ways out, what was found, when it ends, and what was sent."""
    parts: list[RenderableType] = [_people(forecast), "", _nodes(forecast)]
    found = list(findings(forecast))
    parts += [
        "",
        *(["Found:", *(f"  - {each}" for each in found)] if found else ["Nothing to mend was found."]),
    ]
    parts += ["", _finish(forecast)]
    if forecast.sent:
        parts += ["", _messages(forecast, prices)]
        parts += [_total(forecast, prices)] if prices else []
    return Group(*parts)


def _people(forecast: Forecast) -> str:
    skipped = "".join(f", {figure(n)} {why}" for why, n in forecast.skipped.items())
    replies = ", ".join(f"{kind} {figure(n)}" for kind, n in forecast.replies.items())
    return f"{figure(forecast.people)} people enter{skipped}. Replies: {replies or 'none'}."


def _nodes(forecast: Forecast) -> RenderableType:
    rows = [
        (
            node.id,
            node.kind,
            node.entered,
            "\n".join(_ways(node.left, node.entered)),
            "\n".join(_ways(node.ended, node.entered)),
            node.here,
        )
        for node in forecast.nodes
    ]
    return table(("node", "kind", "entered", "left by", "ended as", "still there"), rows, empty="No nodes.")


def _ways(ways: Mapping[str, int], entered: int) -> list[str]:
    return [f"{way}  {figure(n)} ({n / entered:.0%})" if entered else f"{way}  0" for way, n in ways.items()]


def _finish(forecast: Forecast) -> str:
    outcomes = ", ".join(f"{outcome} {figure(n)}" for outcome, n in forecast.outcomes.items())
    if forecast.finished_at is not None:
        took = duration((forecast.finished_at - forecast.started_at) / 1e6)
        return f"Everybody is through after {took}, at {moment(forecast.finished_at)}: {outcomes}."
    if not forecast.people:
        return "Nobody enters."
    return (
        f"{figure(forecast.here)} people are still under way at {moment(forecast.until)}; "
        f"ended: {outcomes or 'nobody'}."
    )


def _messages(forecast: Forecast, prices: Prices | None) -> RenderableType:
    rows = [
        (
            sent.sender or "(no name)",
            sent.category,
            f"+{sent.country}" if sent.country else "unknown",
            sent.in_window,
            sent.messages,
            sent.parts,
            *((_money(_cost(sent, prices)) or "no price",) if prices else ()),
        )
        for sent in forecast.sent
    ]
    heads = ("sender", "category", "to", "in window", "messages", "parts")
    return table((*heads, f"cost {prices.currency}") if prices else heads, rows, empty="")


def _total(forecast: Forecast, prices: Prices) -> str:
    lacking = sum(sent.messages for sent in forecast.sent if _cost(sent, prices) is None)
    without = f", without {figure(lacking)} messages that have no price" if lacking else ""
    return f"Together {_money(total(forecast, prices))} {prices.currency}{without}."


def total(forecast: Forecast, prices: Prices | None) -> Decimal:
    """What the messages cost, those without a price left out."""
    return sum((_cost(sent, prices) or Decimal(0) for sent in forecast.sent), Decimal(0))


def _cost(sent: Sent, prices: Prices | None) -> Decimal | None:
    price = (
        prices.price(sent.provider, sent.category, sent.country, in_window=sent.in_window) if prices else None
    )
    return None if price is None else price * sent.parts


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:.2f}"
