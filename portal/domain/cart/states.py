"""The states of a cart and the only function that writes them."""

from enum import StrEnum

from sqlalchemy import update
from sqlmodel import Session, col

from portal.models.payments import Cart


class CartStatus(StrEnum):
    """Where a cart stands."""

    OPEN = "open"
    CHECKOUT = "checkout"
    CONFIRMING = "confirming"
    PROCESSING = "processing"
    PAID = "paid"
    EXPIRED = "expired"


_OPEN, _CHECKOUT, _CONFIRMING, _PROCESSING, _PAID, _EXPIRED = CartStatus

TRANSITIONS: dict[CartStatus, frozenset[CartStatus]] = {
    # paid from open, checkout or expired: late money of an attempt that was given up.
    _OPEN: frozenset({_CHECKOUT, _PAID}),
    _CHECKOUT: frozenset({_OPEN, _CHECKOUT, _CONFIRMING, _EXPIRED, _PAID}),
    _CONFIRMING: frozenset({_CHECKOUT, _EXPIRED, _PROCESSING, _PAID, _OPEN}),
    _PROCESSING: frozenset({_PAID}),
    _PAID: frozenset(),
    _EXPIRED: frozenset({_OPEN, _CHECKOUT, _PAID}),
}


class StateChanged(Exception):
    """The cart is no longer where the caller saw it: somebody was faster."""


def move(session: Session, cart: Cart, to: CartStatus) -> None:
    """Write the cart's status, only from where it is seen. Raises StateChanged."""
    if to not in TRANSITIONS[CartStatus(cart.status)]:
        raise StateChanged(f"{cart.status} -> {to}")
    session.flush()
    done = session.connection().execute(
        update(Cart)
        .where(col(Cart.id) == cart.id, col(Cart.status) == cart.status)
        .values(status=to.value)
    )
    if done.rowcount != 1:
        raise StateChanged(f"{cart.status} -> {to}")
    session.refresh(cart)
