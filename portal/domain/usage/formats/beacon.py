"""Badger BEACON range export: a quoted header whose columns the sender picked, a reading a row.

`Flow` is the use of the interval that ends at `Flow_Time`; without it `Read` is a cumulative
register at `Read_Time`. Each has a unit of its own. Hours end at `:59`. Times are naive local.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from itertools import chain, islice

from portal.domain.usage import feed
from portal.domain.usage.feed import Fault, Gallons, Hours, Item, Part, Register, Run, Tally
from portal.domain.usage.local_time import HOUR, Calendar, SpringGap, nearest_hour
from portal.kit.errors import DomainError
from portal.kit.text import N_

_IDS = ("Meter_ID", "Meter_SN", "Endpoint_SN")
_FLOW = ("Flow", "Flow_Time", "Flow_Unit")
_READ = ("Read", "Read_Time", "Read_Unit")
_ONE = Decimal(1)
_MINUTE = timedelta(minutes=1)
_QUARTER = timedelta(minutes=15)
_YES = frozenset(("1", "Y", "YES", "T", "TRUE"))


class MissingColumns(DomainError):
    """The export lacks a column without which it says nothing."""

    code = "missing_columns"


class _Refused(ValueError):
    def __init__(self, column: str, value: str, message: str) -> None:
        super().__init__(message)
        self.column, self.value, self.message = column, value, message


def sniff(first_line: str) -> bool:
    """Tell a BEACON export by its header's names."""
    header = next(csv.reader([first_line.lstrip("\ufeff")]), [])
    return any(one in header for one in _IDS) and (
        set(_FLOW) <= set(header) or set(_READ) <= set(header)
    )


def read(lines: Iterable[str], calendar: Calendar, tally: Tally) -> Iterator[Item]:
    """Yield what a BEACON file's `lines` hold. Raises MissingColumns."""
    rows = csv.reader(lines)
    header = [column.strip().lstrip("\ufeff").strip('"') for column in next(rows, [])]
    if not sniff(",".join(header)):
        raise MissingColumns(
            N_(
                "The header names no meter (Meter_ID, Meter_SN or Endpoint_SN)"
                " or neither Flow nor Read with its time and unit."
            )
        )
    reader = _Reader({column: place for place, column in enumerate(header)}, calendar)
    first = [(rows.line_num, row) for row in islice(rows, 400)]
    reader.quarters = reader.looks_quarterly(first)
    for number, row in chain(first, ((rows.line_num, row) for row in rows)):
        if not any(row):
            continue
        tally.rows += 1
        try:
            if len(row) != len(header):
                raise _Refused("", str(len(row)), N_("the row has another number of columns"))
            item = reader.item(row)
        except SpringGap as gap:
            tally.gap_stamps += 1
            yield Fault(number, "time", str(gap), feed.CLOCKS_SKIP)
            continue
        except _Refused as refused:
            yield Fault(number, refused.column, refused.value[:80], refused.message)
            continue
        if item is None:
            tally.skipped += 1
            continue
        tally.readings += 1
        yield item


class _Reader:
    """One export's columns and what it has learnt while reading."""

    def __init__(self, places: dict[str, int], calendar: Calendar) -> None:
        self.places = places
        self.calendar = calendar
        self.quarters = False
        self.units: dict[str, Gallons] = {}
        self.twins: set[tuple[str, str, str]] = set()
        self.has_flow = set(_FLOW) <= set(places)
        self.has_read = set(_READ) <= set(places)

    def text(self, row: list[str], column: str) -> str:
        place = self.places.get(column)
        return "" if place is None else row[place].strip()

    def looks_quarterly(self, rows: list[tuple[int, list[str]]]) -> bool:
        """True when flows end at quarters of an hour, not only at full hours."""
        if not self.has_flow:
            return False
        place = self.places["Flow_Time"]
        ends = {row[place].strip()[14:16] for _, row in rows if len(row) > place}
        return len(ends & {"14", "15", "29", "30", "44", "45"}) > 1

    def item(self, row: list[str]) -> Item | None:
        """Return the row's reading; None where it holds none."""
        claim = next((self.text(row, one) for one in _IDS if self.text(row, one)), "")
        meter = feed.feed_id(claim)
        if meter is None:
            raise _Refused("Meter_ID", claim, N_("not a meter id"))
        if self.has_flow and self.text(row, "Flow"):
            return self.flow(row, meter)
        if self.has_read and self.text(row, "Read"):
            return self.register(row, meter)
        return None

    def flow(self, row: list[str], meter: str) -> Item:
        unit = self.unit(row, "Flow_Unit")
        value = self.value(row, "Flow", unit)
        step_back = feed.jitter(unit, _ONE)
        if -step_back <= value < 0:
            value = 0
        if value < 0:
            raise _Refused("Flow", self.text(row, "Flow"), N_("use cannot be negative"))
        letter = "E" if self.text(row, "Estimated_Flag").upper() in _YES else "R"
        end = self.instant(row, "Flow_Time", meter)
        if end.minute % 15 == 14:
            end += _MINUTE
        if self.quarters:
            start = end - _QUARTER
            hour = start.replace(minute=0, second=0)
            day, slot = self.calendar.place(hour + HOUR)
            return Part(meter, "", day, slot, (start - hour) // _QUARTER, 4, value, letter)
        day, slot = self.calendar.place(nearest_hour(end))
        return Hours(meter, "", (Run(day, slot, 0, letter),), ([value],))

    def register(self, row: list[str], meter: str) -> Item:
        unit = self.unit(row, "Read_Unit")
        value = self.value(row, "Read", unit)
        resolution = self.number(row, "Register_Resolution")
        dials = self.text(row, "Dials")
        capacity = None
        if dials.isascii() and dials.isdigit() and 0 < int(dials) <= 12:
            whole = Gallons(unit, resolution or _ONE)
            capacity = whole[str(10 ** int(dials))]
        at = self.instant(row, "Read_Time", meter)
        return Register(meter, "", at, value, feed.jitter(unit, _ONE, resolution), capacity)

    def unit(self, row: list[str], column: str) -> str:
        text = self.text(row, column)
        unit = feed.unit_word(text)
        if unit is None:
            raise _Refused(column, text, N_("not a unit of water"))
        return unit

    def value(self, row: list[str], column: str, unit: str) -> int:
        if unit not in self.units:
            self.units[unit] = Gallons(unit, _ONE)
        text = self.text(row, column).replace(",", "")
        try:
            return self.units[unit][text]
        except ValueError:
            raise _Refused(column, text, N_("not a number")) from None

    def number(self, row: list[str], column: str) -> Decimal | None:
        try:
            value = Decimal(self.text(row, column) or "0")
        except InvalidOperation:
            return None
        return value if value.is_finite() and 0 < value <= 1_000_000 else None

    def instant(self, row: list[str], column: str, meter: str) -> datetime:
        text = self.text(row, column)
        try:
            naive = datetime.fromisoformat(text)
        except ValueError:
            raise _Refused(column, text, N_("not a time")) from None
        if naive.tzinfo is not None:
            return naive.astimezone(UTC)
        if not self.calendar.twice(naive):
            return self.calendar.instant(naive)
        # The autumn hour: the first row is summer time, the second standard time.
        twin = (meter, column, text)
        second = twin in self.twins
        self.twins.add(twin)
        return self.calendar.instant(naive, standard=second)
