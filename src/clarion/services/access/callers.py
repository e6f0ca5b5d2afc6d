"""Who is asking, and what they may do."""

from dataclasses import dataclass, field

from clarion.domain.access import Permission, Role
from clarion.domain.errors import ClarionError


class NotSignedIn(ClarionError):
    """No valid key or session came with the request."""


class NotAllowed(ClarionError):
    """The caller may not do this. `permission` is what is lacking."""

    def __init__(self, permission: str) -> None:
        super().__init__(
            f"This needs the permission {permission!r}: ask an admin of the workspace for it, or use a key that "
            "has it among its scopes."
        )
        self.permission = permission


class NeedsUser(ClarionError):
    """Only a person who is signed in may do this: a key has no session, no password and no workspaces to choose."""

    def __init__(self) -> None:
        super().__init__("This is for people who are signed in with a browser: an API key cannot do it.")


@dataclass(frozen=True, slots=True)
class Caller:
    """A key, or a user in one of their workspaces."""

    workspace: int
    name: str
    """`key:7` or `user:3`: in the audit log, and as the owner of idempotency keys."""
    title: str
    """The key's name or the user's address, for people."""
    permissions: frozenset[Permission]
    role: Role | None = None
    user_id: int = 0
    session_id: int = 0
    csrf: str = field(default="", repr=False)
    """What a session must send along to change something."""

    def need(self, permission: Permission) -> None:
        """Raises NotAllowed without it."""
        if permission not in self.permissions:
            raise NotAllowed(permission)

    def need_user(self) -> None:
        """Raises NeedsUser for a key."""
        if not self.session_id:
            raise NeedsUser
