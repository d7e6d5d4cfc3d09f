"""Each night: what the processor says of the last days against what our books say.

Three lists. Intents: an attempt we lost sight of is applied. Events: a webhook that never came is
worked through as if it had. Movements of money (balance transactions): each charge must stand in
our ledger with its cents, and a refund or dispute that nobody here made goes to the staff.
"""

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session, col, select

from portal.domain.payments.desk import Begin, Desk
from portal.domain.payments.states import PaymentStatus
from portal.domain.payments.tasks import open_task
from portal.gateways.stripe import Movement
from portal.kit.ids import PaymentId
from portal.kit.money import format_cents
from portal.kit.text import N_
from portal.models.payments import Payment

_CHARGES = ("charge", "payment")
# Money that goes back; a dispute is an "adjustment".
_BACK = (
    "refund",
    "refund_failure",
    "payment_refund",
    "payment_failure_refund",
    "payment_reversal",
    "adjustment",
)
_BOOKED = text(
    "SELECT p.processor_ref, p.id, sum(e.amount_cents)::bigint FROM payment p"
    " JOIN ledger_tx t ON t.reference IN ('pay:' || p.id, 'settled:' || p.id)"
    " JOIN ledger_entry e ON e.tx_id = t.id AND e.ledger_account = 'stripe_clearing'"
    " WHERE p.processor_ref = ANY(:refs) GROUP BY 1, 2"
)


def reconcile(desk: Desk, begin: Begin, start: datetime) -> int:
    """Hold the processor's lists since `start` against our books; return the differences.

    What it has and we have not is applied, or put on the staff's list where it is no payment
    of ours; what we booked and it has not is always the staff's to look at. Raises Unknown.
    """
    for notice in desk.processor.events(start):
        with begin() as session:
            desk.take_notice(session, notice)
        desk.work_through(notice.event_id)
    found = _intents(desk, begin, start)
    with begin() as session:
        return found + _movements(session, list(desk.processor.movements(start)))


def _intents(desk: Desk, begin: Begin, start: datetime) -> int:
    theirs = {
        intent.ref: intent for intent in desk.processor.since(start) if intent.status == "succeeded"
    }
    with begin() as session:
        ours = dict(
            session.exec(
                select(Payment.processor_ref, Payment.id).where(
                    Payment.status == PaymentStatus.SUCCEEDED,
                    col(Payment.created_at) >= start + timedelta(hours=1),
                )
            ).all()
        )
        known = set(
            session.exec(
                select(Payment.processor_ref).where(
                    Payment.status == PaymentStatus.SUCCEEDED,
                    col(Payment.processor_ref).in_(theirs),
                )
            ).all()
        )
        invented = {ref: found for ref, found in ours.items() if ref not in theirs}
        for ref, payment_id in invented.items():
            open_task(
                session,
                "not_at_processor",
                f"missing:{payment_id}",
                N_("Booked here and not found at the processor: %(ref)s."),
                PaymentId(payment_id),
                ref=ref or "",
            )
    unheard = [intent for ref, intent in theirs.items() if ref not in known]
    for intent in unheard:
        desk.heard_of(intent)
    return len(invented) + len(unheard)


def _movements(session: Session, theirs: list[Movement]) -> int:
    """Compare each movement of money with the ledger; return how many do not stand in it."""
    refs = [one.intent_ref for one in theirs if one.intent_ref]
    booked = {
        ref: (PaymentId(payment_id), cents)
        for ref, payment_id, cents in session.execute(_BOOKED, {"refs": refs})
    }
    wrong = 0
    for one in theirs:
        payment_id, cents = booked.get(one.intent_ref, (None, 0))
        if one.kind in _CHARGES:
            # A charge of no payment of ours is listed as unknown money already.
            if one.amount_cents == cents or (payment_id is None and one.intent_ref):
                continue
            kind = "ledger_differs"
            said = N_("%(ref)s, %(what)s over %(amount)s: %(booked)s booked here.")
        elif one.kind in _BACK:
            kind = "money_moved_elsewhere"
            said = N_("%(ref)s, %(what)s over %(amount)s: not booked here.")
        else:
            continue  # Payouts and the processor's own fees move no resident's money.
        wrong += 1
        open_task(
            session,
            kind,
            f"movement:{one.ref}",
            said,
            payment_id,
            ref=f"{one.ref} {one.intent_ref}".strip(),
            what=one.kind,
            amount=format_cents(one.amount_cents),
            booked=format_cents(cents),
        )
    return wrong
