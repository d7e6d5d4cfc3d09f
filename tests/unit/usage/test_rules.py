"""Ranges, neighbours, comparison and scale of use, without a database."""

from datetime import date
from decimal import Decimal

import pytest

from portal.domain.usage import feed, ranges, registers, rules
from portal.domain.usage.rules import DayUse


def test_neighbours_keep_whole_months_and_years_whole() -> None:
    assert rules.neighbours(date(2026, 2, 1), date(2026, 2, 28)) == (
        (date(2026, 1, 1), date(2026, 1, 31)),
        (date(2026, 3, 1), date(2026, 3, 31)),
    )
    assert rules.neighbours(date(2026, 1, 1), date(2026, 12, 31))[0] == (
        date(2025, 1, 1),
        date(2025, 12, 31),
    )
    assert rules.neighbours(date(2026, 7, 5), date(2026, 8, 5)) == (
        (date(2026, 6, 3), date(2026, 7, 4)),
        (date(2026, 8, 6), date(2026, 9, 6)),
    )


def test_a_leap_day_is_compared_with_the_day_before_march() -> None:
    assert rules.year_before(date(2028, 2, 29)) == date(2027, 2, 28)


def test_a_comparison_needs_three_quarters_of_the_days() -> None:
    days = [DayUse(date(2026, 5, n), 1000, 0, 0) for n in range(1, 5)]
    before = {date(2025, 5, n): DayUse(date(2025, 5, n), 2000, 0, 0) for n in range(1, 4)}
    found = rules.compared(days, before)
    assert found == rules.Comparison(3000, 6000)
    assert found.percent == -50
    del before[date(2025, 5, 3)]
    assert rules.compared(days, before) is None


@pytest.mark.parametrize(
    ("now", "before", "percent"), [(105, 100, 5), (1005, 1000, 1), (1, 0, None)]
)
def test_per_cents_round_half_away_from_zero(now: int, before: int, percent: int | None) -> None:
    assert rules.Comparison(now, before).percent == percent


def test_an_average_needs_seven_days() -> None:
    days = {date(2026, 5, n): DayUse(date(2026, 5, n), 700, 0, 0) for n in range(1, 7)}
    assert rules.average(days, date(2026, 5, 7)) is None
    days[date(2026, 5, 7)] = DayUse(date(2026, 5, 7), 1400, 0, 0)
    assert rules.average(days, date(2026, 5, 7)) == 800


def test_what_is_left_empty_is_filled_in() -> None:
    through = date(2026, 11, 19)

    def shown(begin: str, end: str, grouping: str) -> tuple[str, str, str]:
        found = ranges.read_range(begin, end, grouping, through=through, oldest=date(2025, 10, 15))
        return found.begin.isoformat(), found.end.isoformat(), found.grouping

    assert shown("", "", "") == ("2026-10-20", "2026-11-19", "daily")
    assert shown("", "", "monthly") == ("2025-11-01", "2026-11-19", "monthly")
    assert shown("", "", "yearly") == ("2025-01-01", "2026-11-19", "yearly")
    assert shown("", "", "hourly") == ("2026-11-19", "2026-11-19", "hourly")
    assert shown("07/05/2026", "08/05/2026", "DROP") == ("2026-07-05", "2026-08-05", "daily")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("B74741489", "74741489"),
        ("b1", "1"),
        ("BX9", "BX9"),
        ("B", "B"),
        ("a\tb", None),
        ("", None),
    ],
)
def test_a_meters_id_loses_its_prefix(text: str, found: str | None) -> None:
    assert feed.feed_id(text) == found


def test_jitter_is_five_units_or_the_resolution_and_five_cubic_feet_at_most() -> None:
    assert feed.jitter("GAL", Decimal(1)) == 5_000
    assert feed.jitter("GAL", Decimal(1), Decimal(10)) == 10_000
    assert feed.jitter("CCF", Decimal(1)) == 37_403  # 5 x 1728/231 gallons


@pytest.mark.parametrize(
    ("size", "gpm"),
    [("5/8", 20), ("0.625", 20), ("5/8x3/4", 20), ('1"', 50), ("1.5", 100), ("?", 50)],
)
def test_a_meters_size_bounds_an_hour(size: str, gpm: int) -> None:
    assert registers.most_per_hour(size) == gpm * 60_000
