"""Counters: exact at the limit, doubling locks, and no more let through when all come at once."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from portal.domain.identity import throttles
from portal.domain.identity.throttles import LockRule
from portal.models.identity import Throttle

NOW = datetime(2026, 11, 20, 18, 0, tzinfo=UTC)
RULE = LockRule(5, timedelta(hours=24))
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def miss(db: Session, at: datetime, times: int = 5) -> list[bool]:
    """Return for each attempt whether it was refused."""
    return [throttles.attempt(db, "b", RULE, at).refused for _ in range(times)]


def test_five_pass_and_the_sixth_waits_fifteen_minutes(db: Session) -> None:
    assert miss(db, NOW, 7) == [False] * 5 + [True] * 2
    assert throttles.locked_until(db, "b", NOW) == NOW + 15 * MINUTE
    late = throttles.attempt(db, "b", RULE, NOW + 14 * MINUTE)
    assert (late.refused, late.locked_until) == (True, NOW + 15 * MINUTE)
    assert miss(db, NOW + 15 * MINUTE, 1) == [False]


def test_the_lock_doubles_up_to_a_day_and_is_forgotten_after_one(db: Session) -> None:
    at, lengths = NOW, []
    for _ in range(10):
        assert miss(db, at) == [False] * 5
        ends = throttles.locked_until(db, "b", at)
        assert ends is not None
        lengths.append((ends - at) // MINUTE)
        at = ends
    assert lengths == [15, 30, 60, 120, 240, 480, 960, 1440, 1440, 1440]
    at += timedelta(hours=24)
    miss(db, at)
    assert throttles.locked_until(db, "b", at) == at + 15 * MINUTE


def test_a_window_that_has_passed_starts_anew(db: Session) -> None:
    rule = LockRule(5, 15 * MINUTE)
    for _ in range(4):
        throttles.attempt(db, "b", rule, NOW)
    throttles.attempt(db, "b", rule, NOW + 15 * MINUTE)
    assert throttles.counted(db, "b", rule.window, NOW + 15 * MINUTE) == 1


def test_a_right_attempt_is_not_counted(db: Session) -> None:
    assert miss(db, NOW) == [False] * 5
    throttles.give_back(db, "b", RULE)
    assert throttles.locked_until(db, "b", NOW) is None
    assert miss(db, NOW, 2) == [False, True]
    assert throttles.locked_until(db, "b", NOW) == NOW + 15 * MINUTE
    throttles.clear(db, "b")
    assert miss(db, NOW) == [False] * 5


def test_takes_of_a_window(db: Session) -> None:
    taken = [throttles.take(db, "m", 3, HOUR, NOW) for _ in range(5)]
    assert taken == [True, True, True, False, False]
    assert not throttles.take(db, "m", 3, HOUR, NOW + HOUR - MINUTE)
    assert throttles.take(db, "m", 3, HOUR, NOW + HOUR)


def test_old_counters_go_and_locks_stay(db: Session) -> None:
    miss(db, NOW)
    throttles.take(db, "m", 3, HOUR, NOW)
    throttles.forget_old(db, NOW + 2 * 24 * HOUR)
    assert len(db.exec(select(Throttle)).all()) == 2
    throttles.forget_old(db, NOW + 2 * 24 * HOUR + HOUR)
    assert db.exec(select(Throttle)).all() == []


def together(database: Engine, attempt: object, threads: int = 27) -> int:
    """Start `threads` attempts at once, each in its own transaction; return how many passed."""
    start, passed = threading.Barrier(threads), []

    def one() -> None:
        with Session(database) as session, session.begin():
            session.connection()
            start.wait(30)
            passed.append(attempt(session))  # type: ignore[operator]

    crowd = [threading.Thread(target=one) for _ in range(threads)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(60)
    assert len(passed) == threads
    return sum(passed)


def test_of_27_at_once_five_pass(database: Engine) -> None:
    assert (
        together(database, lambda session: not throttles.attempt(session, "b", RULE, NOW).refused)
        == 5
    )
    assert together(database, lambda session: throttles.take(session, "m", 5, HOUR, NOW)) == 5


def test_without_the_one_statement_more_than_five_pass(database: Engine) -> None:
    """The guard removed: read, decide, write. The race above must be able to show it."""
    barrier = threading.Barrier(27)

    def read_then_write(session: Session) -> bool:
        count = throttles.counted(session, "b", HOUR, NOW)
        barrier.wait(30)
        throttles.take(session, "b", 5, HOUR, NOW)
        return count < 5

    assert together(database, read_then_write) == 27


@pytest.mark.parametrize("rule", [RULE])
def test_the_rule_is_the_promise(rule: LockRule) -> None:
    assert (rule.limit, rule.first, rule.longest) == (5, 15 * MINUTE, 24 * HOUR)
