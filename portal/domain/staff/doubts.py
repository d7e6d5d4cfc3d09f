"""What administrators do about a payment in doubt: ask the processor now, or end it.

Neither moves money. Asking is the sweep's own way, a minute earlier; ending is refused while the
processor holds the payer's money.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from portal.domain.audit import operations as audit
from portal.domain.identity.actor import Actor
from portal.domain.payments.desk import Begin, Desk, Outcome
from portal.domain.payments.states import IN_DOUBT, PaymentStatus
from portal.domain.staff.policy import require_administrator
from portal.gateways.stripe import Refused, Unknown
from portal.kit.clock import utc_now
from portal.kit.db import transaction
from portal.kit.errors import DomainError, NotFound
from portal.kit.ids import PaymentId, parse_id
from portal.kit.text import N_
from portal.models.payments import Payment, StaffTask

# What a payment that is settled leaves nothing to do about.
_SETTLED_BY_ITSELF = ("in_doubt", "processor_mismatch")


def ask(
    actor: Actor, claim: object, desk: Desk | None, begin: Begin = transaction
) -> PaymentStatus:
    """Ask the processor now where a payment stands, apply it and return its status.

    Raises NotAllowed, NotFound, and DomainError where the processor does not answer.
    """
    return _act(actor, claim, "staff.ask_processor", desk, begin, Desk.settle)


def end(
    actor: Actor, claim: object, desk: Desk | None, begin: Begin = transaction
) -> PaymentStatus:
    """End a payment that the processor holds no money for and return its status.

    Raises NotAllowed, NotFound, NotYet, StillHeld, and DomainError without an answer.
    """
    return _act(actor, claim, "staff.end_payment", desk, begin, Desk.end)


def _act(
    actor: Actor,
    claim: object,
    name: str,
    desk: Desk | None,
    begin: Begin,
    way: Callable[[Desk, PaymentId], Outcome],
) -> PaymentStatus:
    require_administrator(actor)
    with begin() as session:
        payment_id = _noted(session, actor, claim, name)
    if desk is None:
        raise DomainError(N_("Card payments are off, so the processor cannot be asked."))
    try:
        status = way(desk, payment_id).status
    except (Unknown, Refused) as unheard:
        raise DomainError(
            N_("The card processor gave no answer. Nothing was changed. Try again in a minute.")
        ) from unheard
    if status not in IN_DOUBT:
        with begin() as session:
            _finish_tasks(session, actor, payment_id, utc_now())
    return status


def _noted(session: Session, actor: Actor, claim: object, name: str) -> PaymentId:
    """Return the payment that a browser names, with the act noted before anything is asked."""
    payment_id = parse_id(claim)
    found = session.get(Payment, payment_id) if payment_id is not None else None
    if found is None:
        raise NotFound(N_("No payment is known by that address."))
    audit.record(session, actor, name, payment_id=found.id, subject_user_id=found.user_id)
    return PaymentId(found.id)


def _finish_tasks(session: Session, actor: Actor, payment_id: PaymentId, now: datetime) -> None:
    session.execute(
        update(StaffTask)
        .where(
            col(StaffTask.payment_id) == payment_id,
            col(StaffTask.kind).in_(_SETTLED_BY_ITSELF),
            col(StaffTask.done_at).is_(None),
        )
        .values(done_at=now, done_by=actor.user_id)
    )
