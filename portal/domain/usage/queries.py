"""An account's water use, for one customer's stays there and no other day; the actor first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlmodel import Session

from portal.domain.accounts.policy import OpenAccount, opened
from portal.domain.audit import operations as audit
from portal.domain.identity.actor import Actor
from portal.domain.usage import rules
from portal.domain.usage.days import DIFFERENCE, ESTIMATED, MISSING
from portal.domain.usage.local_time import Calendar
from portal.domain.usage.ranges import Range, read_range
from portal.domain.usage.rules import DayUse, Use
from portal.domain.usage.store import METER_FEED_ID


@dataclass(frozen=True)
class Segment:
    """A meter at one service of an account, from `first` to `last` (both its days)."""

    service: tuple[str, int]
    feed_id: str
    first: date
    last: date | None

    def covers(self, day: date) -> bool:
        """True when the meter stood there on `day`."""
        return self.first <= day and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class Billed:
    """What a bill's read says was used, where no smart meter tells more."""

    read_date: date
    quantity: str
    unit: str


@dataclass(frozen=True)
class UsageView:
    """Everything the usage page shows; quantities in thousandths of a gallon."""

    account_no: str
    cid: str
    range: Range
    bars: tuple[Use, ...]
    total: int | None
    average_30: int | None
    comparison: rules.Comparison | None
    through: date | None
    earlier: tuple[date, date] | None
    later: tuple[date, date] | None
    oldest: date | None  # the first day with a reading
    has_meter: bool
    left_on: date | None  # the first day that no longer belongs to one who moved out
    missing_days: int
    estimated_days: int


def segments(session: Session, account_id: object) -> list[Segment]:
    """Return the meters of an account by time.

    On the day of an exchange both meters count, the old one until it was taken out. A network id
    that another account's meter also has at that time tells nobody's use.
    """
    rows = session.connection().execute(
        text(
            f"WITH mine AS (SELECT service_code, service_seq, {METER_FEED_ID} AS feed, connected,"
            "  removed FROM meter WHERE account_id = :account)"
            " SELECT mine.service_code, mine.service_seq, mine.feed, mine.connected, mine.removed,"
            "  bool_or(o.connected IS NOT NULL"
            "   AND (o.removed IS NULL OR o.removed > mine.connected)"
            "   AND (mine.removed IS NULL OR o.connected < mine.removed)) AS shared,"
            "  bool_or(o.connected = mine.removed) AS moved_on"
            " FROM mine LEFT JOIN meter o ON o.account_id <> :account AND ("
            "   o.remote_id IN (mine.feed, 'B' || mine.feed) OR (o.remote_id = ''"
            "   AND o.serial_no IN (mine.feed, 'B' || mine.feed)))"
            " GROUP BY 1, 2, 3, 4, 5 ORDER BY 4, 3, 1, 2, 5"
        ),
        {"account": account_id},
    )
    found = []
    for service_code, service_seq, feed, connected, removed, shared, moved_on in rows:
        if shared:
            continue
        last = removed
        if removed is not None and moved_on:
            last = removed - timedelta(days=1)
        found.append(Segment((service_code, service_seq), feed, connected, last))
    return found


def days_between(
    session: Session,
    parts: Sequence[Segment],
    account: OpenAccount,
    begin: date,
    end: date,
    calendar: Calendar,
) -> dict[date, DayUse]:
    """Return each day from `begin` to `end` that belongs to the account's stays."""
    rows = session.connection().execute(
        text(
            "SELECT feed_id, usage_date, total, count, estimated_count FROM meter_day"
            " WHERE feed_id = ANY(:feeds) AND usage_date BETWEEN :begin AND :end"
        ),
        {"feeds": sorted({part.feed_id for part in parts}), "begin": begin, "end": end},
    )
    stored = {(feed, day): (used, count, guessed) for feed, day, used, count, guessed in rows}
    found = {}
    day = begin
    while day <= end:
        if account.covers(day):
            found[day] = _day(day, parts, stored, calendar.hours(day))
        day += timedelta(days=1)
    return found


def _day(
    day: date,
    parts: Sequence[Segment],
    stored: Mapping[tuple[str, date], tuple[int | None, int, int]],
    length: int,
) -> DayUse:
    used: int | None = None
    missing = guessed = 0
    known: dict[tuple[str, int], int] = {}
    done: set[str] = set()
    for part in parts:
        if not part.covers(day) or part.feed_id in done:
            continue
        done.add(part.feed_id)
        amount, count, estimated = stored.get((part.feed_id, day), (None, 0, 0))
        known[part.service] = known.get(part.service, 0) + count
        guessed += estimated
        if amount is not None:
            used = (used or 0) + amount
    for count in known.values():
        missing = max(missing, length - min(count, length))
    return DayUse(day, used, missing, guessed)


_SPAN = text(
    "WITH mine AS NOT MATERIALIZED (SELECT * FROM meter_day"
    "  WHERE feed_id = :feed AND usage_date BETWEEN :low AND :high AND count > 0)"
    " SELECT (SELECT usage_date FROM mine ORDER BY usage_date LIMIT 1),"
    " coalesce((SELECT usage_date FROM mine WHERE count = cardinality(hours)"
    "  ORDER BY usage_date DESC LIMIT 1),"
    "  (SELECT usage_date FROM mine ORDER BY usage_date DESC LIMIT 1))"
)


def known_span(
    session: Session, parts: Sequence[Segment], account: OpenAccount
) -> tuple[date | None, date | None]:
    """Return the first day with a reading and the last whole one, within the stays.

    Where no day is whole, the last day with any.
    """
    first: list[date] = []
    last: list[date] = []
    for part in parts:
        for stay in account.stays:
            low = max(part.first, stay.start)
            highs = [part.last, stay.stop - timedelta(days=1) if stay.stop else None]
            high = min([one for one in highs if one is not None], default=date.max)
            row = (
                session.connection()
                .execute(
                    _SPAN,
                    {"feed": part.feed_id, "low": low, "high": min(high, date(9999, 1, 1))},
                )
                .one()
            )
            if row[0]:
                first.append(row[0])
            if row[1]:
                last.append(row[1])
    return min(first, default=None), max(last, default=None)


def usage(
    session: Session,
    actor: Actor,
    account_claim: object,
    begin: str,
    end: str,
    grouping: str,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> UsageView:
    """Return what the usage page shows of the account a browser names.

    Raises NotFound for an account that is not open to the actor, DomainError for a range.
    """
    account = opened(session, actor, account_claim)
    audit.look(session, actor, "usage.view", [account.pair])
    calendar = Calendar(zone)
    today = now.astimezone(zone).date()
    parts = segments(session, account.account_id)
    oldest, through = known_span(session, parts, account)
    asked = read_range(begin, end, grouping, through=through or today, oldest=oldest)
    # Before the first reading nothing is missing: there was nothing to read it with.
    begin_shown = max(asked.begin, oldest) if oldest else asked.begin
    end_shown = min(asked.end, today)
    days = days_between(session, parts, account, begin_shown, end_shown, calendar)
    past: dict[date, DayUse] = {}
    if through is not None:
        month_ago = through - timedelta(days=rules.AVERAGE_OVER - 1)
        past = days_between(session, parts, account, month_ago, through, calendar)
    before = days_between(
        session,
        parts,
        account,
        rules.year_before(asked.begin),
        rules.year_before(asked.end),
        calendar,
    )
    ordered = list(days.values())
    if asked.grouping == rules.HOURLY:
        bars = _hours(session, parts, account, begin_shown, end_shown, calendar, through)
    else:
        bars = rules.grouped(ordered, asked.grouping, through)
    earlier, later = rules.neighbours(asked.begin, asked.end)
    statuses = [rules.status_of(day, through) for day in ordered]
    stay = account.current(today)
    stops = [one.stop for one in account.stays if one.stop is not None]
    return UsageView(
        account_no=account.account.account_no,
        cid=account.customer.cid,
        range=asked,
        bars=tuple(bars),
        total=rules.total(ordered),
        average_30=rules.average(past, through),
        comparison=None if asked.grouping == rules.HOURLY else rules.compared(ordered, before),
        through=through,
        earlier=earlier if oldest is not None and earlier[1] >= oldest else None,
        later=later if later[0] <= (through or today) else None,
        oldest=oldest,
        has_meter=oldest is not None,
        left_on=None if stay else max(stops, default=None),
        missing_days=sum(1 for one in statuses if one in (rules.MISSING, rules.PARTIAL)),
        estimated_days=statuses.count(rules.ESTIMATED),
    )


def _hours(
    session: Session,
    parts: Sequence[Segment],
    account: OpenAccount,
    begin: date,
    end: date,
    calendar: Calendar,
    through: date | None,
) -> list[Use]:
    rows = session.connection().execute(
        text(
            "SELECT feed_id, usage_date, hours, quality FROM meter_day"
            " WHERE feed_id = ANY(:feeds) AND usage_date BETWEEN :begin AND :end"
        ),
        {"feeds": sorted({part.feed_id for part in parts}), "begin": begin, "end": end},
    )
    stored = {(feed, day): (hours, quality) for feed, day, hours, quality in rows}
    bars = []
    day = begin
    while day <= end:
        if account.covers(day):
            for slot in range(calendar.hours(day)):
                used, status = _hour(day, slot, parts, stored, through)
                bars.append(Use(day, day, used, status, calendar.start_of(day, slot)))
        day += timedelta(days=1)
    return bars


def _hour(
    day: date,
    slot: int,
    parts: Sequence[Segment],
    stored: Mapping[tuple[str, date], tuple[list[int | None], str]],
    through: date | None,
) -> tuple[int | None, str]:
    used: int | None = None
    guessed = False
    heard: dict[tuple[str, int], bool] = {}
    done: set[str] = set()
    for part in parts:
        if not part.covers(day) or part.feed_id in done:
            continue
        done.add(part.feed_id)
        hours, quality = stored.get((part.feed_id, day), (None, ""))
        value = hours[slot] if hours else None
        heard[part.service] = heard.get(part.service, False) or value is not None
        if value is not None:
            used = (used or 0) + value
            guessed = guessed or quality[slot] in ESTIMATED
    if used is None:
        late = through is None or day > through
        return None, rules.PENDING if late else rules.MISSING
    if not all(heard.values()):
        return used, rules.PARTIAL
    return used, rules.ESTIMATED if guessed else rules.MEASURED


def measured(hours: Sequence[int | None], quality: str) -> int:
    """Return the sum of the hours that were measured: neither missing nor estimated."""
    return sum(
        value
        for value, letter in zip(hours, quality, strict=True)
        if value is not None and letter not in ESTIMATED and letter != MISSING
    )


@dataclass(frozen=True)
class Measured:
    """An account's last days without their estimates: what alerts rest on."""

    measured: dict[date, int]  # thousandths of a gallon; whole days without a missing hour, or more
    average_30: int | None
    through: date | None


def measured_days(
    session: Session,
    account: OpenAccount,
    *,
    zone: ZoneInfo,
    now: datetime,
    days: int,
    until: date | None = None,
) -> Measured:
    """Return the measured use of the `days` days up to `until` (default: the last whole day).

    Only hours that were read count, all meters of the account together; a day without any is left
    out. What the missing hours held can only be more, so a day over a threshold stays over it.
    """
    calendar = Calendar(zone)
    parts = segments(session, account.account_id)
    _, through = known_span(session, parts, account)
    last = until or through
    if last is None:
        return Measured({}, None, None)
    first = last - timedelta(days=days - 1)
    rows = session.connection().execute(
        text(
            "SELECT feed_id, usage_date, hours, quality FROM meter_day"
            " WHERE feed_id = ANY(:feeds) AND usage_date BETWEEN :first AND :last"
        ),
        {"feeds": sorted({part.feed_id for part in parts}), "first": first, "last": last},
    )
    found: dict[date, int] = {}
    for feed, day, hours, quality in rows:
        mine = any(part.feed_id == feed and part.covers(day) for part in parts)
        if mine and account.covers(day) and set(quality) & set("RAD" + DIFFERENCE):
            found[day] = found.get(day, 0) + measured(hours, quality)
    past: dict[date, DayUse] = {}
    if through is not None:
        month_ago = through - timedelta(days=rules.AVERAGE_OVER - 1)
        past = days_between(session, parts, account, month_ago, through, calendar)
    return Measured(found, rules.average(past, through), through)


def billed(session: Session, actor: Actor, account_claim: object) -> list[Billed]:
    """Return the last 12 billed reads of the actor's stays, oldest first."""
    account = opened(session, actor, account_claim)
    rows = session.connection().execute(
        text(
            "SELECT read_date, billed_usage, unit, transaction FROM read"
            " WHERE account_id = :account AND transaction IN ('CYCLE', 'FINAL')"
            " ORDER BY read_date DESC, id LIMIT 40"
        ),
        {"account": account.account_id},
    )
    # A stay's final read is made on the day it ends, the first that no longer belongs.
    mine = [
        Billed(day, f"{quantity.normalize():f}", unit)
        for day, quantity, unit, why in rows
        if account.covers(day - timedelta(days=1) if why == "FINAL" else day)
    ]
    return mine[:12][::-1]
