"""Campaigns as callers are shown them."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from clarion.api.schemas.campaigns import (
    Campaign,
    CampaignCheck,
    CampaignDetail,
    CampaignFunnel,
    CampaignPreview,
    CampaignProgress,
    CampaignStats,
    Counters,
    FailureGroup,
    LackingVariable,
    Recipient,
)
from clarion.domain.campaign import shown_status
from clarion.domain.message import reason_for
from clarion.services.campaigns import CheckReport, Progress
from clarion.services.campaigns.launch import refusals
from clarion.services.campaigns.stats import Stats, advice
from clarion.store.campaigns import Campaign as Row
from clarion.store.messages import Message


def campaign_shown(row: Row, counts: Mapping[str, int]) -> Campaign:
    """A campaign with its counters."""
    return Campaign.model_validate(_values(row, counts))


def campaign_detail(row: Row, held: Progress) -> CampaignDetail:
    """A campaign and how far it has come."""
    progress = CampaignProgress(
        share=round(held.done / held.expected, 4) if held.expected else None,
        done=held.done,
        expected=held.expected,
        rate=held.rate,
        pace=held.pace,
        rate_now=held.rate_now,
        seconds_left=held.seconds_left,
        sender_state=held.sender_state,
        sender_reason=held.sender_reason,
        unresolved=held.unresolved,
        at=held.at,
    )
    return CampaignDetail.model_validate({**_values(row, held.counts), "progress": progress})


def _values(row: Row, counts: Mapping[str, int]) -> dict[str, Any]:
    names = (name for name in Row.__dataclass_fields__ if name in Campaign.model_fields)
    return {
        **{name: getattr(row, name) for name in names},
        "shown": shown_status(row.status, expanded=row.expanded, counts=counts),
        "counters": Counters(**counts),
    }


def check_shown(row: Row, report: CheckReport) -> CampaignCheck:
    """What launching would do."""
    refused = refusals(report, row.on_missing)
    return CampaignCheck(
        ok=not refused,
        refusals=refused,
        missing=[LackingVariable(**asdict(each)) for each in report.missing],
        previews=[CampaignPreview(phone=each.address, text=each.text) for each in report.previews],
        **{
            name: getattr(report, name)
            for name in ("people", "to_send", "suppressed", "merged", "left_out", "seconds")
        },
        warnings=list(report.warnings),
    )


def stats_shown(figures: Stats) -> CampaignStats:
    """What it has come to."""
    return CampaignStats(
        id=figures.campaign_id,
        shown=figures.shown,
        counters=Counters(**figures.counts),
        funnel=CampaignFunnel(**figures.funnel),
        failures=[
            FailureGroup(
                code=group.code,
                kind=group.kind,
                reason=advice(group.reason)[0] or "The provider did not say why.",
                advice=advice(group.reason)[1],
                people=group.n,
                at_least=group.more,
            )
            for group in figures.failures
        ],
        unresolved=figures.unresolved,
    )


def recipient_shown(message: Message) -> Recipient:
    """One person of a campaign."""
    return Recipient(
        message_id=message.id,
        phone=message.address,
        reason=reason_for(message.status, message.fault_reason, unresolved=message.unresolved),
        code=message.fault_code,
        **{
            name: getattr(message, name)
            for name in (
                "contact_id",
                "status",
                "attempts",
                "created_at",
                "accepted_at",
                "sent_at",
                "delivered_at",
                "read_at",
                "failed_at",
            )
        },
    )
