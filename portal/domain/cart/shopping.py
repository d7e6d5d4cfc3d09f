"""Many bills at once: all that is due at the accounts of a landlord, as many as a cart holds."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, select

from portal.domain.bills import overview
from portal.domain.cart import operations, rules
from portal.domain.identity.actor import Actor
from portal.kit.errors import DomainError
from portal.kit.text import N_
from portal.models.payments import CartItem


@dataclass(frozen=True)
class Added:
    """What is in the cart now, how much of it is new, and what did not fit."""

    items: int
    added: int
    left_out: int


def add_all_due(session: Session, actor: Actor, words: str, today: date) -> Added:
    """Put every bill that is due, of the accounts that `words` find, into the actor's cart.

    The oldest first, up to what a cart holds; what is there already stays as it is.
    Raises DomainError where nothing is due, NotAllowed, BeingPaid.
    """
    cart = operations.current_locked(session, actor)
    places = overview.search(overview.overview(session, actor, today), words)
    due = overview.due_bills(session, actor, places)
    if not due:
        raise DomainError(N_("Nothing is due at these accounts that you may pay."))
    there = set(session.exec(select(CartItem.bill_id).where(CartItem.cart_id == cart.id)).all())
    new = [bill_id for bill_id in due if bill_id not in there]
    fits = new[: max(rules.MOST_BILLS - len(there), 0)]
    items = operations.add(session, actor, fits) if fits else len(there)
    return Added(items, items - len(there), len(new) - len(fits))
