"""The states of a payment and the only function that writes them."""

from enum import StrEnum

from sqlalchemy import update
from sqlmodel import Session, col

from portal.models.payments import Payment, PaymentEvent


class PaymentStatus(StrEnum):
    """Where one attempt to pay stands."""

    CONFIRMING = "confirming"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


_CONFIRMING, _ACTION, _PROCESSING, _SUCCEEDED, _FAILED, _CANCELED = PaymentStatus

TRANSITIONS: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    _CONFIRMING: frozenset({_ACTION, _PROCESSING, _SUCCEEDED, _FAILED, _CANCELED}),
    _ACTION: frozenset({_PROCESSING, _SUCCEEDED, _FAILED, _CANCELED}),
    _PROCESSING: frozenset({_SUCCEEDED, _FAILED}),
    _SUCCEEDED: frozenset(),
    # Money that arrives is booked, also after we had given the attempt up.
    _FAILED: frozenset({_SUCCEEDED}),
    _CANCELED: frozenset({_SUCCEEDED}),
}
LIVE = frozenset({_CONFIRMING, _ACTION, _PROCESSING})
# Not yet known to be paid or not paid; a bank debit on its way is no doubt.
IN_DOUBT = frozenset({_CONFIRMING, _ACTION})


def allowed(payment: Payment, to: PaymentStatus) -> bool:
    """True where the payment may go to `to` from where it is seen."""
    return to in TRANSITIONS[PaymentStatus(payment.status)]


def move(
    session: Session, payment: Payment, to: PaymentStatus, source: str, detail: str = ""
) -> None:
    """Write the payment's status with an event beside it; the caller holds the row's lock.

    Raises RuntimeError where the way does not exist or somebody else wrote first.
    """
    if not allowed(payment, to):
        raise RuntimeError(f"payment {payment.number}: {payment.status} -> {to}")
    session.flush()
    was = payment.status
    done = session.connection().execute(
        update(Payment)
        .where(col(Payment.id) == payment.id, col(Payment.status) == was)
        .values(status=to.value)
    )
    if done.rowcount != 1:
        raise RuntimeError(f"payment {payment.number} moved under a lock that was not held")
    session.refresh(payment)
    note(session, payment, was, source, detail)


def note(session: Session, payment: Payment, was: str, source: str, detail: str = "") -> None:
    """Write a step of the payment's chain as it stands now."""
    session.add(
        PaymentEvent(
            payment_id=payment.id,
            from_status=was,
            to_status=payment.status,
            source=source,
            detail=detail[:500],
        )
    )
    session.flush()
