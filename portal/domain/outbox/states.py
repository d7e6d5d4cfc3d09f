"""The states of a message, which may follow which, and the one function that writes them."""

from enum import StrEnum
from uuid import UUID

from sqlmodel import Session, col, update

from portal.models.outbox import Mail


class MailStatus(StrEnum):
    """Where a message stands."""

    WAITING = "waiting"  # to be sent, or sent again
    SENT = "sent"  # the mail server took it
    FAILED = "failed"  # given up; a line in the staff's list


TRANSITIONS: dict[MailStatus, frozenset[MailStatus]] = {
    MailStatus.WAITING: frozenset({MailStatus.SENT, MailStatus.FAILED}),
    MailStatus.SENT: frozenset(),
    MailStatus.FAILED: frozenset({MailStatus.WAITING}),  # staff try again
}


def move(
    session: Session, mail_id: UUID, before: MailStatus, after: MailStatus, **values: object
) -> bool:
    """Write the status, and `values` with it, if it is still `before`; return whether it was.

    Raises ValueError for a transition that is not in the table.
    """
    if after not in TRANSITIONS[before]:
        raise ValueError(f"a message does not go from {before} to {after}")
    moved = session.exec(
        update(Mail)
        .where(col(Mail.id) == mail_id, col(Mail.status) == before.value)
        .values({"status": after.value, **values})
        .execution_options(synchronize_session="fetch")
    )
    return moved.rowcount == 1
