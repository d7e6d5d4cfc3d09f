"""CMEP MEPMD01: no header, 14 fields, then triplets of time, quality and value.

Times are naive local and end their interval. With an interval in field 13 only the first time is
mandatory. Quality is a letter and a bit mask; see `_letter`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from portal.domain.usage import feed
from portal.domain.usage.feed import Fault, Gallons, Hours, Item, Part, Register, Run, Tally
from portal.domain.usage.local_time import HOUR, Calendar, SpringGap, nearest_hour
from portal.kit.text import N_

_LETTERS = frozenset("READM")
_OVERFLOW = 1 << 9
_ROLLOVER = 1 << 13
_SUMMER = 1 << 6
_LOADED = frozenset(("OK", "RESEND", "SUMMARY", "HISTORY"))


class _Refused(ValueError):
    """A row or value is at fault: the column (by its number in the layout), value and reason."""

    def __init__(self, column: str, value: str, message: str) -> None:
        super().__init__(message)
        self.column, self.value, self.message = column, value, message


def sniff(first_line: str) -> bool:
    """Tell a CMEP file by its first record type."""
    return first_line.lstrip("\ufeff").startswith("MEPMD01,")


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What a row's times and qualities come to; most rows of a file share one."""

    runs: tuple[Run, ...]
    lengths: tuple[int, ...]
    parts: tuple[tuple[int, datetime, str], ...]  # index, end of the interval, letter
    ends: tuple[tuple[int, datetime], ...]  # every usable index with its instant
    filler: int
    in_gap: tuple[str, ...]


def read(lines: Iterable[str], calendar: Calendar, tally: Tally) -> Iterator[Item]:
    """Yield hours, parts of hours, registers and faults of a CMEP file's `lines`, in order."""
    patterns: dict[tuple[object, ...], _Pattern] = {}
    units: dict[tuple[str, str], tuple[Gallons, bool, int]] = {}
    for number, line in enumerate(lines, 1):
        line = line.strip("\ufeff\r\n ")
        if not line:
            continue
        tally.rows += 1
        fields = line.split(",")
        try:
            meter = _check(fields)
            if fields[9].strip() != "W" or fields[8].strip() not in _LOADED:
                tally.skipped += 1
                continue
            key = (fields[10], fields[11])
            if key not in units:
                units[key] = _unit(*key)
            gallons, is_register, jitter = units[key]
            times, qualities, values = fields[14::3], fields[15::3], fields[16::3]
            shape = (is_register, fields[12], *times, *qualities)
            pattern = patterns.get(shape)
            if pattern is None:
                if len(patterns) > 5_000:
                    patterns.clear()
                pattern = _pattern(times, qualities, fields[12], is_register, calendar)
                patterns[shape] = pattern
        except _Refused as refused:
            yield Fault(number, refused.column, refused.value[:80], refused.message)
            continue
        tally.readings += len(values)
        tally.filler += pattern.filler
        for stamp in pattern.in_gap:
            tally.gap_stamps += 1
            yield Fault(number, "time", stamp, feed.CLOCKS_SKIP)
        if is_register:
            for index, end in pattern.ends:
                try:
                    value = _whole(gallons, values[index])
                except _Refused as refused:
                    yield Fault(number, refused.column, refused.value[:80], refused.message)
                    continue
                yield Register(meter, fields[6], end, value, jitter)
        elif pattern.parts:
            yield from _parts(pattern, values, gallons, number, meter, fields, calendar)
        else:
            yield from _hours(pattern, values, gallons, jitter, number, meter, fields[6])


def _hours(
    pattern: _Pattern,
    values: list[str],
    gallons: Gallons,
    jitter: int,
    number: int,
    meter: str,
    record: str,
) -> Iterator[Item]:
    try:
        taken = tuple(
            [gallons[text] for text in values[run.first : run.first + length]]
            for run, length in zip(pattern.runs, pattern.lengths, strict=True)
        )
        if all(min(run) >= 0 and max(run) <= feed.MOST for run in taken):
            yield Hours(meter, record, pattern.runs, taken)
            return
    except ValueError:
        pass
    # Something in the row is at fault: take it value by value.
    for run, length in zip(pattern.runs, pattern.lengths, strict=True):
        for offset in range(length):
            text = values[run.first + offset]
            try:
                value = _whole(gallons, text)
                if -jitter <= value < 0:
                    value = 0
                if value < 0:
                    raise _Refused("value", text, N_("use cannot be negative"))
            except _Refused as refused:
                yield Fault(number, refused.column, refused.value[:80], refused.message)
                continue
            single = Run(run.day, run.slot + offset, 0, run.letters[offset])
            yield Hours(meter, record, (single,), ([value],))


def _parts(
    pattern: _Pattern,
    values: list[str],
    gallons: Gallons,
    number: int,
    meter: str,
    fields: list[str],
    calendar: Calendar,
) -> Iterator[Item]:
    length = _interval(fields[12])
    for index, end, letter in pattern.parts:
        try:
            value = _whole(gallons, values[index])
            if value < 0:
                raise _Refused("value", values[index], N_("use cannot be negative"))
        except _Refused as refused:
            yield Fault(number, refused.column, refused.value[:80], refused.message)
            continue
        start = end - length
        hour = start.replace(minute=0, second=0)
        day, slot = calendar.place(hour + HOUR)
        yield Part(
            meter, fields[6], day, slot, (start - hour) // length, HOUR // length, value, letter
        )


def _check(fields: list[str]) -> str:
    """Return the meter's id of a row whose frame is sound."""
    if fields[0] != "MEPMD01":
        raise _Refused("1", fields[0], N_("not a MEPMD01 row"))
    if len(fields) < 14:
        raise _Refused("", str(len(fields)), N_("the row ends before its 14th field"))
    meter = feed.feed_id(fields[7])
    if meter is None:
        raise _Refused("8", fields[7], N_("not a meter id"))
    record = fields[6]
    if len(record) != 12 or not (record.isascii() and record.isdigit()):
        raise _Refused("7", record, N_("the record time is not YYYYMMDDHHMM"))
    count = fields[13].strip()
    if not (count.isascii() and count.isdigit()) or len(fields) != 14 + 3 * int(count):
        raise _Refused("14", count, N_("the row does not hold as many readings as it counts"))
    return meter


def _unit(text: str, multiplier: str) -> tuple[Gallons, bool, int]:
    word = text.strip().upper()
    is_register = word.endswith("REG")
    unit = feed.unit_word(word.removesuffix("REG"))
    if unit is None:
        raise _Refused("11", text, N_("not a unit of water"))
    try:
        factor = Decimal(multiplier.strip() or "1")
        if not factor.is_finite() or not 0 < factor <= 1_000_000:
            raise InvalidOperation
    except InvalidOperation:
        raise _Refused("12", multiplier, N_("not a multiplier")) from None
    return Gallons(unit, factor), is_register, feed.jitter(unit, factor)


def _interval(text: str) -> timedelta:
    """Return field 13, MMDDHHMM; zero where it is empty."""
    text = text.strip()
    if text in ("", "00000000"):
        return timedelta()
    if len(text) != 8 or not (text.isascii() and text.isdigit()) or text[:2] != "00":
        raise _Refused("13", text, N_("not an interval of days, hours and minutes"))
    return timedelta(days=int(text[2:4]), hours=int(text[4:6]), minutes=int(text[6:]))


def _stamp(text: str) -> datetime:
    if len(text) != 12 or not (text.isascii() and text.isdigit()):
        raise _Refused("time", text, N_("not YYYYMMDDHHMM"))
    # Some senders end the day at 24:00.
    hour, more = (0, timedelta(days=1)) if text[8:] == "2400" else (int(text[8:10]), timedelta())
    year, month, day, minute = int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[10:])
    try:
        return datetime(year, month, day, hour, minute) + more  # noqa: DTZ001 - naive local
    except (ValueError, OverflowError):
        raise _Refused("time", text, N_("not a time")) from None


def _letter(quality: str) -> tuple[str, bool] | None:
    """Return the quality letter and whether it says summer time; None where nothing was read.

    N and bits 9 (overflow) and 13 (register rollover) are no measurement: the value is filler.
    """
    quality = quality.strip()
    letter, mask = quality[:1].upper(), quality[1:] or "0"
    if letter == "N":
        return None
    if letter not in _LETTERS or not (mask.isascii() and mask.isdigit()) or len(mask) > 9:
        raise _Refused("quality", quality, N_("not a quality letter and mask"))
    bits = int(mask)
    if bits & (_OVERFLOW | _ROLLOVER):
        return None
    return letter, bool(bits & _SUMMER)


def _pattern(
    times: list[str],
    qualities: list[str],
    interval: str,
    is_register: bool,
    calendar: Calendar,
) -> _Pattern:
    length = _interval(interval)
    letters = [_letter(quality) for quality in qualities]
    says_summer = any(letter and letter[1] for letter in letters)
    seen: set[str] = set()
    previous: datetime | None = None
    usable: list[tuple[int, datetime, str]] = []
    in_gap = []
    for index, (text, letter) in enumerate(zip(times, letters, strict=True)):
        text = text.strip()
        if not text:
            if previous is None or not length:
                raise _Refused("time", "", N_("no time to count from"))
            end = previous + length
        else:
            naive = _stamp(text)
            try:
                end = calendar.instant(naive)
                if calendar.twice(naive):
                    # The mask decides where it can; else the first of the twins is summer time.
                    second = text in seen
                    if letter and says_summer:
                        second = not letter[1]
                    seen.add(text)
                    end = calendar.instant(naive, standard=second)
            except SpringGap:
                in_gap.append(text)
                continue
        previous = end
        if letter:
            usable.append((index, end, letter[0]))
    filler = sum(1 for letter in letters if letter is None)
    ends = tuple((index, end) for index, end, _ in usable)
    if is_register:
        return _Pattern((), (), (), ends, filler, tuple(in_gap))
    if not length or HOUR % length:
        raise _Refused("13", interval, N_("not an interval that fills hours"))
    if length < HOUR:
        return _Pattern((), (), tuple(usable), ends, filler, tuple(in_gap))
    runs, lengths = _runs(usable, calendar)
    return _Pattern(runs, lengths, (), ends, filler, tuple(in_gap))


def _runs(
    usable: list[tuple[int, datetime, str]], calendar: Calendar
) -> tuple[tuple[Run, ...], tuple[int, ...]]:
    runs: list[Run] = []
    lengths: list[int] = []
    for index, end, letter in usable:
        day, slot = calendar.place(nearest_hour(end))
        if runs:
            last, size = runs[-1], lengths[-1]
            if last.day == day and slot == last.slot + size and index == last.first + size:
                runs[-1] = Run(day, last.slot, last.first, last.letters + letter)
                lengths[-1] += 1
                continue
        runs.append(Run(day, slot, index, letter))
        lengths.append(1)
    return tuple(runs), tuple(lengths)


def _whole(gallons: Gallons, text: str) -> int:
    try:
        return gallons[text.strip()]
    except ValueError:
        raise _Refused("value", text, N_("not a number")) from None
