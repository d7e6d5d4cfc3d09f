"""The states of a sign-in, which may follow which, and the one function that writes them."""

from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, update

from portal.domain.audit import operations as audit
from portal.domain.identity.actor import Actor
from portal.kit.ids import UserId
from portal.kit.queue import defer
from portal.models.identity import User


class UserStatus(StrEnum):
    """Where a sign-in stands."""

    UNVERIFIED = "unverified"  # signed up; the address is not proven
    ACTIVE = "active"
    CLOSED = "closed"


TRANSITIONS: dict[UserStatus, frozenset[UserStatus]] = {
    UserStatus.UNVERIFIED: frozenset({UserStatus.ACTIVE, UserStatus.CLOSED}),
    UserStatus.ACTIVE: frozenset({UserStatus.CLOSED}),
    # Who comes back proves the address anew.
    UserStatus.CLOSED: frozenset({UserStatus.UNVERIFIED}),
}


def move(
    session: Session,
    actor: Actor,
    user_id: UserId,
    before: UserStatus,
    after: UserStatus,
    now: datetime,
) -> bool:
    """Write the status if it is still `before`; return whether it was. Audited.

    Raises ValueError for a transition that is not in the table.
    """
    if after not in TRANSITIONS[before]:
        raise ValueError(f"a sign-in does not go from {before} to {after}")
    values: dict[str, object] = {"status": after.value}
    if after is UserStatus.ACTIVE:
        values["activated_at"] = now
    moved = session.exec(
        update(User)
        .where(col(User.id) == user_id, col(User.status) == before.value)
        .values(values)
        .execution_options(synchronize_session="fetch")
    )
    if moved.rowcount != 1:
        return False
    audit.record(session, actor, f"user.{after.value}", subject_user_id=user_id)
    if after is UserStatus.ACTIVE:
        # The address is proven: what the portal before this one had for it can be linked.
        defer(session, "prelinks.settle", user_id=str(user_id))
    return True
