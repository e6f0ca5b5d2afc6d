"""Campaigns: one content to everybody on some lists, once. One file per verb."""

from clarion.services.campaigns.check import CheckReport, Missing, Preview, check_campaign
from clarion.services.campaigns.control import (
    Pause,
    Stopped,
    finish_campaigns,
    pause_campaign,
    pause_tripped,
    resume_campaign,
    set_campaign_rate,
    stop_campaign,
)
from clarion.services.campaigns.create import (
    create_campaign,
    get_campaign,
    list_campaigns,
    page_campaigns,
)
from clarion.services.campaigns.edit import delete_campaign, edit_campaign
from clarion.services.campaigns.expand import expand_campaign
from clarion.services.campaigns.export import export_campaign
from clarion.services.campaigns.launch import launch_campaign, start_due_campaigns
from clarion.services.campaigns.progress import Failure, Progress, progress
from clarion.services.campaigns.retry import retry_campaign
from clarion.services.campaigns.single import send_test

__all__ = [
    "CheckReport",
    "Failure",
    "Missing",
    "Pause",
    "Preview",
    "Progress",
    "Stopped",
    "check_campaign",
    "create_campaign",
    "delete_campaign",
    "edit_campaign",
    "expand_campaign",
    "export_campaign",
    "finish_campaigns",
    "get_campaign",
    "launch_campaign",
    "list_campaigns",
    "page_campaigns",
    "pause_campaign",
    "pause_tripped",
    "progress",
    "resume_campaign",
    "retry_campaign",
    "send_test",
    "set_campaign_rate",
    "start_due_campaigns",
    "stop_campaign",
]
