"""When a town reads its meters, bills and expects to be paid."""

from dataclasses import dataclass
from datetime import date, timedelta

from portal.cities import City


@dataclass(frozen=True)
class Rhythm:
    """Months between reads; days from read to statement and from statement to due date."""

    months: int
    to_statement: int
    to_due: int
    groups: int  # cycles: places of one cycle are read on one day


_MONTHS = {"monthly": 1, "bi-monthly": 2, "quarterly": 3}
_LAGS = {"monthly": (5, 20), "bi-monthly": (12, 54), "quarterly": (10, 30)}


def rhythm_of(city: City) -> Rhythm:
    """Return the city's rhythm from its billing cycle."""
    months = _MONTHS[city.billing.cycle]
    return Rhythm(months, *_LAGS[city.billing.cycle], groups=months * 6)


def _months_before(day: date, months: int) -> date:
    index = day.year * 12 + day.month - 1 - months
    return date(index // 12, index % 12 + 1, day.day)


def read_dates(rhythm: Rhythm, cycle: int, today: date, years: int = 2) -> list[date]:
    """Return the read dates of cycle `cycle`, oldest first, that bills of `years` years rest on.

    The last one is the newest whose bill is already out today.
    """
    day_of_month = 2 + (cycle // rhythm.months) * 4
    phase = cycle % rhythm.months
    newest = date(today.year, today.month, day_of_month)
    # Every cycle keeps its months whatever today is, so that a year's bills share their season.
    while (newest.year * 12 + newest.month) % rhythm.months != phase or (
        newest + timedelta(days=rhythm.to_statement) > today
    ):
        newest = _months_before(newest, 1)
    count = years * 12 // rhythm.months
    return [_months_before(newest, rhythm.months * n) for n in range(count, -1, -1)]


def bill_year(city: City, day: date) -> int:
    """Return the fiscal year that a statement of that day belongs to."""
    starts = city.billing.fiscal_year_starts
    return day.year + (1 if starts > 1 and day.month >= starts else 0)
