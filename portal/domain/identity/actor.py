"""The actor: who asks. Every query and operation takes one and starts from it."""

from dataclasses import dataclass
from datetime import datetime

from portal.kit.ids import UserId


@dataclass(frozen=True)
class Actor:
    """A signed-in resident, a member of staff, or anonymous (`user_id` None).

    `session_hash` is the SHA-256 of the session cookie's secret, never the secret.
    """

    user_id: UserId | None = None
    role: str = "anonymous"  # anonymous, resident, viewer, administrator, system
    session_hash: str = ""
    second_factor: bool = False
    authenticated_at: datetime | None = None
    remembered: bool = False  # signed in by "Remember me": for viewing; acts want a fresh sign-in
    ip: str = ""

    @property
    def is_resident(self) -> bool:
        """True for a signed-in resident."""
        return self.role == "resident" and self.user_id is not None

    @property
    def is_staff(self) -> bool:
        """True for staff who passed the second factor."""
        return self.role in ("viewer", "administrator") and self.second_factor


ANONYMOUS = Actor()
SYSTEM = Actor(role="system")
