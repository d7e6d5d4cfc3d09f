"""My Notifications as its page shows it: the saved values, the guideline, the rehearsal."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, select

from portal.domain.accounts.policy import OpenAccount, opened
from portal.domain.alerts import addresses, rules
from portal.domain.alerts.addresses import Address, AddressStatus
from portal.domain.identity.actor import Actor
from portal.domain.usage import queries as usage_queries
from portal.domain.usage.rules import gallons
from portal.models.identity import User
from portal.models.usage import UsageNotification


@dataclass(frozen=True)
class NotificationView:
    """What My Notifications shows. `threshold` is None where nothing was saved yet."""

    account_no: str
    cid: str
    threshold: int | None
    suspended: bool
    addresses: tuple[Address, ...]
    average_30: int | None  # gallons
    suggestions: tuple[tuple[int, rules.Rehearsal], ...]  # gallons: 2, 2.5 and 3 times the average
    rehearsal: rules.Rehearsal | None
    through: date | None
    has_meter: bool
    left_on: date | None  # the first day that is no longer theirs, for one who moved out
    lives_there: bool
    ended: bool  # told so once; saving begins anew


def notification(
    session: Session, actor: Actor, account_claim: object, *, zone: ZoneInfo, now: datetime
) -> NotificationView:
    """Return the actor's notification of the account a browser names. Raises NotFound."""
    account = opened(session, actor, account_claim)
    saved = stored(session, actor, account)
    past = usage_queries.measured_days(
        session, account, zone=zone, now=now, days=rules.REHEARSED_DAYS
    )
    mean = None if past.average_30 is None else gallons(past.average_30)
    suggested = sorted({-(-(mean or 0) * tenths // 100) * 10 for tenths in (20, 25, 30)} - {0})
    user = session.get_one(User, actor.user_id)
    threshold = saved.threshold_gallons if saved else None
    today = now.astimezone(zone).date()
    return NotificationView(
        account_no=account.account.account_no,
        cid=account.customer.cid,
        threshold=threshold,
        suspended=saved.suspended if saved else False,
        addresses=addresses.shown(session, user, saved.emails, now)
        if saved
        else (Address(user.email, AddressStatus.CONFIRMED, own=True),),
        average_30=mean,
        suggestions=tuple(
            (one, rules.rehearse(past.measured, one, past.through)) for one in suggested
        ),
        rehearsal=None
        if threshold is None
        else rules.rehearse(past.measured, threshold, past.through),
        through=past.through,
        has_meter=past.through is not None,
        left_on=account.left_on(today),
        lives_there=account.current(today) is not None,
        ended=saved is not None and saved.ended_at is not None,
    )


def rehearsal(
    session: Session,
    actor: Actor,
    account_claim: object,
    typed: str,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> rules.Rehearsal:
    """Return how often the value typed would have alerted. Raises NotFound, BadNotification."""
    account = opened(session, actor, account_claim)
    threshold = rules.read_threshold(typed)
    past = usage_queries.measured_days(
        session, account, zone=zone, now=now, days=rules.REHEARSED_DAYS
    )
    return rules.rehearse(past.measured, threshold, past.through)


def stored(session: Session, actor: Actor, account: OpenAccount) -> UsageNotification | None:
    """Return the actor's own saved notification of an open account."""
    return session.exec(
        select(UsageNotification).where(
            UsageNotification.user_id == actor.user_id,
            UsageNotification.account_id == account.account_id,
            UsageNotification.customer_id == account.customer_id,
        )
    ).first()


def late_since(today: date) -> date:
    """Return the earliest usage date that may still raise an alert."""
    return today - timedelta(days=rules.LATE_DAYS)


def limit(session: Session, actor: Actor, account_claim: object) -> int | None:
    """Return the actor's daily threshold in gallons, if one is set and at work."""
    saved = stored(session, actor, opened(session, actor, account_claim))
    return (
        saved.threshold_gallons
        if saved and not saved.suspended and saved.ended_at is None
        else None
    )
