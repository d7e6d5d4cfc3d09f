"""The job app: thin tasks in PostgreSQL, retried, scheduled in the city's local time.

A module a noun stands beside this one. It declares tasks that load and make one domain call:

    @task("outbox.send")
    def send(mail_id: str) -> None: ...

    @each_minute("outbox.sweep")
    def sweep() -> None: ...

    @daily("alerts.send", lambda: city().usage.alerts_at)
    def send_alerts() -> None: ...

Every task may run twice, and the sweeps, not the queue, are the guarantee that work gets done.
"""

import asyncio
import logging
import pkgutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import psycopg
from procrastinate import App, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import ConnectorException
from sqlalchemy import Engine, make_url, text
from sqlmodel import Session

import portal.jobs
from portal.cities import city
from portal.kit.clock import utc_now
from portal.kit.db import transaction

F = TypeVar("F", bound=Callable[..., Any])
log = logging.getLogger(__name__)

PAUSE_SECONDS = 5.0  # before a lost database is asked again
_OURS = ("app",)
app = App(
    connector=PsycopgConnector(),
    import_paths=[
        f"portal.jobs.{module.name}"
        for module in pkgutil.iter_modules(portal.jobs.__path__)
        if module.name not in _OURS
    ],
)
_PATIENT = RetryStrategy(max_attempts=8, exponential_wait=3)


@dataclass(frozen=True)
class Daily:
    """A task that is due once a local day, from a time of day on."""

    task_name: str
    at: Callable[[], time]


DAILY: dict[str, Daily] = {}


def task(name: str) -> Callable[[F], F]:
    """Register a synchronous function as the task `name`; after an exception it is tried again."""

    def register(function: F) -> F:
        app.task(name=name, retry=_PATIENT)(function)
        return function

    return register


def each_minute(name: str) -> Callable[[F], F]:
    """Register a function without arguments to run every minute, one run at a time."""

    def register(function: F) -> F:
        def run(timestamp: int) -> None:
            function()

        made = app.task(name=name, lock=name, queueing_lock=name, pass_context=False)(run)
        app.periodic(cron="* * * * *")(made)
        return function

    return register


def daily(name: str, at: Callable[[], time]) -> Callable[[F], F]:
    """Register a function without arguments to run once a day from the city's local time `at()`."""

    def register(function: F) -> F:
        app.task(name=name, lock=name, retry=_PATIENT)(function)
        DAILY[name] = Daily(name, at)
        return function

    return register


def due_at(at: time, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the instant at which today's run is due, or None before it.

    A time that a clock change skips is taken as the instant just after the gap.
    """
    today = now.astimezone(zone).date()
    due = datetime.combine(today, at, zone)
    return due if due.timestamp() <= now.timestamp() else None


def queue_due(session: Session, now: datetime) -> list[str]:
    """Queue each daily task whose time has come and that today has not seen; return their names.

    A worker that was down at the time catches up later the same day. The queue's own table of
    periodic runs makes it once, however many workers ask.
    """
    queued = []
    for entry in DAILY.values():
        due = due_at(entry.at(), now, city().zone)
        if due is None:
            continue
        seen = text(
            "SELECT 1 FROM procrastinate_periodic_defers WHERE task_name = :name "
            "AND periodic_id = 'daily' AND defer_timestamp >= :due"
        )
        values = {"name": entry.task_name, "due": int(due.timestamp())}
        if session.connection().scalar(seen, values) is None:
            session.connection().execute(
                text(
                    "SELECT procrastinate_defer_periodic_job_v2('default', :name, NULL, :name, 0,"
                    " 'daily', :due, '{}'::jsonb)"
                ),
                values,
            )
            queued.append(entry.task_name)
    return queued


@each_minute("schedule.tick")
def tick() -> None:
    """Queue the daily tasks that are due."""
    with transaction() as session:
        for name in queue_due(session, utc_now()):
            log.info("queued %s", name)


async def retry_stalled(timestamp: int) -> None:
    """Put back the jobs whose worker died: its heartbeat is 60 s old."""
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=60):
        log.warning("retrying stalled job %s", job.task_name)
        await app.job_manager.retry_job(job)


async def forget_old(timestamp: int) -> None:
    """Delete jobs that were done three days ago; failed ones stay for people to see."""
    await app.job_manager.delete_old_jobs(nb_hours=72)


app.periodic(cron="* * * * *")(
    app.task(name="queue.retry_stalled", queueing_lock="queue.retry_stalled")(retry_stalled)
)
app.periodic(cron="17 * * * *")(
    app.task(name="queue.forget_old", queueing_lock="queue.forget_old")(forget_old)
)


async def keep_working(engine: Engine, stop: asyncio.Event) -> None:
    """Run jobs until `stop` is set; a database that goes away under the worker is waited for.

    What was being done then is put back by `retry_stalled`.
    """
    stopping = asyncio.create_task(stop.wait())
    while not stop.is_set():
        working = asyncio.create_task(work(engine))
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            working.cancel()  # it ends what it has begun
        # Without a connection it ends by itself, in silence where the database is back by then.
        with suppress(asyncio.CancelledError, ConnectorException, psycopg.OperationalError):
            await working
        if not stop.is_set():
            log.warning("the database went away; looking for it again")
            await asyncio.wait((stopping,), timeout=PAUSE_SECONDS)


async def work(engine: Engine, *, wait: bool = True) -> None:
    """Run jobs until cancelled, or (`wait` False) until nothing is left to do."""
    url = make_url(engine.url).set(drivername="postgresql").render_as_string(False)
    connector = PsycopgConnector(conninfo=url, min_size=1, max_size=4)
    with app.replace_connector(connector) as ours:
        async with ours.open_async():
            await ours.run_worker_async(
                concurrency=4,
                wait=wait,
                install_signal_handlers=False,
                delete_jobs="never",
                shutdown_graceful_timeout=20,
            )
