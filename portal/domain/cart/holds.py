"""Holds: what other carts are about to pay on a bill. A hold lives and dies with its window."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from portal.kit.errors import DomainError
from portal.kit.ids import BillId, CartId
from portal.kit.money import format_cents
from portal.kit.text import N_
from portal.models.payments import Cart, CartItem


@dataclass(frozen=True)
class Hold:
    """Cents that others hold on a bill, and the seconds until the last of it is free again.

    A payment that is being confirmed has no end yet; a minute is what it takes as a rule.
    """

    cents: int
    seconds: int


class HeldElsewhere(DomainError):
    """Somebody else is paying this bill right now."""

    code = "held"


def held_by_others(
    session: Session, bill_ids: Collection[BillId], cart_id: CartId, now: datetime
) -> dict[BillId, Hold]:
    """Return the live holds of other carts on these bills; bills without any are left out."""
    rows = session.exec(
        select(CartItem.bill_id, CartItem.amount_cents, Cart.status, Cart.expires_at)
        .join(Cart, col(Cart.id) == CartItem.cart_id)
        .where(
            col(CartItem.bill_id).in_(bill_ids),
            col(Cart.id) != cart_id,
            or_(
                col(Cart.status) == "confirming",
                and_(col(Cart.status) == "checkout", col(Cart.expires_at) > now),
            ),
        )
    ).all()
    holds: dict[BillId, Hold] = {}
    for bill, cents, status, expires_at in rows:
        bill_id = BillId(bill)
        known = holds.get(bill_id, Hold(0, 0))
        left = 60
        if status == "checkout" and expires_at is not None:
            left = max(1, -int(-(expires_at - now).total_seconds() // 1))
        holds[bill_id] = Hold(known.cents + cents, max(known.seconds, left))
    return holds


def refusal(bill_id: BillId, hold: Hold) -> HeldElsewhere:
    """Return what the second payer is told."""
    return HeldElsewhere(
        N_(
            "Another payment of %(amount)s on this bill is under way."
            " Try again in %(minutes)s:%(seconds)s."
        ),
        field=f"amount-{bill_id}",
        amount=format_cents(hold.cents),
        minutes=str(hold.seconds // 60),
        seconds=f"{hold.seconds % 60:02d}",
    )
