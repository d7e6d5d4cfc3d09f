"""Who may do an act: said for every handler and page, never assumed."""

from enum import StrEnum

from portal.domain.identity.actor import Actor


class Permission(StrEnum):
    """What an act or a page asks of the actor. Public is said like any other."""

    PUBLIC = "public"
    RESIDENT = "resident"
    STAFF = "staff"
    ADMINISTRATOR = "administrator"

    def allows(self, actor: Actor) -> bool:
        """True when `actor` may: staff only after the second factor."""
        if self is Permission.PUBLIC:
            return True
        if self is Permission.RESIDENT:
            return actor.is_resident
        if self is Permission.STAFF:
            return actor.is_staff
        return actor.is_staff and actor.role == "administrator"


PUBLIC = Permission.PUBLIC
RESIDENT = Permission.RESIDENT
STAFF = Permission.STAFF
ADMINISTRATOR = Permission.ADMINISTRATOR
