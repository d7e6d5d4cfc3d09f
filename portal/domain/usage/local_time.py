"""Naive local stamps of a meter feed -> instants -> the hour of a local day they end."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from portal.kit.clock import day_bounds

HOUR = timedelta(hours=1)


class SpringGap(ValueError):
    """The stamp names a minute that the clocks skipped that spring."""


class Calendar:
    """The local days of one city: where a stamp falls and where an hour belongs."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self.bounds = cache(lambda day: day_bounds(day, zone))
        self.hours = cache(self._hours)
        self.place = cache(self._place)

    def _hours(self, day: date) -> int:
        start, end = self.bounds(day)
        return (end - start) // HOUR

    def instant(self, naive: datetime, *, standard: bool = False) -> datetime:
        """Return the UTC instant of a naive local stamp.

        Of an autumn hour that comes twice, `standard` asks for the second, standard time.
        Raises SpringGap for a stamp the clocks skipped.
        """
        aware = naive.replace(tzinfo=self.zone, fold=int(standard)).astimezone(UTC)
        if aware.astimezone(self.zone).replace(tzinfo=None) != naive:
            raise SpringGap(naive)
        return aware

    def twice(self, naive: datetime) -> bool:
        """True when the clocks show `naive` twice that day."""
        return self.instant(naive) != self.instant(naive, standard=True)

    def _place(self, end: datetime) -> tuple[date, int]:
        day = (end - timedelta(microseconds=1)).astimezone(self.zone).date()
        return day, (end - self.bounds(day)[0] - timedelta(microseconds=1)) // HOUR

    def start_of(self, day: date, slot: int) -> datetime:
        """Return the instant at which hour `slot` (0 is the first) of the local day starts."""
        return self.bounds(day)[0] + slot * HOUR


def nearest_hour(at: datetime) -> datetime:
    """Round an instant to the nearest clock hour, the half hour up.

    Meters report a little off the hour. Their reads are used as delivered, not interpolated:
    interpolating raised 117 true leak alerts to 156.
    """
    up = at + timedelta(minutes=30)
    return up.replace(minute=0, second=0, microsecond=0)
