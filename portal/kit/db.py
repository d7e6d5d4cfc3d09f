"""The one database: an engine a process, a transaction an action, threads off the event loop."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Engine, create_engine, func, select
from sqlmodel import Session

T = TypeVar("T")


_engines: dict[str, Engine] = {}
_POOL = 10


def engine_for(url: str) -> Engine:
    """Return this process's engine for a `postgresql+psycopg://` URL.

    Sessions are in UTC. A connection dropped by a restarted server is replaced when next taken. An
    error does not tell the statement's values: it ends in a log.
    """
    if url not in _engines:
        _engines[url] = create_engine(
            url,
            pool_size=_POOL,
            max_overflow=_POOL,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"options": "-c timezone=utc", "application_name": "portal"},
        )
    return _engines[url]


def dispose() -> None:
    """Close what the engines keep open: forgotten alone, a connection waits for the collector."""
    while _engines:
        _engines.popitem()[1].dispose()


_current: list[Engine] = []


def bind(engine: Engine) -> None:
    """Make `engine` the one that `transaction` uses in this process."""
    _current[:] = [engine]


def engine() -> Engine:
    """Return the bound engine. Raises RuntimeError before `bind`."""
    if not _current:
        raise RuntimeError("no database is bound: call portal.kit.db.bind first")
    return _current[0]


@contextmanager
def transaction() -> Iterator[Session]:
    """Yield a session in one transaction: committed at the end, rolled back by an exception.

    Domain code takes the session as its first argument and never commits.
    """
    with Session(engine(), expire_on_commit=False) as session, session.begin():
        yield session


def database_now(session: Session) -> datetime:
    """Return the database's clock as it stands now, not as the transaction began.

    One clock for every process: deadlines of money are read from it, after the locks are held.
    """
    now: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return now


async def in_thread(work: Callable[[Session], T]) -> T:
    """Run `work(session)` in one transaction on a worker thread, keeping context variables.

    A synchronous call on the event loop would make every other resident wait for it.
    """

    def call() -> T:
        with transaction() as session:
            return work(session)

    context = copy_context()
    return await asyncio.to_thread(context.run, call)
