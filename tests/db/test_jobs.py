"""Jobs: once a local day, after a dead worker too, and never for what was rolled back."""

import asyncio
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from procrastinate import PsycopgConnector
from sqlalchemy import Engine, make_url, text
from sqlmodel import Session

from portal.jobs import app as jobs
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
