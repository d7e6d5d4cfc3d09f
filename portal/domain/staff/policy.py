"""Who of the staff may: viewers read, administrators act; both have passed the second factor."""

from portal.domain.identity.actor import Actor
from portal.kit.errors import NotAllowed
from portal.kit.text import N_


def require_staff(actor: Actor) -> None:
    """Raise NotAllowed for everybody but staff."""
    if not actor.is_staff:
        raise NotAllowed(N_("Only staff who are signed in can see this."))


def require_administrator(actor: Actor) -> None:
    """Raise NotAllowed for everybody but administrators."""
    require_staff(actor)
    if actor.role != "administrator":
        raise NotAllowed(N_("Viewers can look but not change. Ask an administrator to do this."))
