"""A buffer of readings on their way into meter days: merges, derives from registers, writes."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction

from sqlmodel import Session

from portal.domain.usage import store
from portal.domain.usage.days import SENT, Day
from portal.domain.usage.feed import Fault, Hours, Item, Part, Register, half_up
from portal.domain.usage.local_time import HOUR, Calendar, nearest_hour
from portal.domain.usage.registers import (
    UNDONE_WITHIN,
    Exchange,
    Limits,
    Read,
    Result,
    by_hour,
    differences,
    most_per_hour,
)
from portal.domain.usage.store import Key, Reads, Seen
from portal.kit.text import N_
from portal.kit.units import gallons_in

DAYS_HELD = 30_000  # meter days in memory before they are written: about 30 MB
REGISTERS_HELD = 200_000


@dataclass
class Outcome:
    """What became of the readings."""

    meters: int = 0
    days_written: int = 0
    hours_incomplete: int = 0
    registers_corrupt: int = 0
    registers_held: int = 0
    unknown: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


@dataclass(slots=True)
class _Meter:
    """What the billing system says of the meters behind one feed id."""

    per_hour: int = most_per_hour("")
    capacity: int | None = None
    exchanges: list[Exchange] = field(default_factory=list)


class Intake:
    """Takes a file's items one by one; memory stays bounded, the transaction is the caller's."""

    def __init__(self, session: Session, calendar: Calendar, file: str, now: datetime) -> None:
        self.conn = store.connection(session)
        store.lock(self.conn)
        self.calendar = calendar
        self.file = file
        # A format without a record time counts as made when we received it.
        self.received = now.astimezone(calendar.zone).strftime("%Y%m%d%H%M")
        self.days: dict[Key, Day] = {}
        self.parts: dict[tuple[str, date, int], dict[int, Part]] = {}
        self.registers: dict[str, Reads] = {}
        self.register_count = 0
        self.jitter: dict[str, int] = {}
        self.seen: dict[str, Seen] = {}
        self.outcome = Outcome()
        self._stamp = ("", "")

    def stamp(self, record: str) -> str:
        """Return the delivery's mark: later record time, then later file name, sorts later."""
        if self._stamp[0] != record or not self._stamp[1]:
            self._stamp = (record, f"{record or self.received} {self.file}")
        return self._stamp[1]

    def day(self, feed: str, day: date) -> Day:
        """Return the buffered day, empty at first."""
        key = (feed, day)
        found = self.days.get(key)
        if found is None:
            if len(self.days) >= DAYS_HELD:
                self.flush()
            found = self.days[key] = Day.empty(self.calendar.hours(day))
            self.see(feed, day)
        return found

    def see(self, feed: str, day: date) -> Seen:
        """Note that the file names the meter on `day`."""
        seen = self.seen.get(feed)
        if seen is None:
            seen = self.seen[feed] = Seen(day, day)
        elif day < seen.first:
            seen.first = day
        elif day > seen.last:
            seen.last = day
        return seen

    def take(self, item: Item) -> None:
        """Buffer one item of a file."""
        if isinstance(item, Hours):
            stamp = self.stamp(item.record)
            for run, values in zip(item.runs, item.values, strict=True):
                self.day(item.feed_id, run.day).put_run(run.slot, values, run.letters, stamp)
        elif isinstance(item, Part):
            self._take_part(item)
        elif isinstance(item, Register):
            self._take_register(item)

    def _take_part(self, part: Part) -> None:
        """Keep a part until its hour is whole: half an hour's water is no hour's."""
        place = (part.feed_id, part.day, part.slot)
        held = self.parts.setdefault(place, {})
        old = held.get(part.part)
        if old is None or old.record <= part.record:
            held[part.part] = part
        if len(held) == part.parts:
            letters = {one.letter for one in held.values()}
            letter = next(one for one in "EMADR" if one in letters)
            newest = max(one.record for one in held.values())
            total = sum(one.value for one in held.values())
            self.day(part.feed_id, part.day).put(part.slot, total, letter, self.stamp(newest))

    def _take_register(self, item: Register) -> None:
        if self.register_count >= REGISTERS_HELD:
            self.flush()
        reads = self.registers.setdefault(item.feed_id, {})
        stamp = self.stamp(item.record)
        old = reads.get(item.at)
        if old is None or old[1] <= stamp:
            reads[item.at] = (item.value, stamp)
            self.register_count += 1
        self.jitter[item.feed_id] = item.jitter
        seen = self.see(item.feed_id, self.calendar.place(nearest_hour(item.at))[0])
        if seen.register_until is None or item.at > seen.register_until:
            seen.register_until = item.at
        if item.capacity:
            seen.capacity = item.capacity

    def finish(self) -> Outcome:
        """Write the rest and say what came of it all."""
        self.flush()
        self.outcome.unknown = store.save_seen(self.conn, self.seen)
        self.outcome.meters = len(self.seen)
        self.outcome.hours_incomplete = sum(
            1 for held in self.parts.values() if len(held) < next(iter(held.values())).parts
        )
        return self.outcome

    def flush(self) -> None:
        """Merge what is buffered with what is stored, and write it."""
        results = self._derive()
        wanted = set(self.days)
        for feed, (result, since) in results.items():
            wanted.update((feed, day) for day in self._days_of(result, since))
        stored = store.load_days(self.conn, wanted)
        merged: dict[Key, Day] = {}
        for key in wanted:
            old, new = stored.get(key), self.days.get(key)
            if old is not None and new is not None:
                old.merge(new)
            merged[key] = old or new or Day.empty(self.calendar.hours(key[1]))
        for feed, (result, since) in results.items():
            self._put_differences(feed, result, since, merged)
        self.outcome.days_written += store.save_days(self.conn, merged, stored)
        self.days.clear()
        self.registers.clear()
        self.register_count = 0

    def _derive(self) -> dict[str, tuple[Result, datetime]]:
        """Store the buffered registers and return what they say, with since when it may change."""
        if not self.registers:
            return {}
        known = store.register_until(self.conn, list(self.registers))
        stored = store.save_registers(self.conn, self.registers, self.calendar)
        telling = {
            feed for feed, reads in self.registers.items() if not self._told(feed, reads, known)
        }
        meters = self._meters(telling)
        results = {}
        for feed in sorted(telling):
            meter = meters.get(feed, _Meter())
            reads = [Read(at, value) for at, (value, _) in sorted(stored[feed].items())]
            capacity = self.seen[feed].capacity or meter.capacity
            limits = Limits(self.jitter[feed], meter.per_hour, capacity)
            result = differences(reads, limits, meter.exchanges, local_date=self._date)
            first = min(self.registers[feed])
            before = [read.at for read in reads if read.at < first][-UNDONE_WITHIN - 1 :]
            results[feed] = (result, before[0] if before else first)
            new = self.registers[feed]
            self.outcome.registers_corrupt += sum(1 for read in result.corrupt if read.at in new)
            for last, read in result.held:
                if read.at in new:
                    self.outcome.registers_held += 1
                    self.outcome.faults.append(
                        Fault(
                            0,
                            "register",
                            f"{feed}: {last.value} -> {read.value}",
                            N_(
                                "the register moved in a way this meter cannot;"
                                " its use is missing until explained"
                            ),
                        )
                    )
        return results

    def _date(self, at: datetime) -> date:
        return at.astimezone(self.calendar.zone).date()

    def _told(self, feed: str, reads: Reads, known: dict[str, datetime | None]) -> bool:
        """True when this file's own intervals say all that its registers could."""
        first, last = min(reads), max(reads)
        if feed in known:
            until = known[feed]
            if until is None or first > until:
                return False
        hour = nearest_hour(first) + HOUR
        while hour <= nearest_hour(last):
            day, slot = self.calendar.place(hour)
            buffered = self.days.get((feed, day))
            if buffered is None or buffered.quality[slot] not in SENT:
                return False
            hour += HOUR
        return nearest_hour(last) > nearest_hour(first)

    def _days_of(self, result: Result, since: datetime) -> set[date]:
        days: set[date] = set()
        for step in result.steps:
            if step.until > since:
                day = self.calendar.place(nearest_hour(step.after))[0]
                end = self.calendar.place(nearest_hour(step.until))[0]
                while day <= end:
                    days.add(day)
                    day += timedelta(days=1)
        return days

    def _put_differences(
        self, feed: str, result: Result, since: datetime, merged: dict[Key, Day]
    ) -> None:
        steps = [step for step in result.steps if step.until > since]
        sent = {
            (day, slot): value
            for day in self._days_of(result, since)
            for slot, value in enumerate(merged[(feed, day)].hours)
            if value is not None and merged[(feed, day)].quality[slot] in SENT
        }
        for (day, slot), (value, letter) in by_hour(steps, self.calendar, sent).items():
            merged[(feed, day)].put_ours(slot, value, letter)

    def _meters(self, feeds: set[str]) -> dict[str, _Meter]:
        """Return size, register and exchanges of the meters behind `feeds`."""
        rows = self.conn.execute(
            f"SELECT * FROM (SELECT {store.METER_FEED_ID} AS feed, size, dials, unit, multiplier,"
            " connected, in_read, out_read FROM meter) m"
            " WHERE feed = ANY(%s) ORDER BY feed, connected",
            (sorted(feeds),),
        )
        found: dict[str, _Meter] = {}
        last_out: dict[str, int | None] = {}
        for feed, size, dials, unit, multiplier, connected, in_read, out_read in rows:
            factor = Fraction(multiplier) * gallons_in(unit) * 1000
            first = feed not in found
            meter = found.setdefault(feed, _Meter())
            meter.per_hour = most_per_hour(size)
            meter.capacity = half_up(10**dials * factor)
            if not first:
                start = half_up(Fraction(in_read) * factor)
                meter.exchanges.append(Exchange(connected, last_out[feed], start))
            last_out[feed] = None if out_read is None else half_up(Fraction(out_read) * factor)
        return found
