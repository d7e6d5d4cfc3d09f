"""apply(): what the processor says now becomes what we say, however often and in what order.

Reply, webhook and sweep all come here with a freshly fetched intent, never with a payload.
"""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, func, select

from portal.domain.bills.balance import owed_cents
from portal.domain.cart.operations import lock_bills
from portal.domain.cart.states import CartStatus
from portal.domain.cart.states import move as move_cart
from portal.domain.payments import ledger, receipts
from portal.domain.payments.ledger import Side
from portal.domain.payments.states import PaymentStatus, allowed, move
from portal.domain.payments.tasks import open_task
from portal.gateways.stripe import Intent
from portal.kit.errors import NotFound
from portal.kit.ids import BillId, PaymentId
from portal.kit.money import format_cents
from portal.kit.text import N_
from portal.models.payments import Cart, CartItem, LedgerTx, Payment, PaymentItem

_MEANING = {
    "requires_action": PaymentStatus.REQUIRES_ACTION,
    "processing": PaymentStatus.PROCESSING,
    "succeeded": PaymentStatus.SUCCEEDED,
    "requires_payment_method": PaymentStatus.FAILED,
    "canceled": PaymentStatus.CANCELED,
    # Anything else, also a word Stripe has yet to invent, changes nothing here.
}


def locked(session: Session, payment_id: PaymentId) -> tuple[Cart, Payment]:
    """Return the payment and its cart, both locked, the cart first. Raises NotFound."""
    cart_id = session.exec(select(Payment.cart_id).where(Payment.id == payment_id)).first()
    if cart_id is None:
        raise NotFound(N_("We could not find that payment."))
    fresh = {"populate_existing": True}
    cart = session.exec(
        select(Cart).where(Cart.id == cart_id).with_for_update().execution_options(**fresh)
    ).one()
    payment = session.exec(
        select(Payment).where(Payment.id == payment_id).with_for_update().execution_options(**fresh)
    ).one()
    return cart, payment


def apply(
    session: Session, payment_id: PaymentId, intent: Intent, source: str, now: datetime
) -> PaymentStatus:
    """Bring the payment to where the fetched intent stands and return its status.

    Idempotent. An intent that is not this payment's (other amount, currency, mode or metadata)
    changes nothing and goes on the staff's list.
    """
    cart, payment = locked(session, payment_id)
    wrong = _mismatch(payment, intent)
    if wrong:
        open_task(
            session,
            "processor_mismatch",
            f"mismatch:{intent.ref}",
            wrong,
            payment_id,
            ref=intent.ref,
            named=intent.payment_id or "-",
            amount=f"{format_cents(intent.amount_cents)} {intent.currency}",
        )
        return PaymentStatus(payment.status)
    payment.processor_ref = intent.ref
    payment.card_brand = intent.card_brand or payment.card_brand
    payment.last4 = intent.last4 or payment.last4
    to = _MEANING.get(intent.status)
    was = PaymentStatus(payment.status)
    if to is PaymentStatus.SUCCEEDED:
        _succeed(session, cart, payment, source, now)
    elif to is PaymentStatus.PROCESSING and allowed(payment, to):
        move(session, payment, to, source)
        _take(session, cart, payment)
        _book_received(session, payment, ledger.TRANSIT, "ach")
        if cart.status == CartStatus.CONFIRMING:
            move_cart(session, cart, CartStatus.PROCESSING)
    elif to in (PaymentStatus.FAILED, PaymentStatus.CANCELED) and allowed(payment, to):
        payment.failure_code = intent.failure_code or to.value
        give_up(session, cart, payment, to, source, now)
        if was is PaymentStatus.PROCESSING:
            _book_returned(session, payment)
    elif to is PaymentStatus.REQUIRES_ACTION and allowed(payment, to):
        move(session, payment, to, source)
    session.flush()
    return PaymentStatus(payment.status)


def give_up(
    session: Session,
    cart: Cart,
    payment: Payment,
    to: PaymentStatus,
    source: str,
    now: datetime,
) -> None:
    """End an attempt that took no money; its cart may be paid again, at once if time is left."""
    move(session, payment, to, source, payment.failure_code)
    payment.settled_at = now
    if cart.status == CartStatus.CONFIRMING:
        in_time = cart.expires_at is not None and now < cart.expires_at
        move_cart(session, cart, CartStatus.CHECKOUT if in_time else CartStatus.EXPIRED)


def _mismatch(payment: Payment, intent: Intent) -> str:
    """Return the message id that says how the intent is not the payment's, "" where it is."""
    if intent.payment_id != str(payment.id):
        return N_("%(ref)s names another payment: %(named)s.")
    if intent.amount_cents != payment.amount_cents or intent.currency != "usd":
        return N_("%(ref)s is over another amount: %(amount)s.")
    if intent.livemode != payment.livemode:
        return N_("%(ref)s is of the other mode: test or live.")
    return ""


def _succeed(session: Session, cart: Cart, payment: Payment, source: str, now: datetime) -> None:
    was = PaymentStatus(payment.status)
    if was is not PaymentStatus.SUCCEEDED:
        if was is not PaymentStatus.PROCESSING:
            # Before the status counts as collected: what does each bill need of it?
            _take(session, cart, payment)
        move(session, payment, PaymentStatus.SUCCEEDED, source)
        payment.settled_at = now
        payment.failure_code = ""
        _settle_cart(session, cart, payment)
        if was in (PaymentStatus.FAILED, PaymentStatus.CANCELED):
            open_task(
                session,
                "late_money",
                f"late:{payment.id}",
                N_("Payment %(number)s was given up and then succeeded."),
                PaymentId(payment.id),
                number=payment.number,
            )
        receipts.mail_receipt(session, payment)
    # Asked every time and booked once: the reference is the key.
    if _has_booking(session, f"ach:{payment.id}"):
        _book_settled(session, payment)
    else:
        _book_received(session, payment, ledger.CLEARING, "pay")


def _take(session: Session, cart: Cart, payment: Payment) -> None:
    """Split each part of the money into what its bill needs and what it does not."""
    items = session.exec(select(PaymentItem).where(PaymentItem.payment_id == payment.id)).all()
    bill_ids = [BillId(item.bill_id) for item in items]
    lock_bills(session, bill_ids)
    owed = owed_cents(session, bill_ids)
    for item in items:
        item.excess_cents = max(item.amount_cents - owed.get(BillId(item.bill_id), 0), 0)
        if item.excess_cents:
            open_task(
                session,
                "excess",
                f"excess:{item.portal_payment_id}",
                N_(
                    "%(amount)s of payment %(number)s were not needed by the bill and stand as"
                    " the customer's credit."
                ),
                PaymentId(payment.id),
                amount=format_cents(item.excess_cents),
                number=item.portal_payment_id,
            )
    session.flush()


def _settle_cart(session: Session, cart: Cart, payment: Payment) -> None:
    if cart.status in (CartStatus.CONFIRMING, CartStatus.PROCESSING):
        # A cart that a newer attempt is confirming stays with that attempt.
        newer = session.exec(
            select(func.count())
            .select_from(Payment)
            .where(
                Payment.cart_id == cart.id,
                Payment.id != payment.id,
                col(Payment.status).in_(("confirming", "requires_action")),
            )
        ).one()
        if not newer:
            move_cart(session, cart, CartStatus.PAID)
        return
    if cart.status == CartStatus.PAID:
        return
    # Late money: what it paid leaves the cart; what was added since stays.
    paid = select(PaymentItem.bill_id).where(PaymentItem.payment_id == payment.id)
    session.connection().execute(
        delete(CartItem).where(col(CartItem.cart_id) == cart.id, col(CartItem.bill_id).in_(paid))
    )
    left = session.exec(
        select(func.count()).select_from(CartItem).where(CartItem.cart_id == cart.id)
    ).one()
    if not left:
        move_cart(session, cart, CartStatus.PAID)
    elif cart.status != CartStatus.OPEN:
        move_cart(session, cart, CartStatus.OPEN)


def _has_booking(session: Session, reference: str) -> bool:
    return (
        session.exec(select(LedgerTx.id).where(LedgerTx.reference == reference)).first() is not None
    )


def _parts(session: Session, payment: Payment) -> list[Side]:
    items = session.exec(select(PaymentItem).where(PaymentItem.payment_id == payment.id)).all()
    sides = [
        Side(ledger.RECEIVABLE, -(item.amount_cents - item.excess_cents), item.bill_id)
        for item in items
    ]
    return [*sides, Side(ledger.CREDIT, -sum(item.excess_cents for item in items))]


def _book_received(session: Session, payment: Payment, into: str, kind: str) -> None:
    ledger.book(
        session,
        f"{kind}:{payment.id}",
        kind,
        [Side(into, payment.amount_cents), *_parts(session, payment)],
        effective_date=payment.effective_date,
        business_date=payment.business_date,
    )


def _book_settled(session: Session, payment: Payment) -> None:
    ledger.book(
        session,
        f"settled:{payment.id}",
        "ach_settled",
        [Side(ledger.CLEARING, payment.amount_cents), Side(ledger.TRANSIT, -payment.amount_cents)],
        effective_date=payment.effective_date,
        business_date=payment.business_date,
    )


def _book_returned(session: Session, payment: Payment) -> None:
    ledger.book(
        session,
        f"returned:{payment.id}",
        "ach_returned",
        [
            Side(ledger.TRANSIT, -payment.amount_cents),
            *(Side(s.account, -s.cents, s.bill_id) for s in _parts(session, payment)),
        ],
        effective_date=payment.effective_date,
        business_date=payment.business_date,
    )
