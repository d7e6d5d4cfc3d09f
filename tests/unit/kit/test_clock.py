"""The city's days: three lengths, and the instants that bound them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.kit.clock import day_bounds, hours_in_day, local_date, utc_now

PACIFIC = ZoneInfo("America/Los_Angeles")
CENTRAL = ZoneInfo("America/Chicago")


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2026, 3, 8), PACIFIC, 23),
        (date(2026, 3, 8), CENTRAL, 23),
        (date(2026, 11, 1), PACIFIC, 25),
        (date(2026, 7, 4), PACIFIC, 24),
        (date(2026, 3, 8), ZoneInfo("America/Phoenix"), 24),
    ],
)
def test_a_day_has_the_hours_of_its_clock(day: date, zone: ZoneInfo, hours: int) -> None:
    assert hours_in_day(day, zone) == hours
    start, end = day_bounds(day, zone)
    assert end - start == timedelta(hours=hours)
    assert (local_date(start, zone), local_date(end - timedelta(microseconds=1), zone)) == (
        day,
        day,
    )
    assert local_date(end, zone) == day + timedelta(days=1)


def test_the_bounds_are_aware_and_utc() -> None:
    assert day_bounds(date(2026, 3, 8), PACIFIC) == (
        datetime(2026, 3, 8, 8, tzinfo=UTC),
        datetime(2026, 3, 9, 7, tzinfo=UTC),
    )
    assert utc_now().tzinfo is UTC


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has a zone"):
        local_date(datetime(2026, 3, 8), PACIFIC)  # noqa: DTZ001 - on purpose
