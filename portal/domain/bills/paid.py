"""About Your Payments: what was paid on bills, booked by the city or still on its way there."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import literal, or_, select
from sqlmodel import Session, col

from portal.domain.bills.balance import ACCEPTED
from portal.domain.identity.actor import Actor
from portal.kit.ids import BillId
from portal.models.bills import BillActivity
from portal.models.exchange import PostingRow
from portal.models.payments import Payment, PaymentEvent, PaymentItem

# What a Sum of Payments adds up: a returned check comes back as a reversal.
PAYMENTS = ("PAYMENT", "REVERSAL")


@dataclass(frozen=True)
class Booked:
    """A row of the city's books on a bill; `amount` in cents, a payment negative."""

    activity: str
    posted: date
    effective: date
    amount: int
    tender: str
    source: str
    portal_payment_id: str


@dataclass(frozen=True)
class Step:
    """A step of a portal payment: a payment status, then "sent", "rejected", "posted"."""

    state: str
    at: datetime | None
    day: date | None


@dataclass(frozen=True)
class PortalPayment:
    """One bill's part of a payment made here, with its chain of states, oldest first.

    `own` says whether the actor made it: only then are failures, card and receipt shown.
    """

    payment_id: UUID
    number: str
    status: str
    amount: int
    effective: date
    method: str
    card: str
    own: bool
    booked: bool
    failure_code: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class PaidOn:
    """Everything paid on one bill: `total` in cents, `last` the newest day, None where nothing."""

    booked: tuple[Booked, ...] = ()
    portal: tuple[PortalPayment, ...] = ()

    @property
    def total(self) -> int:
        """Sum of Payments: booked payments less reversals, and ours that are not booked yet."""
        return -sum(row.amount for row in self.booked if row.activity in PAYMENTS) + sum(
            payment.amount
            for payment in self.portal
            if payment.status in ACCEPTED and not payment.booked
        )

    @property
    def last(self) -> date | None:
        """Last Posted: the newest day among what `total` counts."""
        days = [row.posted for row in self.booked if row.activity in PAYMENTS]
        days += [
            payment.effective
            for payment in self.portal
            if payment.status in ACCEPTED and not payment.booked
        ]
        return max(days, default=None)

    @property
    def under_way(self) -> bool:
        """True while a payment made here is accepted and not booked by the city yet."""
        return any(p.status in ACCEPTED and not p.booked for p in self.portal)


def paid_on(session: Session, actor: Actor, bill_id: BillId) -> PaidOn:
    """Return what was paid on one bill, with every portal payment's steps; three statements."""
    return paid_on_bills(session, actor, [bill_id], steps=True).get(bill_id, PaidOn())


def paid_on_bills(
    session: Session, actor: Actor, bill_ids: Collection[BillId], *, steps: bool = False
) -> dict[BillId, PaidOn]:
    """Return what was paid on each of `bill_ids`: two statements, a third for the `steps`.

    The caller holds ids it got from a policy. A failed attempt is its payer's alone to see.
    """
    booked: dict[BillId, list[Booked]] = {}
    posted: dict[str, date] = {}
    for row in session.scalars(
        select(BillActivity)
        .where(col(BillActivity.bill_id).in_(bill_ids))
        .order_by(col(BillActivity.posted_date), col(BillActivity.payment_ref))
    ):
        booked.setdefault(BillId(row.bill_id), []).append(
            Booked(
                row.activity,
                row.posted_date,
                row.effective_date,
                row.amount_cents,
                row.tender,
                row.source,
                row.portal_payment_id,
            )
        )
        if row.portal_payment_id:
            posted.setdefault(row.portal_payment_id, row.posted_date)
    items = session.execute(
        select(PaymentItem, Payment, PostingRow, col(BillActivity.posted_date))
        .join(Payment, col(Payment.id) == col(PaymentItem.payment_id))
        .outerjoin(
            PostingRow,
            (col(PostingRow.portal_payment_id) == col(PaymentItem.portal_payment_id))
            & (col(PostingRow.record) == "PAY"),
        )
        .outerjoin(
            BillActivity,
            (col(BillActivity.portal_payment_id) == col(PaymentItem.portal_payment_id))
            & (col(BillActivity.activity) != "REVERSAL"),
        )
        .where(
            col(PaymentItem.bill_id).in_(bill_ids),
            or_(
                col(Payment.status).in_(ACCEPTED),
                col(Payment.user_id) == actor.user_id,
                literal(actor.is_staff),
            ),
        )
        .order_by(col(Payment.number), col(PaymentItem.seq))
    ).all()
    chains = _chains(session, [payment.id for _, payment, _, _ in items]) if steps else {}
    portal: dict[BillId, dict[str, PortalPayment]] = {}
    for item, payment, posting, posted_on in items:
        own = payment.user_id == actor.user_id or actor.is_staff
        day = posted.get(item.portal_payment_id, posted_on)
        chain = list(chains.get(payment.id, ()))
        if posting is not None:
            chain.append(Step("sent", None, None))
        if posting is not None and posting.result in ("REJECTED", "PARTIAL"):
            chain.append(Step("rejected", None, posting.result_posted_date))
        if day is not None:
            chain.append(Step("posted", None, day))
        portal.setdefault(BillId(item.bill_id), {})[item.portal_payment_id] = PortalPayment(
            payment.id,
            item.portal_payment_id,
            payment.status,
            item.amount_cents - item.excess_cents,
            payment.effective_date,
            payment.method,
            " ".join(filter(None, (payment.card_brand, payment.last4))) if own else "",
            own,
            day is not None,
            payment.failure_code if own else "",
            tuple(chain),
        )
    return {
        bill_id: PaidOn(tuple(booked.get(bill_id, ())), tuple(portal.get(bill_id, {}).values()))
        for bill_id in bill_ids
    }


def _chains(session: Session, payment_ids: Collection[UUID]) -> dict[UUID, list[Step]]:
    chains: dict[UUID, list[Step]] = {}
    if not payment_ids:
        return chains
    for row in session.scalars(
        select(PaymentEvent)
        .where(col(PaymentEvent.payment_id).in_(payment_ids))
        .order_by(col(PaymentEvent.at), col(PaymentEvent.id))
    ):
        chain = chains.setdefault(row.payment_id, [])
        if not chain or chain[-1].state != row.to_status:
            chain.append(Step(row.to_status, row.at, None))
    return chains
