"""Saving a notification, and the daily alert: once a notification and usage date."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, col, select, update

from portal.domain.accounts.policy import OpenAccount, opened, opened_accounts
from portal.domain.alerts import addresses, mails, queries, rules
from portal.domain.audit.operations import record
from portal.domain.identity.actor import Actor
from portal.domain.usage import queries as usage_queries
from portal.domain.usage.rules import gallons
from portal.kit.errors import DomainError, NotFound, read_all
from portal.kit.ids import UserId
from portal.kit.text import N_
from portal.models.accounts import Account
from portal.models.identity import User
from portal.models.usage import UsageNotification


class MovedOut(DomainError):
    """Alerts end with the tenure."""

    code = "moved_out"


def save(
    session: Session,
    actor: Actor,
    account_claim: object,
    *,
    threshold: str,
    emails: Sequence[str],
    suspended: bool,
    zone: ZoneInfo,
    now: datetime,
) -> list[str]:
    """Keep the actor's threshold for an account; return the addresses asked to confirm.

    Raises NotFound, Problems, MovedOut.
    """
    account = opened(session, actor, account_claim)
    if not suspended:
        _demand_service(account, zone, now)
    wanted, named = read_all(
        lambda: rules.read_threshold(threshold), lambda: rules.read_emails(emails)
    )
    session.connection().execute(
        text(
            "INSERT INTO usage_notification (user_id, account_id, customer_id, threshold_gallons,"
            " suspended, emails, updated_at) VALUES (:user, :account, :customer, :threshold,"
            " :suspended, :emails, :now) ON CONFLICT (user_id, account_id, customer_id)"
            " DO UPDATE SET threshold_gallons = excluded.threshold_gallons,"
            " suspended = excluded.suspended, emails = excluded.emails,"
            " updated_at = excluded.updated_at, ended_at = NULL"
        ),
        {
            "user": actor.user_id,
            "account": account.account_id,
            "customer": account.customer_id,
            "threshold": wanted,
            "suspended": suspended,
            "emails": named,
            "now": now,
        },
    )
    record(
        session,
        actor,
        "notification.save",
        account_id=account.account_id,
        customer_id=account.customer_id,
        threshold_gallons=wanted,
        suspended=suspended,
        addresses=len(named),
    )
    user = session.get_one(User, actor.user_id)
    return addresses.keep(session, user, named, now, ask=not suspended)


def ask_again(
    session: Session,
    actor: Actor,
    account_claim: object,
    email: str,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Ask a saved address once more. Raises NotFound, MovedOut, NotAskedNow."""
    account = opened(session, actor, account_claim)
    _demand_service(account, zone, now)
    saved = queries.stored(session, actor, account)
    if saved is None or email.lower() not in {one.lower() for one in saved.emails}:
        raise NotFound(N_("This address is not saved here. Choose Save first."))
    addresses.ask_again(session, session.get_one(User, actor.user_id), email, now)


def start_own(session: Session, actor: Actor, account_claim: object) -> None:
    """Write to the actor's own address again, which stopped from a mail. Raises NotFound."""
    account = opened(session, actor, account_claim)
    addresses.start_own(session, session.get_one(User, actor.user_id))
    record(
        session, actor, "alert_address.start", subject_user_id=actor.user_id,
        account_id=account.account_id, customer_id=account.customer_id,
    )  # fmt: skip


def _demand_service(account: OpenAccount, zone: ZoneInfo, now: datetime) -> None:
    if account.current(now.astimezone(zone).date()) is None:
        raise MovedOut(N_("You no longer have service at this address, so alerts have ended."))


def due(session: Session) -> list[UUID]:
    """Return the notifications that are switched on, for the daily run."""
    return list(
        session.exec(
            select(UsageNotification.id)
            .where(
                col(UsageNotification.suspended).is_(False),
                col(UsageNotification.ended_at).is_(None),
            )
            .order_by(col(UsageNotification.id))
        ).all()
    )


def alert(session: Session, notification_id: UUID, *, zone: ZoneInfo, now: datetime) -> list[date]:
    """Send what one notification has to say of the last days; return the usage dates told.

    Two runs at once tell a date once: the row of the alert is unique, and the mail stands in the
    same transaction. Dates of before the notification was saved (less the feed's delay) are past.
    Alerts end with the tenure or the link, and those who heard are told so.
    """
    saved = session.get(UsageNotification, notification_id)
    if saved is None or saved.suspended or saved.ended_at is not None:
        return []
    user = session.get(User, saved.user_id)
    if user is None or user.status != "active":
        return []
    account = _still_open(session, user, saved)
    today = now.astimezone(zone).date()
    if account is None or account.current(today) is None:
        if account is None or account.is_over(today):
            _end(session, saved, user, now, moved_out=account is not None)
        return []
    hearers = addresses.hearing(session, user, saved.emails)
    if not hearers:
        return []
    since = max(
        queries.late_since(today),
        saved.updated_at.astimezone(zone).date() - timedelta(days=2),
    )
    past = usage_queries.measured_days(
        session, account, zone=zone, now=now, days=rules.LATE_DAYS + 1, until=today
    )
    over = [
        mails.Over(usage_date, gallons(measured))
        for usage_date, measured in sorted(past.measured.items())
        if usage_date >= since and rules.passes(measured, saved.threshold_gallons)
    ]
    new = [one for one in over if _claim(session, saved, one, now)]
    for hearer in hearers if new else ():
        mails.alert(session, saved, user, account.account, hearer, new)
    return [one.day for one in new]


def _still_open(session: Session, user: User, saved: UsageNotification) -> OpenAccount | None:
    actor = Actor(user_id=UserId(user.id), role="resident")
    return next(
        (
            one
            for one in opened_accounts(session, actor)
            if one.account_id == saved.account_id and one.customer_id == saved.customer_id
        ),
        None,
    )


def _end(
    session: Session, saved: UsageNotification, user: User, now: datetime, *, moved_out: bool
) -> None:
    ended = session.exec(
        update(UsageNotification)
        .where(
            col(UsageNotification.id) == saved.id,
            col(UsageNotification.ended_at).is_(None),
        )
        .values(ended_at=now)
        .execution_options(synchronize_session="fetch")
    )
    if ended.rowcount != 1:
        return  # another run was first, and told them
    account = session.get_one(Account, saved.account_id)
    for hearer in addresses.hearing(session, user, saved.emails):
        mails.ended(session, user, account, hearer, moved_out=moved_out)


_END_ALL = text(
    """
    UPDATE usage_notification n SET ended_at = :now
    FROM unnest(CAST(:users AS uuid[]), CAST(:accounts AS uuid[]), CAST(:customers AS uuid[]))
      AS l(user_id, account_id, customer_id)
    WHERE n.user_id = l.user_id AND n.account_id = l.account_id
      AND n.customer_id = l.customer_id AND n.ended_at IS NULL
    RETURNING n.id
    """
)
_RESUME_ALL = text(
    """
    UPDATE usage_notification n SET ended_at = NULL
    FROM unnest(CAST(:users AS uuid[]), CAST(:accounts AS uuid[]), CAST(:customers AS uuid[]),
      CAST(:instants AS timestamptz[])) AS l(user_id, account_id, customer_id, left_at)
    WHERE n.user_id = l.user_id AND n.account_id = l.account_id
      AND n.customer_id = l.customer_id AND n.ended_at = l.left_at
    """
)


def end_with_links(
    session: Session, links: Sequence[tuple[UUID, UUID, UUID]], now: datetime
) -> None:
    """End the alerts of links (user, account, customer) whose customer moved out.

    Others who heard of them are told; the residents themselves hear of the whole move-out at once.
    """
    if not links:
        return
    ended = session.execute(_END_ALL, {"now": now, **_columns(links)}).scalars().all()
    rows = session.exec(
        select(UsageNotification, User, Account)
        .join(User, col(User.id) == UsageNotification.user_id)
        .join(Account, col(Account.id) == UsageNotification.account_id)
        .where(
            col(UsageNotification.id).in_(ended),
            col(UsageNotification.suspended).is_(False),
            User.status == "active",
        )
    ).all()
    for saved, user, account in rows:
        for hearer in addresses.hearing(session, user, saved.emails):
            if not hearer.own:
                mails.ended(session, user, account, hearer, moved_out=True)


def resume_with_links(session: Session, links: Sequence[tuple[UUID, UUID, UUID, datetime]]) -> None:
    """Take the alerts up again that ended with their links at just that instant."""
    if links:
        instants = [left_at for *_link, left_at in links]
        session.execute(_RESUME_ALL, {**_columns(links), "instants": instants})


def _columns(links: Sequence[Sequence[object]]) -> dict[str, list[object]]:
    return {
        name: [link[place] for link in links]
        for place, name in enumerate(("users", "accounts", "customers"))
    }


def _claim(session: Session, saved: UsageNotification, over: mails.Over, now: datetime) -> bool:
    found = session.connection().execute(
        text(
            "INSERT INTO usage_alert (notification_id, usage_date, used_gallons,"
            " threshold_gallons, sent_at) VALUES (:notification, :day, :used, :threshold, :now)"
            " ON CONFLICT (notification_id, usage_date) DO NOTHING RETURNING id"
        ),
        {
            "notification": saved.id,
            "day": over.day,
            "used": over.used,
            "threshold": saved.threshold_gallons,
            "now": now,
        },
    )
    return found.first() is not None
