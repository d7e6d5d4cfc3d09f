"""Time: aware UTC instants and civil dates of the city. `now` is an argument everywhere else."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def utc_now() -> datetime:
    """Return the present instant, aware, in UTC. Read it in state, http, jobs and commands only."""
    return datetime.now(UTC)


def local_date(at: datetime, zone: ZoneInfo) -> date:
    """Return the city's civil date at the instant `at`."""
    if at.tzinfo is None:
        raise ValueError("an instant has a zone")
    return at.astimezone(zone).date()


def day_bounds(day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the half-open UTC instants [start, end) of a local day: 23, 24 or 25 hours apart."""
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    return start, end


def hours_in_day(day: date, zone: ZoneInfo) -> int:
    """Return 23, 24 or 25: the hours of that local day."""
    start, end = day_bounds(day, zone)
    return int((end - start).total_seconds()) // 3600
