"""Reading payments: the receipt and its chain of states, for the resident who made them."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from portal.domain.identity.actor import Actor
from portal.domain.payments.states import IN_DOUBT, PaymentStatus
from portal.kit.errors import NotFound
from portal.kit.ids import CartId, PaymentId, parse_id
from portal.kit.text import N_
from portal.models.accounts import Account
from portal.models.bills import Bill
from portal.models.payments import Payment, PaymentEvent, PaymentItem, StaffTask


@dataclass(frozen=True)
class ReceiptLine:
    """One bill's part, amounts in cents."""

    portal_payment_id: str
    account_id: object
    account_no: str
    service_address: str
    category: int
    bill_year: int
    bill_no: str
    due_date: date
    amount_cents: int
    excess_cents: int


@dataclass(frozen=True)
class ReceiptStep:
    """A step of the chain."""

    status: PaymentStatus
    at: datetime | None


@dataclass(frozen=True)
class Receipt:
    """A payment as its payer may see it; never its secret or its request."""

    payment_id: PaymentId
    cart_id: CartId
    number: int
    status: PaymentStatus
    amount_cents: int
    livemode: bool
    card_brand: str
    last4: str
    payer_name: str
    receipt_email: str
    created_at: datetime | None
    effective_date: date
    business_date: date
    expires_at: datetime
    failure_code: str
    with_staff: bool
    lines: tuple[ReceiptLine, ...]
    steps: tuple[ReceiptStep, ...]


def own_payment(session: Session, actor: Actor, claim: object) -> Payment:
    """Return the actor's payment that a browser names. Raises NotFound."""
    payment_id = parse_id(claim)
    found = (
        session.exec(
            select(Payment).where(Payment.id == payment_id, Payment.user_id == actor.user_id)
        ).first()
        if payment_id and actor.is_resident
        else None
    )
    if found is None:
        raise NotFound(N_("We could not find that payment among yours."))
    return found


def receipt(session: Session, actor: Actor, claim: object) -> Receipt:
    """Return the receipt of the actor's payment. Raises NotFound."""
    payment = own_payment(session, actor, claim)
    rows = session.exec(
        select(PaymentItem, Bill, Account)
        .join(Bill, col(Bill.id) == PaymentItem.bill_id)
        .join(Account, col(Account.id) == Bill.account_id, isouter=True)
        .where(PaymentItem.payment_id == payment.id)
        .order_by(col(PaymentItem.seq))
    ).all()
    steps = session.exec(
        select(PaymentEvent)
        .where(PaymentEvent.payment_id == payment.id)
        .order_by(col(PaymentEvent.at), col(PaymentEvent.id))
    ).all()
    return Receipt(
        PaymentId(payment.id),
        CartId(payment.cart_id),
        payment.number,
        PaymentStatus(payment.status),
        payment.amount_cents,
        payment.livemode,
        payment.card_brand,
        payment.last4,
        payment.payer_name,
        payment.receipt_email,
        payment.created_at,
        payment.effective_date,
        payment.business_date,
        payment.expires_at,
        payment.failure_code,
        _is_with_staff(session, payment),
        tuple(
            ReceiptLine(
                item.portal_payment_id,
                bill.account_id,
                account.account_no if account else "",
                account.service_address if account else bill.property_code,
                bill.category,
                bill.bill_year,
                bill.bill_no,
                bill.due_date,
                item.amount_cents,
                item.excess_cents,
            )
            for item, bill, account in rows
        ),
        tuple(ReceiptStep(PaymentStatus(step.to_status), step.at) for step in steps),
    )


def _is_with_staff(session: Session, payment: Payment) -> bool:
    """True while a person has to settle it: the sweeps alone cannot."""
    return payment.status in IN_DOUBT and (
        session.exec(
            select(StaffTask.id).where(
                StaffTask.payment_id == payment.id,
                col(StaffTask.kind).in_(("processor_mismatch", "in_doubt")),
            )
        ).first()
        is not None
    )


def latest_of_cart(session: Session, actor: Actor, cart_id: CartId) -> Payment | None:
    """Return the newest attempt to pay the actor's cart."""
    return session.exec(
        select(Payment)
        .where(Payment.cart_id == cart_id, Payment.user_id == actor.user_id)
        .order_by(col(Payment.number).desc())
    ).first()


def bank_asks(payment: Payment | None, now: datetime) -> bool:
    """True while the card holder can still answer the bank's question (3-D Secure)."""
    return (
        payment is not None
        and payment.status == PaymentStatus.REQUIRES_ACTION
        and now < payment.expires_at
    )


def rows_of_other_mode(session: Session, livemode: bool) -> int:
    """Return how many payments are stored of the other mode: none, or the portal must not start."""
    return len(
        session.exec(select(Payment.id).where(Payment.livemode != livemode).limit(1000)).all()
    )
