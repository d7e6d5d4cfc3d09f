"""Days of use and what is made of them: pure, in thousandths of a gallon."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

HOURLY, DAILY, MONTHLY, YEARLY = "hourly", "daily", "monthly", "yearly"
GROUPINGS = (DAILY, MONTHLY, YEARLY, HOURLY)

MEASURED = "measured"
ESTIMATED = "estimated"  # whole, and part of it an estimate
PARTIAL = "partial"  # some of its hours are missing
MISSING = "missing"
PENDING = "pending"  # not yet received

AVERAGE_OVER = 30
AVERAGE_NEEDS = 7  # days; fewer say nothing about a household
COMPARE_NEEDS = 75  # per cent of the days known in both years


@dataclass(frozen=True, slots=True)
class DayUse:
    """One local day at an account, all its meters together."""

    day: date
    used: int | None
    missing_hours: int
    estimated_hours: int

    @property
    def whole(self) -> bool:
        """True when every hour is known."""
        return self.used is not None and self.missing_hours == 0


@dataclass(frozen=True, slots=True)
class Use:
    """One bar: a day, a month, a year, or an hour (then `at` is the instant it starts)."""

    first: date
    last: date
    used: int | None
    status: str
    at: datetime | None = None


def status_of(day: DayUse, through: date | None) -> str:
    """Return the word for a day, given up to where readings have come."""
    if day.used is None:
        return PENDING if through is None or day.day > through else MISSING
    if day.missing_hours:
        return PARTIAL
    return ESTIMATED if day.estimated_hours else MEASURED


def grouped(days: Sequence[DayUse], grouping: str, through: date | None) -> list[Use]:
    """Return a bar a day, month or year of `days`, in their order; unknown days add nothing."""
    if grouping == DAILY:
        return [Use(day.day, day.day, day.used, status_of(day, through)) for day in days]
    bars: dict[tuple[int, int], list[DayUse]] = {}
    for day in days:
        key = (day.day.year, day.day.month if grouping == MONTHLY else 0)
        bars.setdefault(key, []).append(day)
    return [
        Use(group[0].day, group[-1].day, total(group), _together(group, through))
        for group in bars.values()
    ]


def total(days: Sequence[DayUse]) -> int | None:
    """Return the sum of what is known, None where nothing is."""
    known = [day.used for day in days if day.used is not None]
    return sum(known) if known else None


def _together(days: Sequence[DayUse], through: date | None) -> str:
    found = {status_of(day, through) for day in days}
    if found <= {PENDING, MISSING}:
        return PENDING if found == {PENDING} else MISSING
    if found & {PENDING, MISSING, PARTIAL}:
        return PARTIAL
    return ESTIMATED if ESTIMATED in found else MEASURED


def average(days: Mapping[date, DayUse], through: date | None) -> int | None:
    """Return the mean of a day over the 30 days up to `through`, or None where too few are known.

    Days with a gap's estimate count: their total is right, only its shape is unknown.
    """
    if through is None:
        return None
    last = [days.get(through - timedelta(days=n)) for n in range(AVERAGE_OVER)]
    known = [day.used for day in last if day and day.whole and day.used is not None]
    return sum(known) // len(known) if len(known) >= AVERAGE_NEEDS else None


def year_before(day: date) -> date:
    """Return the same civil date a year earlier; February 29 becomes the 28th."""
    return day.replace(year=day.year - 1, day=min(day.day, monthrange(day.year - 1, day.month)[1]))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The days of a range that are known in both years, summed in each."""

    now: int
    before: int

    @property
    def percent(self) -> int | None:
        """The change in whole per cent, half away from zero; None against no use at all."""
        if not self.before:
            return None
        change = 100 * (self.now - self.before)
        sign = -1 if change < 0 else 1
        return sign * ((2 * abs(change) + self.before) // (2 * self.before))


def compared(days: Sequence[DayUse], before: Mapping[date, DayUse]) -> Comparison | None:
    """Compare `days` with the same dates a year earlier; None below 75 % of days known in both."""
    received = [day for day in days if day.used is not None]
    pairs = [
        (day.used, then.used)
        for day in received
        if day.whole and (then := before.get(year_before(day.day))) is not None and then.whole
    ]
    if not pairs or 100 * len(pairs) < COMPARE_NEEDS * len(received):
        return None
    return Comparison(sum(now or 0 for now, _ in pairs), sum(then or 0 for _, then in pairs))


def neighbours(begin: date, end: date) -> tuple[tuple[date, date], tuple[date, date]]:
    """Return the ranges before and after: whole months and years keep their shape."""
    if begin.day == 1 and end == month_end(end):
        months = (end.year - begin.year) * 12 + end.month - begin.month + 1
        before, after = add_months(begin, -months), add_months(begin, months)
        return (before, begin - timedelta(days=1)), (
            after,
            month_end(add_months(after, months - 1)),
        )
    length = end - begin + timedelta(days=1)
    return (begin - length, end - length), (begin + length, end + length)


def add_months(first: date, months: int) -> date:
    """Return the first of the month `months` after that of `first`."""
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def month_end(day: date) -> date:
    """Return the last date of `day`'s month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def gallons(thousandths: int) -> int:
    """Return whole gallons, half up."""
    return (thousandths + 500) // 1000
