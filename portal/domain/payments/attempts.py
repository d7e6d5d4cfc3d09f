"""Claim: everything is decided and written before the processor hears of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from portal.cities import city
from portal.cities.calendar import next_business_day
from portal.domain.audit.operations import record
from portal.domain.bills.balance import owed_cents
from portal.domain.bills.payable import payable
from portal.domain.cart import holds, queries, rules
from portal.domain.cart.operations import BeingPaid, Clock, TimeIsUp, lock_bills
from portal.domain.cart.rules import Billing
from portal.domain.cart.states import CartStatus
from portal.domain.cart.states import move as move_cart
from portal.domain.identity.actor import Actor
from portal.domain.payments import declines
from portal.domain.payments.states import note
from portal.kit.clock import local_date
from portal.kit.db import database_now
from portal.kit.errors import DomainError
from portal.kit.ids import BillId, CartId, PaymentId, new_id
from portal.kit.text import N_
from portal.models.payments import Cart, CartItem, Payment, PaymentItem


@dataclass(frozen=True)
class Claimed:
    """An attempt that is written and not yet sent."""

    payment_id: PaymentId
    number: int
    key: str
    request: Mapping[str, Any]


class AlreadyPaid(DomainError):
    """The cart was paid: the receipt is what the resident wants."""

    code = "paid"

    def __init__(self, payment_id: PaymentId | None) -> None:
        super().__init__(N_("This cart is already paid. Do not pay again."))
        self.payment_id = payment_id


class AmountChanged(DomainError):
    """What the page showed is no longer what would be charged."""

    code = "amount_changed"


def latest_of(session: Session, cart_id: UUID) -> Payment | None:
    """Return the cart's newest attempt."""
    return session.exec(
        select(Payment).where(Payment.cart_id == cart_id).order_by(col(Payment.number).desc())
    ).first()


def claim(
    session: Session,
    actor: Actor,
    cart_claim: object,
    *,
    token: str,
    billing: Billing,
    shown_cents: int,
    return_url: str,
    livemode: bool,
    network: str = "",
    clock: Clock = database_now,
) -> Claimed:
    """Lock cart and bills, check the deadline and what is owed, write the attempt.

    `token` is the processor's confirmation token, `shown_cents` the Total the page showed,
    `network` what counters call the caller's address.
    Raises AlreadyPaid, BeingPaid, TimeIsUp, AmountChanged, Problems, HeldElsewhere,
    TooManyDeclines.
    """
    cart = queries.own(session, actor, cart_claim, lock=True)
    _check_status(session, cart)
    items = session.exec(
        select(CartItem).where(CartItem.cart_id == cart.id).order_by(col(CartItem.bill_id))
    ).all()
    bill_ids = [BillId(item.bill_id) for item in items]
    lock_bills(session, bill_ids)
    # Only now, with every lock held: who waited here may have waited past the deadline.
    now = clock(session)
    if cart.status != CartStatus.CHECKOUT or cart.expires_at is None or now >= cart.expires_at:
        raise TimeIsUp(N_("The time to pay is over. You have not been charged."))
    rules.check_billing(billing)
    _check_amounts(session, actor, cart, items, shown_cents, now)
    declines.count(session, actor, cart.id, network, now)
    total = sum(item.amount_cents for item in items)
    today = local_date(now, city().zone)
    payment_id = new_id()
    payment = Payment(
        id=payment_id,
        cart_id=cart.id,
        user_id=cart.user_id,
        amount_cents=total,
        livemode=livemode,
        idempotency_key=f"pay-{payment_id}",
        payer_name=billing.name,
        receipt_email=billing.email,
        created_at=now,
        expires_at=cart.expires_at,
        effective_date=today,
        business_date=next_business_day(city(), today),
    )
    session.add(payment)
    session.flush()
    session.refresh(payment)
    payment.request = {
        "amount": total,
        "currency": "usd",
        "confirm": True,
        "confirmation_token": token,
        "allowed_payment_method_types": ["card"],
        "description": f"{city().full_name} payment {payment.number}",
        "metadata": {
            "payment_id": str(payment_id),
            "payment_number": str(payment.number),
            "city": city().key,
        },
        "return_url": return_url,
        "expand": ["latest_charge"],
    }
    for seq, item in enumerate(items, 1):
        session.add(
            PaymentItem(
                payment_id=payment_id,
                seq=seq,
                bill_id=item.bill_id,
                amount_cents=item.amount_cents,
                portal_payment_id=f"{payment.number}-{seq}",
            )
        )
    cart.billing = billing.as_dict()
    session.flush()
    move_cart(session, cart, CartStatus.CONFIRMING)
    note(session, payment, "", "resident")
    record(session, actor, "payment.attempt", payment_id=payment_id, amount_cents=total)
    return Claimed(
        PaymentId(payment_id), payment.number, payment.idempotency_key, dict(payment.request)
    )


def _check_status(session: Session, cart: Cart) -> None:
    if cart.status in (CartStatus.PAID, CartStatus.PROCESSING):
        paid = latest_of(session, cart.id)
        raise AlreadyPaid(PaymentId(paid.id) if paid else None)
    if cart.status == CartStatus.CONFIRMING:
        raise BeingPaid(N_("We are checking your payment. Do not pay again."))


def _check_amounts(
    session: Session,
    actor: Actor,
    cart: Cart,
    items: list[CartItem] | Any,
    shown_cents: int,
    now: datetime,
) -> None:
    """Never charge a stale total: what is owed is asked again, under the locks."""
    bill_ids = [BillId(item.bill_id) for item in items]
    owed = owed_cents(session, bill_ids)
    others = holds.held_by_others(session, bill_ids, CartId(cart.id), now)
    known = payable(session, actor, bill_ids)
    for item in items:
        bill_id = BillId(item.bill_id)
        held = others.get(bill_id)
        if held and item.amount_cents > owed.get(bill_id, 0) - held.cents:
            raise holds.refusal(bill_id, held)
        bill = known.get(bill_id)
        too_much = item.amount_cents > owed.get(bill_id, 0) and not (
            city().payments.overpay_allowed and owed.get(bill_id, 0) > 0
        )
        if bill is None or not bill.may_pay or too_much:
            raise AmountChanged(
                N_("A bill in your cart changed meanwhile. You have not been charged.")
            )
    if not items or sum(item.amount_cents for item in items) != shown_cents:
        raise AmountChanged(N_("The total changed in another window. You have not been charged."))
