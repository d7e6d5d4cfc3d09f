"""What every meter-reading format yields, whatever its file looks like."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction

from portal.domain.usage.local_time import Calendar
from portal.kit.text import N_
from portal.kit.units import UNITS, gallons_in

# No hour of the largest meter comes near it, and it fits the column.
MOST = 2_000_000_000
_ID = re.compile(r"[A-Za-z0-9._:-]{1,40}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive hours of one local day: where they start and a quality letter for each."""

    day: date
    slot: int
    first: int  # index of the run's first value in its row
    letters: str


@dataclass(frozen=True, slots=True)
class Hours:
    """Some hours of a meter: the runs and, run by run, the values in thousandths of a gallon."""

    feed_id: str
    record: str  # YYYYMMDDHHMM at which the sender made it; empty: when we received it
    runs: tuple[Run, ...]
    values: tuple[list[int], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One of `parts` equal parts of an hour; the hour counts once all of them are here."""

    feed_id: str
    record: str
    day: date
    slot: int
    part: int
    parts: int
    value: int
    letter: str


@dataclass(frozen=True, slots=True)
class Register:
    """A cumulative register at an instant, in thousandths of a gallon."""

    feed_id: str
    record: str
    at: datetime
    value: int
    jitter: int  # the largest step back that means nothing
    capacity: int | None = None  # where it rolls over, if the feed says


@dataclass(frozen=True, slots=True)
class Fault:
    """A row, or one value of it, that could not be used. `message` waits for its translation."""

    line: int
    column: str
    value: str
    message: str


CLOCKS_SKIP = N_("the clocks skip this time; its value is dropped")

Item = Hours | Part | Register | Fault


@dataclass(slots=True)
class Tally:
    """What a reader passed over on purpose, and what it read."""

    rows: int = 0
    readings: int = 0
    filler: int = 0
    skipped: int = 0
    gap_stamps: int = 0


@dataclass(frozen=True)
class Format:
    """One file format: its name, whether a first line looks like it, and its reader."""

    name: str
    sniff: Callable[[str], bool]
    read: Callable[[Iterable[str], Calendar, Tally], Iterator[Item]]


def feed_id(text: str) -> str | None:
    """Return the network's id of a meter without its B prefix, or None where it is none."""
    text = text.strip().upper()
    if len(text) > 1 and text[0] == "B" and text[1].isdigit():
        text = text[1:]
    return text if _ID.match(text) else None


def unit_word(text: str) -> str | None:
    """Return our word for a feed's unit (GAL KGAL CF CCF M3 L), or None for an unknown one."""
    word = text.strip().upper().replace(" ", "").replace(".", "")
    word = _WORDS.get(word, word)
    return word if word in UNITS else None


_WORDS = {
    "GALLONS": "GAL", "GALLON": "GAL", "GALS": "GAL", "KGALLONS": "KGAL", "TGAL": "KGAL",
    "KILOGALLONS": "KGAL", "CUBICFEET": "CF", "CUBICFOOT": "CF", "FT3": "CF", "CFT": "CF",
    "HCF": "CCF", "CENTUMCUBICFEET": "CCF", "CUBICMETERS": "M3", "CUBICMETRES": "M3",
    "CUBICMETER": "M3", "LITERS": "L", "LITRES": "L", "LITER": "L",
}  # fmt: skip


class Gallons(dict[str, int]):
    """Thousandths of a gallon for a value as written, in one unit and multiplier; remembered.

    Raises ValueError for what is no number.
    """

    def __init__(self, unit: str, multiplier: Decimal) -> None:
        super().__init__()
        # 1 CF is 1728/231 gallons exactly, so the factor stays a fraction to the end.
        self.factor = Fraction(multiplier) * gallons_in(unit) * 1000

    def __missing__(self, text: str) -> int:
        try:
            quantity = Decimal(text)
        except InvalidOperation:
            raise ValueError(text) from None
        if not quantity.is_finite() or abs(quantity.adjusted()) > 18:
            raise ValueError(text)
        value = half_up(Fraction(quantity) * self.factor)
        if len(self) > 50_000:
            self.clear()
        self[text] = value
        return value


def jitter(unit: str, multiplier: Decimal, resolution: Decimal | None = None) -> int:
    """Return the step back that is only jitter: the resolution, or five units if that is more.

    Five of a large unit (CCF, KGAL, M3) would swallow true steps back: five cubic feet at most.
    """
    five = min(5 * gallons_in(unit), 5 * gallons_in("CF"))
    step = Fraction(resolution or 0) * Fraction(multiplier) * gallons_in(unit)
    return half_up(max(five, step) * 1000)


def half_up(exact: Fraction) -> int:
    """Round half away from zero."""
    return int(
        (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(
            Decimal(1), rounding=ROUND_HALF_UP
        )
    )
