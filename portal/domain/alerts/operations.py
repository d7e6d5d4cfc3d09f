"""Saving a notification, and the daily alert: once a notification and usage date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session, col, select

from portal import routes
from portal.domain.accounts.policy import OpenAccount, opened, opened_accounts
from portal.domain.alerts import queries, rules
from portal.domain.audit.operations import record
from portal.domain.identity.actor import Actor
from portal.domain.outbox.operations import queue_mail
from portal.domain.outbox.render import Part
from portal.domain.usage import queries as usage_queries
from portal.domain.usage.rules import gallons
from portal.kit.errors import DomainError
from portal.kit.ids import UserId
from portal.kit.text import N_, _, day, number, speaking
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
) -> None:
    """Keep the actor's threshold for an account. Raises NotFound, BadNotification, MovedOut."""
    account = opened(session, actor, account_claim)
    if account.current(now.astimezone(zone).date()) is None and not suspended:
        raise MovedOut(N_("You no longer have service at this address, so alerts have ended."))
    wanted = rules.read_threshold(threshold)
    addresses = rules.read_emails(emails)
    session.connection().execute(
        text(
            "INSERT INTO usage_notification (user_id, account_id, customer_id, threshold_gallons,"
            " suspended, emails, updated_at) VALUES (:user, :account, :customer, :threshold,"
            " :suspended, :emails, :now) ON CONFLICT (user_id, account_id, customer_id)"
            " DO UPDATE SET threshold_gallons = excluded.threshold_gallons,"
            " suspended = excluded.suspended, emails = excluded.emails,"
            " updated_at = excluded.updated_at"
        ),
        {
            "user": actor.user_id,
            "account": account.account_id,
            "customer": account.customer_id,
            "threshold": wanted,
            "suspended": suspended,
            "emails": addresses,
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
        addresses=len(addresses),
    )


def due(session: Session) -> list[UUID]:
    """Return the notifications that are switched on, for the daily run."""
    return list(
        session.exec(
            select(UsageNotification.id)
            .where(col(UsageNotification.suspended).is_(False))
            .order_by(col(UsageNotification.id))
        ).all()
    )


@dataclass(frozen=True)
class _Over:
    day: date
    used: int  # whole gallons that were measured


def alert(session: Session, notification_id: UUID, *, zone: ZoneInfo, now: datetime) -> list[date]:
    """Send what one notification has to say of the last days; return the usage dates told.

    Two runs at once tell a date once: the row of the alert is unique, and the mail stands in the
    same transaction. Dates of before the notification was saved (less the feed's delay) are past.
    """
    saved = session.get(UsageNotification, notification_id)
    if saved is None or saved.suspended or not saved.emails:
        return []
    user = session.get(User, saved.user_id)
    if user is None or user.status != "active":
        return []
    actor = Actor(user_id=UserId(user.id), role="resident")
    account = next(
        (
            one
            for one in opened_accounts(session, actor)
            if one.account_id == saved.account_id and one.customer_id == saved.customer_id
        ),
        None,
    )
    today = now.astimezone(zone).date()
    if account is None or account.current(today) is None:
        return []  # unlinked, or moved out: alerts end with the tenure
    since = max(
        queries.late_since(today),
        saved.updated_at.astimezone(zone).date() - timedelta(days=2),
    )
    past = usage_queries.measured_days(
        session, account, zone=zone, now=now, days=rules.LATE_DAYS + 1, until=today
    )
    over = [
        _Over(usage_date, gallons(measured))
        for usage_date, measured in sorted(past.measured.items())
        if usage_date >= since and rules.passes(measured, saved.threshold_gallons)
    ]
    new = [one for one in over if _claim(session, saved, one, now)]
    if new:
        _write(session, saved, user, account, new)
    return [one.day for one in new]


def _claim(session: Session, saved: UsageNotification, over: _Over, now: datetime) -> bool:
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


def _write(
    session: Session,
    saved: UsageNotification,
    user: User,
    account: OpenAccount,
    new: Sequence[_Over],
) -> None:
    with speaking(user.language):
        limit = number(saved.threshold_gallons)
        ending = account.account.account_no[-4:]
        days = [(day(one.day), _("%(used)s gallons", used=number(one.used))) for one in new]
        paragraphs: list[Part] = [
            _(
                "Water use at your account ending in %(ending)s was higher than the"
                " %(limit)s gallons a day that you chose.",
                ending=ending,
                limit=limit,
            ),
            days,
            _("If this is not what you expect, look for a toilet that runs or a garden valve."),
            _(
                "To change the threshold or stop these alerts, open My Notifications,"
                " check Suspend and choose Save."
            ),
        ]
        query: dict[str, str] = {"account": str(saved.account_id)}
        if len(new) == 1:
            query |= {"begin": str(new[0].day), "end": str(new[0].day), "grouping": "hourly"}
        for address in saved.emails:
            queue_mail(
                session,
                kind="usage_alert",
                to=address,
                subject=_("High water use on %(day)s", day=day(new[-1].day)),
                paragraphs=paragraphs,
                action=(_("View Daily Usage"), routes.absolute(routes.USAGE, **query)),
                user_id=user.id,
                account_id=saved.account_id,
            )
