"""The nightly exchange at a town's size: rows a second, against a plain COPY, and memory.

    python -m tests.bench.bench_exchange [ACCOUNTS]

Prints one JSON object. The town is the demo's (portal/demo/town); the importer runs in a process of
its own on a durable PostgreSQL, so that its memory and the commit are what a city would see.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine
from sqlmodel import Session

from portal import database
from portal.cities import city
from portal.demo.town.generate import generate
from portal.domain.exchange.operations import Options, import_folder
from portal.domain.exchange.spec import BY_NAME
from portal.kit import postgres

ACCOUNTS = 20_000
NOW = datetime(2027, 1, 26, 18, 0, tzinfo=UTC)


def take(url: str, folder: Path) -> None:
    """Import the folder and print seconds and peak memory of this process."""
    began = time.perf_counter()
    with Session(create_engine(url)) as session, session.begin():
        options = Options(city().zone, folder.parent / "data")
        outcome = import_folder(session, folder, options, now=NOW)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1024 if sys.platform != "darwin" else 1024 * 1024
    )
    print(json.dumps({"status": outcome.status, "seconds": seconds, "peak_mb": peak}))


def plain_copy(url: str, folder: Path) -> float:
    """Return the seconds that PostgreSQL takes to COPY the same bytes into columns of text."""
    engine = create_engine(url)
    began = time.perf_counter()
    with engine.begin() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        sql = driver.cursor()
        for path in sorted(folder.glob("*.csv")):
            if path.name not in BY_NAME:
                continue
            with path.open("rb") as stream:
                columns = stream.readline().decode("utf-8-sig").strip().split(",")
                names = ", ".join(f'"{name}" text' for name in columns)
                sql.execute(f"CREATE TABLE plain_{path.stem} ({names})")
                with sql.copy(f"COPY plain_{path.stem} FROM STDIN WITH (FORMAT csv)") as copy:
                    while block := stream.read(1 << 20):
                        copy.write(block)
    seconds = time.perf_counter() - began
    engine.dispose()
    return seconds


def run_importer(url: str, folder: Path) -> dict[str, float]:
    """Import in a process of its own; return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.bench_exchange", "--take", url, str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def run(accounts: int = ACCOUNTS) -> Iterator[dict[str, object]]:
    """Generate, import, import again, COPY; yield the figures."""
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        made = generate(base / "town", city(), accounts=accounts, seed=1, now=NOW, hourly_places=0)
        server = postgres.start(base / "postgres")
        try:
            url = server.url("postgres")
            engine = create_engine(url)
            with engine.begin() as connection:
                database.create_schema(connection)
            engine.dispose()
            first = run_importer(url, made.exchange)
            again = run_importer(url, made.exchange)
            copied = plain_copy(url, made.exchange)
        finally:
            server.stop()
    yield {
        "bench": "exchange_import",
        "accounts": made.accounts,
        "rows": made.rows,
        "seconds": round(first["seconds"], 1),
        "rows_per_second": round(made.rows / first["seconds"]),
        "plain_copy_seconds": round(copied, 1),
        "ratio_to_copy": round(first["seconds"] / copied, 1),
        "peak_mb": round(first["peak_mb"]),
        "again_seconds": round(again["seconds"], 1),
        "again_status": again["status"],
    }


if __name__ == "__main__":
    if sys.argv[1:2] == ["--take"]:
        take(sys.argv[2], Path(sys.argv[3]))
    else:
        for figures in run(int(sys.argv[1]) if len(sys.argv) > 1 else ACCOUNTS):
            print(json.dumps(figures))
