"""Cumulative registers -> use by the hour. Pure; thousandths of a gallon.

What real meters do, and the answer: a small step back is jitter and counts nothing; a larger one
is a rollover only near the register's end; a jump undone within 30 reads is a corrupt read; a
meter exchange makes two segments; anything else is held for review and counts nothing until
explained. A gap's total is right and its shape unknown: it is spread evenly and marked.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from portal.domain.usage.days import DIFFERENCE, GAP
from portal.domain.usage.local_time import HOUR, Calendar, nearest_hour

UNDONE_WITHIN = 30  # reads
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Read:
    """What a register showed at an instant."""

    at: datetime
    value: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """A meter changed on a civil date under the same network id."""

    on: date
    out_read: int | None
    in_read: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What is possible for the meter: jitter, the most an hour can use, where it rolls over."""

    jitter: int
    per_hour: int
    capacity: int | None = None

    def possible(self, elapsed: timedelta) -> int:
        """Return the most that can run through the meter in `elapsed`."""
        return self.per_hour * max(elapsed, _MINUTE) // HOUR


# Safe maximum operating capacity, gallons a minute, by meter size in inches (AWWA C700, C701).
_GPM = (
    ("0.625", 20), ("5/8", 20), ("0.75", 30), ("3/4", 30), ("1.5", 100), ("1-1/2", 100),
    ("1 1/2", 100), ("1", 50), ("2", 160), ("3", 350), ("4", 1000), ("6", 2000),
)  # fmt: skip


def most_per_hour(size: str) -> int:
    """Return what a meter of `size` ("5/8", "1.5") can pass in an hour; a 1-inch one if unknown."""
    text = size.strip().lower().rstrip('"').removesuffix("in").removesuffix("inch").strip()
    gpm = next((gpm for known, gpm in _GPM if text == known or text.startswith(known + "x")), 50)
    return gpm * 60 * 1000


@dataclass(frozen=True, slots=True)
class Step:
    """What was used between two accepted reads; None where it is held or starts a segment."""

    after: datetime
    until: datetime
    used: int | None


@dataclass(slots=True)
class Result:
    """Steps between accepted reads, reads set aside as corrupt, and steps held for review."""

    steps: list[Step]
    corrupt: list[Read]
    held: list[tuple[Read, Read]]


@dataclass(slots=True)
class _Link:
    read: Read
    level: int  # the highest the register has stood at: jitter below it counts nothing twice
    used: int | None


def differences(
    reads: Sequence[Read],
    limits: Limits,
    exchanges: Sequence[Exchange] = (),
    *,
    local_date: Callable[[datetime], date],
) -> Result:
    """Walk `reads`, oldest first, and return what was used between those that can be believed."""
    chain: list[_Link] = []
    corrupt: list[Read] = []
    held: list[tuple[Read, Read]] = []
    pending = sorted(exchanges, key=lambda one: one.on)
    for index, read in enumerate(reads):
        if not chain:
            chain.append(_Link(read, read.value, None))
            continue
        while pending and pending[0].on < local_date(chain[-1].read.at):
            pending.pop(0)
        last = chain[-1]
        step = read.value - last.level
        most = limits.possible(read.at - last.read.at)
        ordinary = -limits.jitter <= step <= most
        if pending and pending[0].on <= local_date(read.at):
            change = pending[0]
            new_use = read.value - change.in_read
            fits = -limits.jitter <= new_use <= most
            if fits and (not ordinary or abs(new_use) < abs(step)):
                pending.pop(0)
                old_use = 0 if change.out_read is None else max(0, change.out_read - last.level)
                used = old_use + max(0, new_use) if old_use <= most else None
                chain.append(_Link(read, read.value, used))
                continue
        if ordinary:
            chain.append(_Link(read, max(read.value, last.level), max(0, step)))
            continue
        if step < 0 and (cut := _equal_jump(chain, read, limits)) is not None:
            corrupt.extend(link.read for link in chain[cut:])
            del chain[cut:]
            used = max(0, read.value - chain[-1].level)
            chain.append(_Link(read, max(read.value, chain[-1].level), used))
            continue
        if _comes_back(reads[index + 1 : index + 1 + UNDONE_WITHIN], last, limits):
            corrupt.append(read)
            continue
        if step < 0 and limits.capacity and last.level * 10 > limits.capacity * 9:
            used = limits.capacity - last.level + read.value
            if 0 <= used <= most:
                chain.append(_Link(read, read.value, used))
                continue
        held.append((last.read, read))
        chain.append(_Link(read, read.value, None))
    steps = [Step(before.read.at, link.read.at, link.used) for before, link in pairwise(chain)]
    return Result(steps, corrupt, held)


def _equal_jump(chain: list[_Link], read: Read, limits: Limits) -> int | None:
    """Return where in the chain a jump up begins that `read`'s step down undoes."""
    drop = chain[-1].level - read.value
    near = max(limits.jitter, drop // 50)
    for place in range(len(chain) - 1, max(0, len(chain) - 1 - UNDONE_WITHIN), -1):
        used = chain[place].used
        if used is None:
            return None
        base = chain[place - 1]
        if abs(used - drop) <= near and read.value >= base.level - limits.jitter:
            return place
    return None


def _comes_back(later: Sequence[Read], last: _Link, limits: Limits) -> bool:
    """True when a later read carries on from the last good one."""
    return any(
        -limits.jitter <= read.value - last.level <= limits.possible(read.at - last.read.at)
        for read in later
    )


Hour = tuple[date, int]


def by_hour(
    steps: Sequence[Step], calendar: Calendar, sent: Mapping[Hour, int]
) -> dict[Hour, tuple[int | None, str]]:
    """Return the use of each hour that `steps` cover and that the feed did not send itself.

    A step goes to the clock hour its later read is nearest to; one over several hours shares out
    what the hours `sent` leave of it. None: something ran, and nobody knows how much.
    """
    found: dict[Hour, tuple[int | None, str]] = {}
    for step in steps:
        first, last = nearest_hour(step.after), nearest_hour(step.until)
        hours = max((last - first) // HOUR, 0)
        if not hours:  # two reads nearest to the same hour: both count towards it
            place = calendar.place(last)
            if step.used and place not in sent:
                before, letter = found.get(place, (0, DIFFERENCE))
                found[place] = (None if before is None else before + step.used, letter)
            continue
        places = [calendar.place(first + n * HOUR) for n in range(1, hours + 1)]
        missing = [place for place in places if place not in sent]
        rest = None
        if step.used is not None:
            rest = step.used - sum(sent[place] for place in places if place in sent)
            if rest < 0:
                rest = None
        # Nothing used in a gap is no estimate: each of its hours used nothing.
        letter = DIFFERENCE if hours == 1 or rest == 0 else GAP
        count = len(missing)
        for n, place in enumerate(missing):
            share = None if rest is None else rest * (n + 1) // count - rest * n // count
            found[place] = (share, letter)
    return found
