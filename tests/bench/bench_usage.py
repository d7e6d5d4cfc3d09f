"""Usage in and out: readings a second, the ratio to COPY of the same bytes, 13 months in ms."""

import json
import random
import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlmodel import Session

from portal.domain.usage import queries
from portal.domain.usage.operations import import_file
from portal.domain.usage.store import connection
from tests import databases, factories

ZONE = ZoneInfo("America/Los_Angeles")
NOW = datetime(2026, 11, 21, 19, 0, tzinfo=UTC)
NIGHT_METERS = 20_000
HISTORY_METERS = 400
HISTORY_DAYS = 396  # 13 months


def write_cmep(path: Path, meters: int, last: date, days: int, seed: int = 1) -> int:
    """Write hourly rows that end at 07:00, a row a meter and day. Returns the readings."""
    rng = random.Random(seed)
    with path.open("w") as file:
        for n in range(days):
            end = datetime(last.year, last.month, last.day, 7, tzinfo=ZONE) - timedelta(
                days=days - 1 - n
            )
            first = end.astimezone(UTC) - timedelta(hours=23)
            stamps = [
                f"{(first + timedelta(hours=hour)).astimezone(ZONE):%Y%m%d%H%M}"
                for hour in range(24)
            ]
            record = f"{end:%Y%m%d}1515"
            head = (
                f"MEPMD01,20080501,BENCH,CITY,PORTAL,CITY,{record},B{{}},OK,W,GAL,1.0,00000100,24"
            )
            for meter in range(meters):
                values = [str(int(rng.expovariate(0.12))) for _ in range(24)]
                triplets = [f"{stamp},R0,{v}" for stamp, v in zip(stamps, values, strict=True)]
                file.write(head.format(8_000_000 + meter) + "," + ",".join(triplets) + "\n")
    return meters * days * 24


def _timed_import(engine: Engine, path: Path) -> float:
    began = time.perf_counter()
    with Session(engine) as session, session.begin():
        import_file(session, path, wanted="cmep", zone=ZONE, now=NOW)
    return time.perf_counter() - began


def _timed_copy(engine: Engine, path: Path) -> float:
    """Return the seconds of a COPY of the file's lines as they are into one text column."""
    with Session(engine) as session, session.begin():
        conn = connection(session)
        conn.execute("CREATE TABLE IF NOT EXISTS bench_raw (line text)")
        conn.execute("TRUNCATE bench_raw")
        began = time.perf_counter()
        with (
            path.open("rb") as file,
            conn.cursor() as cursor,
            cursor.copy("COPY bench_raw FROM STDIN") as copy,
        ):
            while block := file.read(1 << 18):
                copy.write(block)
        return time.perf_counter() - began


def run() -> Iterator[dict[str, object]]:
    """Yield the measurements, one dictionary each."""
    with tempfile.TemporaryDirectory() as folder, databases.fresh() as engine:
        history, night, again = (Path(folder) / name for name in ("1.csv", "2.csv", "3.csv"))
        past = write_cmep(history, HISTORY_METERS, date(2026, 11, 18), HISTORY_DAYS)
        count = write_cmep(night, NIGHT_METERS, date(2026, 11, 19), 1, seed=2)
        write_cmep(again, NIGHT_METERS, date(2026, 11, 20), 1, seed=3)
        for name, path, readings in (
            ("13 months at once", history, past),
            ("a night", night, count),
            ("the next night, whose first hours fall on days begun", again, count),
        ):
            copied = _timed_copy(engine, path)
            took = _timed_import(engine, path)
            yield {
                "what": "usage import",
                "case": name,
                "readings": readings,
                "seconds": round(took, 2),
                "readings_per_second": round(readings / took),
                "copy_seconds": round(copied, 2),
                "ratio_to_copy": round(took / copied, 1),
            }
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        yield {"what": "usage import", "case": "peak memory", "megabytes": peak}
        yield from _thirteen_months(engine)


def _thirteen_months(engine: Engine) -> Iterator[dict[str, object]]:
    with Session(engine) as session:
        user, account, _ = factories.household(session)
        factories.meter(session, account, remote_id="8000123")
        session.commit()
        session.connection().exec_driver_sql("ANALYZE")
        session.commit()
        actor = factories.actor(user)
        for grouping in ("monthly", "daily"):
            times = []
            for _ in range(30):
                began = time.perf_counter()
                view = queries.usage(
                    session,
                    actor,
                    str(account.id),
                    "2025-11-20" if grouping == "daily" else "",
                    "2026-11-19",
                    grouping,
                    zone=ZONE,
                    now=NOW,
                )
                times.append(time.perf_counter() - began)
            began = time.perf_counter()
            with engine.connect() as raw:
                raw.exec_driver_sql(
                    "SELECT usage_date, total, hours FROM meter_day WHERE feed_id = '8000123'"
                    " AND usage_date > '2025-10-19'"
                ).fetchall()
            rows = time.perf_counter() - began
            yield {
                "what": "one meter's 13 months",
                "case": f"{grouping}, {len(view.bars)} bars",
                "page_query_ms": round(1000 * statistics.median(times), 1),
                "rows_ms": round(1000 * rows, 1),
            }


if __name__ == "__main__":
    for measured in run():
        print(json.dumps(measured))
