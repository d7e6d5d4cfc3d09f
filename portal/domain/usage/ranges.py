"""Beginning Date, End Date and Grouping as a person gives them -> a range that can be shown."""

from dataclasses import dataclass
from datetime import date, timedelta

from portal.domain.usage.rules import (
    DAILY,
    GROUPINGS,
    HOURLY,
    MONTHLY,
    add_months,
    month_end,
    year_before,
)
from portal.kit.errors import DomainError, read_all
from portal.kit.text import N_

LONGEST = {HOURLY: 7, DAILY: 366, MONTHLY: 3 * 366, "yearly": 30 * 366}
_DAYS_SHOWN = 31


@dataclass(frozen=True)
class Range:
    """The days from `begin` to `end`, both shown, as bars of `grouping`."""

    begin: date
    end: date
    grouping: str


def read_range(
    begin: str, end: str, grouping: str, *, through: date, oldest: date | None = None
) -> Range:
    """Return the range asked for; what is left empty is filled in from `through`.

    Raises DomainError with each field at fault: "begin", "end".
    """
    kind = grouping if grouping in GROUPINGS else DAILY
    first: date | None
    last: date | None
    first, last = read_all(lambda: _date(begin, "begin"), lambda: _date(end, "end"))
    if last is None:
        last = _usual_end(first, kind, through)
    if first is None:
        first = _usual_begin(last, kind, oldest)
    if last < first:
        raise DomainError(
            N_("End Date must be the same as Beginning Date or after it."), field="end"
        )
    if (last - first).days >= LONGEST[kind]:
        raise DomainError(_TOO_LONG[kind], field="begin")
    return Range(first, last, kind)


_TOO_LONG = {
    HOURLY: N_("Hourly shows up to 7 days. Choose dates closer together, or Daily."),
    DAILY: N_("Daily shows up to one year. Choose dates closer together, or Monthly."),
    MONTHLY: N_("Monthly shows up to three years. Choose dates closer together, or Yearly."),
    "yearly": N_("Yearly shows up to 30 years. Choose dates closer together."),
}


def _usual_end(first: date | None, kind: str, through: date) -> date:
    if first is None:
        return through
    if kind == HOURLY:
        return first
    return max(first, min(through, first + timedelta(days=LONGEST[kind] - 1)))


def _usual_begin(last: date, kind: str, oldest: date | None) -> date:
    if kind == HOURLY:
        return last
    if kind == DAILY:
        return last - timedelta(days=_DAYS_SHOWN - 1)
    if kind == MONTHLY:
        return add_months(last, -12)
    start = max(oldest or year_before(last), last - timedelta(days=LONGEST["yearly"] - 2))
    return date(min(start.year, last.year), 1, 1)


def _date(text: str, field: str) -> date | None:
    text = text.strip()
    if not text:
        return None
    try:
        if "/" in text:
            month, day, year = text.split("/")
            found = date(int(year), int(month), int(day))
        else:
            found = date.fromisoformat(text)
    except ValueError:
        raise DomainError(_NO_DATE[field], field=field) from None
    if not 1990 <= found.year <= 2100:
        raise DomainError(_NO_DATE[field], field=field)
    return found


_NO_DATE = {
    "begin": N_("Beginning Date is not a date we can read. Write it as month/day/year."),
    "end": N_("End Date is not a date we can read. Write it as month/day/year."),
}


def inside(first: date, grouping: str) -> tuple[str, date, date] | None:
    """Return what a bar opens into: a year its months, a month its days, a day its hours."""
    if grouping == "yearly":
        return MONTHLY, date(first.year, 1, 1), date(first.year, 12, 31)
    if grouping == MONTHLY:
        return DAILY, first.replace(day=1), month_end(first)
    if grouping == DAILY:
        return HOURLY, first, first
    return None
