"""Meter days and registers in and out of the database, many at a time (COPY, arrays)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from sqlmodel import Session

from portal.domain.usage.days import ESTIMATED, Day, pack, unpack
from portal.domain.usage.local_time import Calendar

Key = tuple[str, date]
Connection = psycopg.Connection[tuple[Any, ...]]

# A meter as the feed calls it: the network's id, or the serial number, without a B prefix.
METER_FEED_ID = (
    "regexp_replace(upper(btrim(coalesce(nullif(remote_id, ''), serial_no))), '^B(?=[0-9])', '')"
)

_DAY_COLUMNS = (
    "feed_id, usage_date, hours, quality, total, minimum, maximum, count, estimated_count,"
    " stamps, origin"
)
_REGISTER_COLUMNS = "feed_id, usage_date, seconds, values, stamps, origin"


def connection(session: Session) -> Connection:
    """Return the psycopg connection of the session's transaction."""
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def lock(conn: Connection) -> None:
    """Let one usage import write at a time, until the transaction ends."""
    conn.execute("SELECT pg_advisory_xact_lock(hashtext('portal usage import'))")


def load_days(conn: Connection, keys: Collection[Key]) -> dict[Key, Day]:
    """Return those of `keys` that are stored."""
    rows = conn.execute(
        "SELECT d.feed_id, d.usage_date, d.hours, d.quality, d.stamps, d.origin"
        " FROM meter_day d JOIN unnest(%s::text[], %s::date[]) AS k (feed_id, usage_date)"
        " USING (feed_id, usage_date)",
        ([feed for feed, _ in keys], [day for _, day in keys]),
    )
    return {
        (feed, day): Day(hours, list(quality), unpack(stamps, origin))
        for feed, day, hours, quality, stamps, origin in rows
    }


def _line(key: Key, day: Day) -> str:
    known = day.known
    stamps, origin = pack(day.origin)
    total, least, most = (sum(known), min(known), max(known)) if known else (r"\N",) * 3
    quality = "".join(day.quality)
    guessed = sum(map(quality.count, ESTIMATED))
    hours = ",".join(["NULL" if value is None else str(value) for value in day.hours])
    names = ",".join([f'"{stamp}"' for stamp in stamps])
    return (
        f"{key[0]}\t{key[1]}\t{{{hours}}}\t{quality}\t{total}\t{least}\t{most}\t"
        f"{len(known)}\t{guessed}\t{{{names}}}\t{origin}\n"
    )


def _copy(conn: Connection, statement: str, lines: Iterable[str]) -> None:
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write("".join(lines))


def save_days(conn: Connection, days: Mapping[Key, Day], stored: Collection[Key]) -> int:
    """Write the days that changed: new ones by COPY, those `stored` by one set-based update.

    The import lock makes sure that nobody adds one in between. Returns how many were written.
    """
    changed = [(key, day) for key, day in sorted(days.items()) if day.changed]
    known = set(stored)
    fresh = [_line(key, day) for key, day in changed if key not in known]
    if fresh:
        _copy(conn, f"COPY meter_day ({_DAY_COLUMNS}) FROM STDIN", fresh)
    again = [_line(key, day) for key, day in changed if key in known]
    if again:
        conn.execute(
            "CREATE TEMP TABLE IF NOT EXISTS meter_day_staging (LIKE meter_day)"
            " ON COMMIT DROP; TRUNCATE meter_day_staging"
        )
        _copy(conn, f"COPY meter_day_staging ({_DAY_COLUMNS}) FROM STDIN", again)
        conn.execute(
            "UPDATE meter_day d SET hours = s.hours, quality = s.quality, total = s.total,"
            " minimum = s.minimum, maximum = s.maximum, count = s.count,"
            " estimated_count = s.estimated_count, stamps = s.stamps, origin = s.origin"
            " FROM meter_day_staging s"
            " WHERE d.feed_id = s.feed_id AND d.usage_date = s.usage_date"
        )
    for _, day in changed:
        day.changed = False
    return len(changed)


Reads = dict[datetime, tuple[int, str]]  # instant: value and the delivery it came in


def save_registers(
    conn: Connection, reads: Mapping[str, Reads], calendar: Calendar
) -> dict[str, Reads]:
    """Add registers to those stored; the newest delivery wins at each instant.

    Returns, for every meter of `reads`, all that is stored within 45 days of them, with the
    nearest before and after.
    """
    if not reads:
        return {}
    ask = [
        (
            feed,
            (min(found).astimezone(calendar.zone).date()),
            (max(found).astimezone(calendar.zone).date()),
        )
        for feed, found in reads.items()
    ]
    rows = conn.execute(
        "SELECT r.feed_id, r.usage_date, r.seconds, r.values, r.stamps, r.origin"
        " FROM unnest(%s::text[], %s::date[], %s::date[]) AS k (feed, low, high)"
        " CROSS JOIN LATERAL ("
        "  SELECT * FROM register_day WHERE feed_id = k.feed"
        "   AND usage_date BETWEEN k.low - 45 AND k.high + 45"
        "  UNION ALL (SELECT * FROM register_day WHERE feed_id = k.feed"
        "   AND usage_date < k.low - 45 ORDER BY usage_date DESC LIMIT 1)"
        "  UNION ALL (SELECT * FROM register_day WHERE feed_id = k.feed"
        "   AND usage_date > k.high + 45 ORDER BY usage_date LIMIT 1)"
        " ) r",
        tuple([list(column) for column in zip(*ask, strict=True)]),
    ).fetchall()
    stored: dict[str, Reads] = {feed: {} for feed in reads}
    for feed, day, seconds, values, stamps, origin in rows:
        start = calendar.bounds(day)[0]
        names = unpack(stamps, origin)
        for offset, value, stamp in zip(seconds, values, names, strict=True):
            stored[str(feed)][start + timedelta(seconds=offset)] = (value, stamp)
    touched: dict[Key, None] = {}
    for feed, found in reads.items():
        kept = stored[feed]
        for at, (value, stamp) in found.items():
            old = kept.get(at)
            if old is None or (stamp >= old[1] and old != (value, stamp)):
                kept[at] = (value, stamp)
                touched[(feed, at.astimezone(calendar.zone).date())] = None
    _write_registers(conn, stored, touched, calendar)
    return stored


def _write_registers(
    conn: Connection, stored: Mapping[str, Reads], touched: Iterable[Key], calendar: Calendar
) -> None:
    by_day: dict[Key, list[tuple[datetime, int, str]]] = {key: [] for key in touched}
    for feed in {feed for feed, _ in by_day}:
        for at, (value, stamp) in stored[feed].items():
            key = (feed, at.astimezone(calendar.zone).date())
            if key in by_day:
                by_day[key].append((at, value, stamp))
    if not by_day:
        return
    lines = []
    for (feed, day), found in by_day.items():
        found.sort()
        start = calendar.bounds(day)[0]
        stamps, origin = pack([stamp for _, _, stamp in found])
        seconds = ",".join(str(int((at - start).total_seconds())) for at, _, _ in found)
        values = ",".join(str(value) for _, value, _ in found)
        names = ",".join(f'"{stamp}"' for stamp in stamps)
        lines.append(f"{feed}\t{day}\t{{{seconds}}}\t{{{values}}}\t{{{names}}}\t{origin}\n")
    conn.execute(
        "CREATE TEMP TABLE IF NOT EXISTS register_day_staging (LIKE register_day)"
        " ON COMMIT DROP; TRUNCATE register_day_staging"
    )
    _copy(conn, f"COPY register_day_staging ({_REGISTER_COLUMNS}) FROM STDIN", lines)
    conn.execute(
        f"INSERT INTO register_day ({_REGISTER_COLUMNS})"
        f" SELECT {_REGISTER_COLUMNS} FROM register_day_staging"
        " ON CONFLICT (feed_id, usage_date) DO UPDATE SET seconds = excluded.seconds,"
        " values = excluded.values, stamps = excluded.stamps, origin = excluded.origin"
    )


def register_until(conn: Connection, feeds: Sequence[str]) -> dict[str, datetime | None]:
    """Return up to where each of `feeds`' registers is known; a feed never seen is left out."""
    rows = conn.execute(
        "SELECT feed_id, register_until FROM feed_meter WHERE feed_id = ANY(%s)", (list(feeds),)
    )
    return {str(feed): until for feed, until in rows}


@dataclass(slots=True)
class Seen:
    """What a file said of one meter."""

    first: date
    last: date
    register_until: datetime | None = None
    capacity: int | None = None


def save_seen(conn: Connection, seen: Mapping[str, Seen]) -> list[str]:
    """Note the meters a file named; return those the billing system does not know, sorted."""
    if not seen:
        return []
    feeds = sorted(seen)
    rows = [seen[feed] for feed in feeds]
    conn.execute(
        "INSERT INTO feed_meter (feed_id, first_date, last_date, register_until, capacity)"
        " SELECT * FROM unnest(%s::text[], %s::date[], %s::date[], %s::timestamptz[], %s::bigint[])"
        " ON CONFLICT (feed_id) DO UPDATE SET"
        " first_date = least(feed_meter.first_date, excluded.first_date),"
        " last_date = greatest(feed_meter.last_date, excluded.last_date),"
        " register_until = greatest(feed_meter.register_until, excluded.register_until),"
        " capacity = coalesce(excluded.capacity, feed_meter.capacity)",
        (
            feeds,
            [one.first for one in rows],
            [one.last for one in rows],
            [one.register_until for one in rows],
            [one.capacity for one in rows],
        ),
    )
    unknown = conn.execute(
        "SELECT feed FROM unnest(%s::text[]) AS k (feed)"
        f" WHERE feed NOT IN (SELECT {METER_FEED_ID} FROM meter) ORDER BY feed",
        (feeds,),
    )
    return [str(feed) for (feed,) in unknown]
