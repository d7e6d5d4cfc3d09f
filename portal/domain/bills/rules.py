"""Bills compared and told apart: pure, from what the billing system sent. Nothing is recomputed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Standing(StrEnum):
    """How a bill stands today, one word for the resident."""

    PAST_DUE = "past_due"
    DUE = "due"
    PAID = "paid"
    CREDIT = "credit"
    LIENED = "liened"
    WRITTEN_OFF = "written_off"
    VOID = "void"


def standing(status: str, due_date: date, owed: int, credit: int, today: date) -> Standing:
    """Return how a bill of imported `status` stands `today`; `owed`, `credit` in cents.

    A bill due today is not past due.
    """
    if status == "VOID":
        return Standing.VOID
    if status == "WRITTENOFF":
        return Standing.WRITTEN_OFF
    if owed > 0 and status == "LIENED":
        return Standing.LIENED
    if owed > 0:
        return Standing.PAST_DUE if due_date < today else Standing.DUE
    return Standing.CREDIT if credit > 0 else Standing.PAID


@dataclass(frozen=True)
class ReadLine:
    """A read as printed; `usage` is the billed usage, in `unit`."""

    service_code: str
    serial_no: str
    previous_date: date
    read_date: date
    previous: Decimal
    current: Decimal
    actual: Decimal
    usage: Decimal
    unit: str
    code: str
    estimated: bool
    transaction: str

    @property
    def days(self) -> int:
        """Days from the previous read to this one."""
        return (self.read_date - self.previous_date).days

    @property
    def difference(self) -> Decimal:
        """Current read less previous: what the dial alone would say."""
        return self.current - self.previous

    @property
    def billed(self) -> bool:
        """True for the rows that a bill prints; a meter's exchange shows in the explanation."""
        return self.transaction not in ("REPLACE_OUT", "REPLACE_IN")


def billed_usage(reads: Sequence[ReadLine]) -> tuple[Decimal, str] | None:
    """Return (usage, unit) billed over `reads`, or None without a read or with mixed units.

    A meter whose water two services charge for (water, sewer) counts once.
    """
    once = {(read.serial_no, read.read_date): read for read in reads if read.billed}
    units = {read.unit for read in once.values()}
    if len(units) != 1:
        return None
    return sum((read.usage for read in once.values()), Decimal(0)), units.pop()


def billed_days(reads: Sequence[ReadLine]) -> int | None:
    """Return the days that the longest printed read covers, or None without one."""
    return max((read.days for read in reads if read.billed), default=None)


@dataclass(frozen=True)
class ChargeChange:
    """One charge on this bill and the last, in cents; 0 where a bill has none."""

    description: str
    before: int
    now: int

    @property
    def change(self) -> int:
        """Cents more (positive) or less."""
        return self.now - self.before


@dataclass(frozen=True)
class Change:
    """This bill's charges against the last bill's.

    `cents`, `usage` and `days` are more (positive) or less; `usage` and `days` None where the two
    bills cannot be compared. The changes of `charges` sum to `cents`.
    """

    cents: int
    usage: Decimal | None
    unit: str
    days: int | None
    charges: tuple[ChargeChange, ...]


@dataclass(frozen=True)
class Charge:
    """A line of a bill: `original` is what was charged, in cents."""

    code: str
    service_code: str
    description: str
    quantity: Decimal | None
    unit: str
    rate: Decimal | None
    original: int


def compare_charges(now: Sequence[Charge], before: Sequence[Charge]) -> tuple[ChargeChange, ...]:
    """Return this bill's charges beside the last bill's, in this bill's order, then what went.

    Charges are matched by code and service; one that stands on two lines is summed.
    """
    words: dict[tuple[str, str], str] = {}
    sums: dict[tuple[str, str], list[int]] = {}
    for index, charges in ((1, now), (0, before)):
        for charge in charges:
            match = (charge.code, charge.service_code)
            words.setdefault(match, charge.description)
            sums.setdefault(match, [0, 0])[index] += charge.original
    return tuple(
        ChargeChange(words[match], old, new) for match, (old, new) in sums.items() if old or new
    )


def compare(
    now: tuple[Sequence[Charge], Sequence[ReadLine]],
    before: tuple[Sequence[Charge], Sequence[ReadLine]],
) -> Change:
    """Compare a bill (charges, reads) with the one before it."""
    charges = compare_charges(now[0], before[0])
    usage_now, usage_before = billed_usage(now[1]), billed_usage(before[1])
    days_now, days_before = billed_days(now[1]), billed_days(before[1])
    comparable = (
        usage_now is not None and usage_before is not None and usage_now[1] == usage_before[1]
    )
    return Change(
        cents=sum(charge.change for charge in charges),
        usage=usage_now[0] - usage_before[0] if comparable and usage_now and usage_before else None,
        unit=usage_now[1] if comparable and usage_now else "",
        days=None if days_now is None or days_before is None else days_now - days_before,
        charges=charges,
    )
