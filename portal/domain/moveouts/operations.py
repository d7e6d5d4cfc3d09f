"""The end of a customer's time at an account: noted once for every sign-in that is linked.

Set-based and run after each import and each night: an import may bring a stop date that is past, a
stop date that is still to come, or a correction that takes one back. What ends (delegates' access,
alerts) is marked with the instant at which it ended, so that a correction restores exactly that.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, text
from sqlmodel import Session, col, select, tuple_, update

from portal.domain.accounts.policy import HOLD
from portal.domain.alerts import operations as alerts
from portal.domain.audit import operations as audit
from portal.domain.identity.actor import SYSTEM
from portal.domain.identity.states import UserStatus
from portal.domain.moveouts import mails
from portal.domain.moveouts.mails import Place
from portal.kit.clock import local_date
from portal.models.accounts import Account
from portal.models.identity import User
from portal.models.sharing import Invitation

# The last day of a customer's time at an account, as far as the books know ("infinity": none).
_TIMES = """
  SELECT account_id, customer_id, max(coalesce(stop_date, DATE 'infinity')) AS stop
  FROM tenure GROUP BY account_id, customer_id
"""
_END = text(
    f"""
    UPDATE account_link l SET left_at = :now,
      removed_at = CASE WHEN l.rights <> '{HOLD}' THEN CAST(:now AS timestamptz) END
    FROM ({_TIMES}) t
    WHERE t.account_id = l.account_id AND t.customer_id = l.customer_id AND t.stop <= :today
      AND l.removed_at IS NULL AND (l.left_at IS NULL OR l.rights <> '{HOLD}')
      AND (l.ends_at IS NULL OR l.ends_at > :now)
    RETURNING l.user_id, l.account_id, l.customer_id, l.rights, t.stop, l.left_at
    """
)
_REOPEN = text(
    f"""
    WITH again AS (
      SELECT l.id, l.left_at FROM account_link l
      JOIN ({_TIMES}) t ON t.account_id = l.account_id AND t.customer_id = l.customer_id
      WHERE l.left_at IS NOT NULL AND t.stop > :today
        AND (l.removed_at IS NULL OR l.removed_at = l.left_at)
      FOR UPDATE OF l
    )
    UPDATE account_link l SET left_at = NULL, removed_at = NULL FROM again
    WHERE l.id = again.id AND l.left_at IS NOT NULL
    RETURNING l.user_id, l.account_id, l.customer_id, l.rights, NULL::date AS stop, again.left_at
    """
)


@dataclass(frozen=True)
class Outcome:
    """How many links a run ended, and how many it opened again."""

    ended: int
    reopened: int


def settle(session: Session, zone: ZoneInfo, now: datetime) -> Outcome:
    """End what hangs on a time that is over, restore what a correction gives back, tell everyone.

    Run twice it finds nothing to do. Holders keep their link: it opens their own bills, the final
    one too, and the use of their own time. A delegate's link ends.
    """
    when = {"now": now, "today": local_date(now, zone)}
    ended = session.execute(_END, when).all()
    reopened = session.execute(_REOPEN, when).all()
    for act, links in (("link.moved_out", ended), ("link.reopened", reopened)):
        for one in links:
            audit.record(
                session,
                SYSTEM,
                act,
                subject_user_id=one.user_id,
                account_id=one.account_id,
                customer_id=one.customer_id,
            )
    _withdraw_invitations(session, ended, now)
    alerts.end_with_links(session, [_key(one) for one in ended], now)
    alerts.resume_with_links(session, [(*_key(one), one.left_at) for one in reopened])
    for user, places in _by_reader(session, ended):
        mails.left(session, user, places)
    for user, places in _by_reader(session, reopened):
        mails.back(session, user, places)
    return Outcome(len(ended), len(reopened))


def _withdraw_invitations(session: Session, ended: Iterable[Row[Any]], now: datetime) -> None:
    left = {(one.account_id, one.customer_id) for one in ended if one.rights == HOLD}
    if not left:
        return
    session.exec(
        update(Invitation)
        .where(
            tuple_(col(Invitation.account_id), col(Invitation.customer_id)).in_(left),
            col(Invitation.accepted_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
        )
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    )


def _key(one: Row[Any]) -> tuple[UUID, UUID, UUID]:
    return one.user_id, one.account_id, one.customer_id


def _by_reader(session: Session, links: Iterable[Row[Any]]) -> Iterable[tuple[User, list[Place]]]:
    """Yield each active reader once, with all the places that concern them."""
    by_user: dict[UUID, list[Row[Any]]] = {}
    for one in links:
        by_user.setdefault(one.user_id, []).append(one)
    if not by_user:
        return
    accounts = {
        account.id: account
        for account in session.exec(
            select(Account).where(
                col(Account.id).in_({one.account_id for rows in by_user.values() for one in rows})
            )
        ).all()
    }
    readers = session.exec(
        select(User).where(col(User.id).in_(by_user), User.status == UserStatus.ACTIVE.value)
    ).all()
    for user in readers:
        places = [
            Place(accounts[one.account_id], one.stop or date.max, one.rights == HOLD)
            for one in by_user[user.id]
        ]
        yield user, sorted(places, key=lambda place: place.account.account_no)
