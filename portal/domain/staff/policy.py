"""Who of the staff may: viewers read, administrators act; both have passed the second factor."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from portal.domain.identity.actor import Actor
from portal.kit.errors import NotAllowed
from portal.kit.text import N_

T = TypeVar("T")
PAGE = 25


@dataclass(frozen=True)
class Paged(Generic[T]):
    """One page of a list; pages count from 1, `last` is at least 1."""

    rows: tuple[T, ...]
    page: int
    last: int
    total: int


def page_of(claim: object) -> int:
    """Return the page number that a URL claims, 1 where it is none."""
    text = claim if isinstance(claim, str) else ""
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 6 and int(text) else 1


def last_page(total: int, size: int = PAGE) -> int:
    """Return the number of pages that `total` rows fill."""
    return max(1, -(-total // size))


def require_staff(actor: Actor) -> None:
    """Raise NotAllowed for everybody but staff."""
    if not actor.is_staff:
        raise NotAllowed(N_("Only staff who are signed in can see this."))


def require_administrator(actor: Actor) -> None:
    """Raise NotAllowed for everybody but administrators."""
    require_staff(actor)
    if actor.role != "administrator":
        raise NotAllowed(N_("Viewers can look but not change. Ask an administrator to do this."))
