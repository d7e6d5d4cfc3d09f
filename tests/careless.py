"""The guards taken away, as a careless hand would write: look first, decide, write afterwards.

A race test shows something only where it fails without its guard. Here all guards go at once:

- an UPDATE whose condition decides becomes a SELECT with that condition, of before anybody began,
  and an UPDATE of the rows that were found;
- FOR UPDATE is not said, and everybody has read before the first writes;
- counters count nothing, because their row's lock makes people queue as well.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from sqlalchemy import Engine, event, false, select, text, tuple_
from sqlalchemy.orm import ORMExecuteState
from sqlmodel import Session, col

from portal.domain.identity import throttles
from portal.models.identity import Throttle

_own = threading.local()


@contextmanager
def before_all(engine: Engine) -> Iterator[None]:
    """Let this thread see, where it looks first, what stood there before anybody began."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as seen:
        seen.execute(text("SELECT 1"))
        _own.seen, _own.waits = seen, False
        try:
            yield
        finally:
            del _own.seen


@contextmanager
def careless(engine: Engine, crowd: int) -> Iterator[None]:
    """Take the guards away from the threads that are `before_all`."""
    all_read = threading.Barrier(crowd)

    def unlock(_c: Any, _u: Any, statement: str, parameters: Any, *_r: Any) -> tuple[str, Any]:
        if hasattr(_own, "seen") and " FOR UPDATE" in statement:
            _own.waits = True
            return statement.replace(" FOR UPDATE", ""), parameters
        return statement, parameters

    def wait(*_: Any) -> None:
        if getattr(_own, "waits", False):
            _own.waits = False
            # Some come by another way, or have met already.
            with suppress(threading.BrokenBarrierError):
                all_read.wait(5)

    event.listen(Session, "do_orm_execute", _look_first)
    event.listen(engine, "before_cursor_execute", unlock, retval=True)
    event.listen(engine, "after_cursor_execute", wait)
    try:
        with mock.patch.multiple(
            throttles,
            attempt=lambda *_: throttles.Counted(False, False, None),
            tally=lambda *_: 1,
            give_back=_nothing,
            untally=_nothing,
            clear=_nothing,
        ):
            yield
    finally:
        event.remove(Session, "do_orm_execute", _look_first)
        event.remove(engine, "before_cursor_execute", unlock)
        event.remove(engine, "after_cursor_execute", wait)


@contextmanager
def careless_counting() -> Iterator[None]:
    """Let counters read how many there were before anybody began, decide, and write afterwards."""
    real_tally, real_attempt = throttles.tally, throttles.attempt

    def counted(bucket: str) -> int:
        looked = select(Throttle.count).where(col(Throttle.bucket) == bucket)
        return (_own.seen.execute(looked).scalar() or 0) + 1

    def tally(session: Session, bucket: str, window: timedelta, now: datetime) -> int:
        real_tally(session, bucket, window, now)
        return counted(bucket)

    def attempt(
        session: Session, bucket: str, rule: throttles.LockRule, now: datetime
    ) -> throttles.Counted:
        real_attempt(session, bucket, rule, now)
        many = counted(bucket)
        return throttles.Counted(many > rule.limit, many == rule.limit, None)

    with mock.patch.multiple(throttles, tally=tally, attempt=attempt):
        yield


def _nothing(*_: Any) -> int:
    return 0


def _look_first(state: ORMExecuteState) -> Any:
    if not state.is_update or not hasattr(_own, "seen"):
        return None
    statement: Any = state.statement
    keys = list(statement.table.primary_key)
    looked = select(*keys).where(statement.whereclause)
    found: set[tuple[Any, ...]] = set()
    for connection in (_own.seen, state.session.connection()):
        found |= {tuple(row) for row in connection.execute(looked).all()}
    careless_one = statement._generate()
    careless_one._where_criteria = (tuple_(*keys).in_(found) if found else false(),)
    return state.invoke_statement(statement=careless_one)


def at_once(engine: Engine, crowd: int, act: Callable[[], None]) -> list[BaseException]:
    """Run `act` in so many threads that begin together; return what none of them expected."""
    start, faults = threading.Barrier(crowd), []

    def run() -> None:
        try:
            with before_all(engine):
                start.wait(30)
                act()
        except BaseException as fault:
            start.abort()
            faults.append(fault)

    threads = [threading.Thread(target=run) for _ in range(crowd)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return faults
