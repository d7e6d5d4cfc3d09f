"""How access that was given ends: with its giver, or by itself on the day that was agreed."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, func, select, update

from portal.domain.accounts.policy import HOLD, in_force
from portal.domain.audit import operations as audit
from portal.domain.identity import limits
from portal.domain.identity.actor import SYSTEM, Actor
from portal.domain.sharing import invitations, mails
from portal.models.accounts import Account
from portal.models.identity import AccountLink, User


def end_grants(
    session: Session,
    actor: Actor,
    holder_id: UUID,
    account_id: UUID,
    customer_id: UUID,
    now: datetime,
) -> int:
    """End what a holder gave and offered, when they hold the account no longer.

    Return how many delegates lost their access; each is told.
    """
    invitations.end_of_holder(session, holder_id, account_id, customer_id, now)
    ended = session.exec(
        update(AccountLink)
        .where(
            col(AccountLink.granted_by) == holder_id,
            col(AccountLink.account_id) == account_id,
            col(AccountLink.customer_id) == customer_id,
            in_force(),
        )
        .values(removed_at=now)
        .returning(col(AccountLink.user_id))
        .execution_options(synchronize_session=False)
    ).all()
    account = session.get_one(Account, account_id)
    for (user_id,) in ended:
        audit.record(
            session,
            actor,
            "share.end",
            subject_user_id=user_id,
            account_id=account_id,
            customer_id=customer_id,
            why="holder",
        )
        mails.ended_with_holder(session, session.get_one(User, user_id), account)
    return len(ended)


def end_due(session: Session, now: datetime) -> int:
    """Note each access whose last day is over, once, and tell both sides; return how many."""
    ended = session.exec(
        update(AccountLink)
        .where(
            col(AccountLink.rights) != HOLD,
            col(AccountLink.removed_at).is_(None),
            col(AccountLink.ends_at) <= now,
        )
        .values(removed_at=now)
        .returning(col(AccountLink.id))
        .execution_options(synchronize_session=False)
    ).all()
    for tie, delegate, account in _rows(session, [link_id for (link_id,) in ended]):
        audit.record(
            session,
            SYSTEM,
            "share.end",
            subject_user_id=delegate.id,
            account_id=account.id,
            customer_id=tie.customer_id,
            why="last_day",
        )
        mails.ended(session, tie, delegate, account)
    return len(ended)


def tell_soon(session: Session, now: datetime) -> int:
    """Tell both sides of each access that ends within a week, once; return how many.

    What was given for less than a week is not told again.
    """
    near = limits.TELL_BEFORE_END
    told = session.exec(
        update(AccountLink)
        .where(
            col(AccountLink.rights) != HOLD,
            col(AccountLink.removed_at).is_(None),
            col(AccountLink.soon_told_at).is_(None),
            col(AccountLink.ends_at) > now,
            col(AccountLink.ends_at) <= now + near,
            col(AccountLink.created_at) < col(AccountLink.ends_at) - near,
        )
        .values(soon_told_at=now)
        .returning(col(AccountLink.id))
        .execution_options(synchronize_session=False)
    ).all()
    for tie, delegate, account in _rows(session, [link_id for (link_id,) in told]):
        mails.ends_soon(session, tie, delegate, account)
    return len(told)


def _rows(session: Session, ids: list[UUID]) -> list[tuple[AccountLink, User, Account]]:
    found = session.exec(
        select(AccountLink, User, Account)
        .join(User, col(User.id) == AccountLink.user_id)
        .join(Account, col(Account.id) == AccountLink.account_id)
        .where(col(AccountLink.id).in_(ids), User.status == "active")
        .order_by(func.lower(col(User.email)), col(Account.account_no), col(AccountLink.id))
        .execution_options(populate_existing=True)
    ).all()
    return list(found)
