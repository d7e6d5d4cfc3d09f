"""Counters that stop guessing: each is one atomic upsert, counted before the act and not after.

Read-then-write let 27 attempts through a limit of 5 when they came at once. Here the statement
that counts also decides, under the row's lock, so that the sixth of any number of simultaneous
attempts learns that it is the sixth.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session, col, delete, func, select, update

from portal.domain.identity import limits
from portal.models.identity import Throttle


@dataclass(frozen=True)
class LockRule:
    """`limit` attempts within `window`, then a lock of `first`, doubling up to `longest`."""

    limit: int
    window: timedelta
    first: timedelta = limits.LOCK_FIRST
    longest: timedelta = limits.LOCK_LONGEST


@dataclass(frozen=True)
class Counted:
    """What one attempt learns: let through unless `refused`; `locked_until` when a lock is on."""

    refused: bool
    sets_lock: bool
    locked_until: datetime | None


_ATTEMPT = text(
    """
    INSERT INTO throttle AS t (bucket, count, window_started_at, locked_until, lock_level)
    VALUES (:bucket, 1, :now, NULL, 0)
    ON CONFLICT (bucket) DO UPDATE SET (count, window_started_at, locked_until, lock_level) = (
        SELECT
            new.count,
            CASE WHEN new.count = 1 THEN :now ELSE t.window_started_at END,
            CASE WHEN NOT new.locked AND new.count >= :limit
                 THEN :now + least(:first * power(2, least(new.level, 20)), :longest)
                 ELSE t.locked_until END,
            CASE WHEN NOT new.locked AND new.count >= :limit
                 THEN new.level + 1 ELSE new.level END
        FROM (
            SELECT
                was.locked,
                CASE WHEN was.locked THEN t.count + 1
                     -- A new window, or the lock that ended this one has run out.
                     WHEN t.window_started_at <= :now - :window
                       OR t.locked_until > t.window_started_at THEN 1
                     ELSE t.count + 1 END AS count,
                -- The doubling is forgotten after a long quiet time.
                CASE WHEN NOT was.locked AND t.locked_until <= :now - :longest THEN 0
                     ELSE t.lock_level END AS level
            FROM (SELECT coalesce(t.locked_until > :now, false) AS locked) AS was
        ) AS new
    )
    RETURNING count, locked_until
    """
)

_TAKE = text(
    """
    INSERT INTO throttle AS t (bucket, count, window_started_at, lock_level)
    VALUES (:bucket, 1, :now, 0)
    ON CONFLICT (bucket) DO UPDATE SET
        count = CASE WHEN t.window_started_at <= :now - :window THEN 1 ELSE t.count + 1 END,
        window_started_at =
            CASE WHEN t.window_started_at <= :now - :window THEN :now
                 ELSE t.window_started_at END
    RETURNING count
    """
)

_GIVE_BACK = text(
    """
    UPDATE throttle SET
        count = greatest(count - 1, 0),
        -- The lock that this attempt itself set, being the last allowed one, goes with it.
        locked_until = CASE WHEN count = :limit THEN NULL ELSE locked_until END,
        lock_level = CASE WHEN count = :limit THEN greatest(lock_level - 1, 0)
                          ELSE lock_level END
    WHERE bucket = :bucket
    """
)


def attempt(session: Session, bucket: str, rule: LockRule, now: datetime) -> Counted:
    """Count one attempt and say whether it may go on.

    The attempt that reaches the limit is let through and sets the lock at once: if it turns out
    right, `clear` or `give_back` takes the lock away again.
    """
    count, locked_until = session.execute(
        _ATTEMPT,
        {
            "bucket": bucket,
            "now": now,
            "limit": rule.limit,
            "window": rule.window,
            "first": rule.first,
            "longest": rule.longest,
        },
    ).one()
    return Counted(
        refused=count > rule.limit, sets_lock=count == rule.limit, locked_until=locked_until
    )


def tally(session: Session, bucket: str, window: timedelta, now: datetime) -> int:
    """Count one event and return how many the running window holds with it."""
    count: int = session.execute(
        _TAKE, {"bucket": bucket, "now": now, "window": window}
    ).scalar_one()
    return count


def take(session: Session, bucket: str, limit: int, window: timedelta, now: datetime) -> bool:
    """Count one event; return True while no more than `limit` of them fell in the window."""
    return tally(session, bucket, window, now) <= limit


def untally(session: Session, *buckets: str) -> None:
    """Uncount one event in each bucket: it turned out to be none of those that count."""
    session.exec(
        update(Throttle)
        .where(col(Throttle.bucket).in_(buckets))
        .values(count=func.greatest(col(Throttle.count) - 1, 0))
        .execution_options(synchronize_session=False)
    )


def counted(session: Session, bucket: str, window: timedelta, now: datetime) -> int:
    """Return how many events the running window holds, without counting one."""
    found = session.exec(
        select(Throttle.count).where(
            Throttle.bucket == bucket, Throttle.window_started_at > now - window
        )
    ).one_or_none()
    return found or 0


def locked_until(session: Session, bucket: str, now: datetime) -> datetime | None:
    """Return when the bucket's lock ends, or None where it is not locked; counts nothing."""
    return session.exec(
        select(Throttle.locked_until).where(
            Throttle.bucket == bucket, col(Throttle.locked_until) > now
        )
    ).one_or_none()


def give_back(session: Session, bucket: str, rule: LockRule) -> None:
    """Uncount an attempt that turned out right, leaving the wrong ones counted."""
    session.execute(_GIVE_BACK, {"bucket": bucket, "limit": rule.limit})


def clear(session: Session, *buckets: str) -> int:
    """Forget the buckets: the owner has proved who they are. Return how many there were."""
    return session.exec(delete(Throttle).where(col(Throttle.bucket).in_(buckets))).rowcount


def forget_old(session: Session, now: datetime) -> None:
    """Drop counters that no rule can still look at."""
    quiet = now - 2 * limits.LOCK_LONGEST
    session.exec(
        delete(Throttle).where(
            col(Throttle.window_started_at) < quiet,
            col(Throttle.locked_until).is_(None) | (col(Throttle.locked_until) < quiet),
        )
    )
