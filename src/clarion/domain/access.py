"""Who may do what: permissions, and the roles that bundle them. Preparing is apart from sending."""

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    """One thing that a caller may do in a workspace; API keys are given any number of them as scopes."""

    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    SENDERS_READ = "senders:read"
    SENDERS_WRITE = "senders:write"
    TEMPLATES_READ = "templates:read"
    TEMPLATES_WRITE = "templates:write"
    CAMPAIGNS_READ = "campaigns:read"
    CAMPAIGNS_WRITE = "campaigns:write"
    CAMPAIGNS_SEND = "campaigns:send"
    MESSAGES_READ = "messages:read"
    MESSAGES_SEND = "messages:send"
    JOURNEYS_READ = "journeys:read"
    JOURNEYS_WRITE = "journeys:write"
    JOURNEYS_RUN = "journeys:run"
    INBOX_READ = "inbox:read"
    INBOX_REPLY = "inbox:reply"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    ENGINE_READ = "engine:read"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    WORKSPACE_READ = "workspace:read"
    WORKSPACE_WRITE = "workspace:write"
    AUDIT_READ = "audit:read"


class Role(StrEnum):
    """What a user is in one workspace."""

    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    SENDER = "sender"
    VIEWER = "viewer"


_P = Permission

_VIEW = frozenset(
    {
        _P.CONTACTS_READ,
        _P.SENDERS_READ,
        _P.TEMPLATES_READ,
        _P.CAMPAIGNS_READ,
        _P.MESSAGES_READ,
        _P.JOURNEYS_READ,
        _P.INBOX_READ,
        _P.ENGINE_READ,
        _P.WORKSPACE_READ,
    }
)
_PREPARE = frozenset({_P.CONTACTS_WRITE, _P.TEMPLATES_WRITE, _P.CAMPAIGNS_WRITE, _P.JOURNEYS_WRITE})
_SEND = frozenset({_P.CAMPAIGNS_SEND, _P.MESSAGES_SEND, _P.JOURNEYS_RUN, _P.INBOX_REPLY})

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.ADMIN: frozenset(Permission),  # an owner beside it: only owners make, change and remove owners
    Role.EDITOR: _VIEW | _PREPARE,
    Role.SENDER: _VIEW | _SEND,
    Role.VIEWER: _VIEW,
}
"""What each role may do."""


def may_manage(role: Role, *, own: Role | None, permissions: frozenset[Permission]) -> bool:
    """Whether somebody may give this role to others, and take it from them.

    Only owners deal with owners, and nobody hands out more than they have; `own` is None for API keys.
    """
    return (role is not Role.OWNER or own is Role.OWNER) and permissions >= PERMISSIONS[role]
