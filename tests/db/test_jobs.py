"""Jobs: once a local day, after a dead worker too, and never for what was rolled back."""

import asyncio
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from procrastinate import PsycopgConnector
from sqlalchemy import Engine, make_url, text
from sqlmodel import Session

from portal.database import create_schema
from portal.jobs import app as jobs
from portal.kit import db as our_db
from portal.kit import postgres
from portal.kit.db import transaction
from portal.kit.queue import defer

PACIFIC = ZoneInfo("America/Los_Angeles")
ELEVEN = time(11)


@pytest.fixture
def one_daily(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = jobs.Daily("test.daily", lambda: ELEVEN)
    monkeypatch.setattr(jobs, "DAILY", {"test.daily": entry})


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2027, 1, 26, 18, 59, 59, tzinfo=UTC), None),
        (datetime(2027, 1, 26, 19, 0, tzinfo=UTC), datetime(2027, 1, 26, 19, 0, tzinfo=UTC)),
        (datetime(2027, 7, 26, 18, 0, tzinfo=UTC), datetime(2027, 7, 26, 18, 0, tzinfo=UTC)),
        (datetime(2027, 1, 27, 7, 59, tzinfo=UTC), datetime(2027, 1, 26, 19, 0, tzinfo=UTC)),
        (datetime(2027, 1, 27, 8, 0, tzinfo=UTC), None),
    ],
)
def test_eleven_is_eleven_in_the_city(now: datetime, due: datetime | None) -> None:
    assert jobs.due_at(ELEVEN, now, PACIFIC) == due


def test_a_daily_task_is_queued_once_a_day(db: Session, one_daily: None) -> None:
    before = datetime(2027, 1, 26, 18, 59, tzinfo=UTC)
    late = datetime(2027, 1, 26, 23, 0, tzinfo=UTC)  # the worker was down at 11:00
    tomorrow = datetime(2027, 1, 27, 19, 1, tzinfo=UTC)
    assert jobs.queue_due(db, before) == []
    assert jobs.queue_due(db, late) == ["test.daily"]
    assert jobs.queue_due(db, late) == []
    assert jobs.queue_due(db, tomorrow) == ["test.daily"]
    count = db.connection().scalar(text("SELECT count(*) FROM procrastinate_jobs"))
    assert count == 2


def test_the_worker_does_what_was_committed_and_puts_back_what_a_dead_one_left(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []

    def record(word: str) -> None:
        done.append(word)

    made = jobs.app.task(name="test.record")(record)
    try:
        with transaction() as session:
            defer(session, "test.record", word="committed")
        with pytest.raises(ZeroDivisionError), transaction() as session:
            defer(session, "test.record", word="rolled back")
            raise ZeroDivisionError
        with transaction() as session:
            defer(session, "test.record", word="left by the dead")
            session.connection().execute(
                text(
                    "WITH dead AS (INSERT INTO procrastinate_workers (last_heartbeat)"
                    " VALUES (now() - interval '10 minutes') RETURNING id)"
                    " UPDATE procrastinate_jobs SET status = 'doing', worker_id = dead.id"
                    " FROM dead WHERE args->>'word' = 'left by the dead'"
                )
            )
        asyncio.run(_retry_stalled(database))
        asyncio.run(jobs.work(database, wait=False))
    finally:
        del jobs.app.tasks[made.name]
    assert sorted(done) == ["committed", "left by the dead"]


async def _retry_stalled(engine: Engine) -> None:
    url = make_url(engine.url).set(drivername="postgresql").render_as_string(False)
    with jobs.app.replace_connector(PsycopgConnector(conninfo=url)) as ours:
        async with ours.open_async():
            await jobs.retry_stalled(0)


def test_the_worker_outlives_a_restart_of_its_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PAUSE_SECONDS", 0.1)
    server = postgres.start(tmp_path / "pg", durable=False)
    engine = our_db.engine_for(server.url("postgres"))
    with engine.begin() as connection:
        create_schema(connection)

    async def drill() -> None:
        nonlocal server
        done: asyncio.Queue[str] = asyncio.Queue()
        stop = asyncio.Event()

        async def record(word: str) -> None:
            done.put_nowait(word)

        made = jobs.app.task(name="test.record")(record)
        working = asyncio.create_task(jobs.keep_working(engine, stop))
        try:
            for word in ("before", "after"):
                if word == "after":
                    await asyncio.to_thread(server.stop)
                    server = await asyncio.to_thread(postgres.start, tmp_path / "pg", durable=False)
                with Session(engine) as session:
                    defer(session, "test.record", word=word)
                    session.commit()
                # What it was doing when the server went may be done twice.
                while await asyncio.wait_for(done.get(), 60) != word:
                    pass
            stop.set()
            await asyncio.wait_for(working, 60)
        finally:
            working.cancel()
            del jobs.app.tasks[made.name]

    try:
        asyncio.run(drill())
    finally:
        engine.dispose()
        server.stop()
