"""A place's reads and bills over two years, as a billing system would have kept them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate, pairwise
from random import Random

from portal.cities import City
from portal.demo.town.calendar import Rhythm, bill_year, read_dates, rhythm_of
from portal.demo.town.places import Device, Place, Stay
from portal.demo.town.water import daily, day_range, leak_of_day
from portal.domain.rates.queries import tariffs
from portal.domain.rates.rules import Line, price, tariff_on
from portal.kit.clock import hours_in_day


@dataclass
class Series:
    """A place's water by day: `used[i]` gallons before day `i` of the days from `first`."""

    first: date
    indoor: list[int]
    outdoor: list[int]
    used: list[int]

    def before(self, day: date) -> int:
        """Return the gallons used before `day` since the series began."""
        return self.used[max(0, min((day - self.first).days, len(self.used) - 1))]


@dataclass
class ReadRow:
    """A register read in the units of the bill."""

    device: Device
    read_date: date
    prev_date: date
    prev_read: int
    curr_read: int
    actual: int
    billed: int
    code: str
    transaction: str


@dataclass
class Money:
    """A payment, fee or credit booked on a bill, in signed cents."""

    activity: str
    day: date
    amount: int
    tender: str = ""
    source: str = "OTHER"


@dataclass
class Bill:
    """A bill with its lines and what was booked on it."""

    stay: Stay
    year: int
    number: str
    kind: str
    period: tuple[date, date]
    statement: date
    due: date
    lines: tuple[Line, ...]
    reads: list[ReadRow]
    status: str = "OPEN"
    lien: bool = False
    message: str = ""
    money: list[Money] = field(default_factory=list)

    @property
    def billed(self) -> int:
        """Return what was billed, in cents."""
        return sum(line.amount_cents for line in self.lines)

    def booked(self, activity: str) -> int:
        """Return the signed sum of an activity, in cents."""
        return sum(row.amount for row in self.money if row.activity == activity)


def series_of(place: Place, city: City, rng: Random, first: date, last: date) -> Series:
    """Return the place's water for [first, last)."""
    days = (last - first).days
    indoor, outdoor = daily(rng, city.key, place.habit, first, days)
    if place.habit.leak_from is None:
        totals = [a + b for a, b in zip(indoor, outdoor, strict=True)]
    else:
        totals = [
            a + b + leak_of_day(place.habit, day, hours_in_day(day, city.zone))
            for day, a, b in zip(day_range(first, last), indoor, outdoor, strict=True)
        ]
    return Series(first, indoor, outdoor, [0, *accumulate(totals)])


def register(place: Place, series: Series, device: Device, day: date, per_unit: int) -> int:
    """Return what the device's register showed at the start of `day`, in whole units."""
    since = max(device.connected, series.first)
    return (device.start + series.before(day) - series.before(since)) // per_unit


def device_on(place: Place, day: date) -> Device:
    """Return the meter that hangs at the place on `day`."""
    return next(d for d in place.devices if d.removed is None or day < d.removed)


def reads_of(
    place: Place, stay: Stay, series: Series, dates: Sequence[date], per_unit: int
) -> list[list[ReadRow]]:
    """Return the reads of each billing period of a stay; a period is a list of one to three.

    The reads that the place names as estimated are; the next actual one sets them right.
    """
    inside = [day for day in dates if stay.start < day and (stay.stop is None or day < stay.stop)]
    begin = max(stay.start, dates[0])
    bounds = [begin, *(day for day in inside if day > begin)]
    if stay.stop and stay.stop > bounds[-1]:
        bounds.append(stay.stop)
    periods: list[list[ReadRow]] = []
    shown: dict[date, int] = {}
    newest = dates[-1]
    for before, day in pairwise(bounds):
        old, new = device_on(place, before), device_on(place, day)
        prev = shown.get(before, register(place, series, old, before, per_unit))
        rows: list[ReadRow] = []
        billed = 0
        prev_here = prev
        if old is not new and new.connected > before:
            out = max(register(place, series, old, new.connected, per_unit), prev)
            billed = out - prev
            swap = new.connected
            rows.append(ReadRow(old, swap, before, prev, out, out - prev, 0, "A", "REPLACE_OUT"))
            rows.append(ReadRow(new, swap, swap, 0, 0, 0, 0, "A", "REPLACE_IN"))
            prev_here = 0
        curr = max(register(place, series, new, day, per_unit), prev_here)
        code = "A"
        left = sum(1 for later in dates if day < later <= newest)
        if left in place.estimated and day != stay.stop and periods and not rows:
            last = periods[-1][-1]
            span = max((last.read_date - last.prev_date).days, 1)
            curr = prev_here + (last.billed * (day - before).days + span // 2) // span
            code = "E"
        shown[day] = curr
        kind = "FINAL" if day == stay.stop else "CYCLE"
        actual = curr - prev_here
        rows.append(ReadRow(new, day, before, prev_here, curr, actual, billed + actual, code, kind))
        periods.append(rows)
    return periods


@lru_cache(maxsize=8_000)
def _lines(
    city_key: str,
    day: date,
    units: int,
    size: str,
    kind: str,
    inside: bool,
    options: tuple[str, ...],
) -> tuple[Line, ...]:
    tariff = tariff_on(tariffs(city_key), day)
    return price(tariff, Decimal(units), meter_size=size, kind=kind, inside=inside, options=options)


def bills_of(
    place: Place, stay: Stay, periods: list[list[ReadRow]], city: City, today: date, stride: int
) -> list[Bill]:
    """Return the bills of a stay, oldest first, priced by the city's tariff of the read's month."""
    rhythm = rhythm_of(city)
    found: list[Bill] = []
    for rows in periods:
        last = rows[-1]
        final = last.transaction == "FINAL"
        statement = last.read_date + timedelta(days=rhythm.to_statement)
        if statement > today:
            continue
        # Numbers rise with the period, never repeat, and leave room for a final bill each.
        period = (last.read_date.year * 12 + last.read_date.month - 2020 * 12) // rhythm.months
        number = 100_000 + period * stride * 2 + place.index * 2 + int(final)
        # Tariffs change on the first of a month: a month's reads share one price.
        lines = _lines(
            city.key,
            last.read_date.replace(day=1),
            last.billed,
            place.size,
            place.kind,
            place.inside,
            place.options,
        )
        message = ""
        if last.code == "E":
            message = "YOUR METER READING WAS ESTIMATED. THE NEXT ACTUAL READING SETS IT RIGHT."
        elif rows[0].transaction == "REPLACE_OUT":
            message = f"REPLACED METER #{rows[0].device.serial}"
        found.append(
            Bill(
                stay,
                bill_year(city, statement),
                str(number),
                "FINAL" if final else "CYCLE",
                (last.prev_date, last.read_date),
                statement,
                statement + timedelta(days=rhythm.to_due),
                lines,
                rows,
                message=message,
            )
        )
    return found


def pay(bills: list[Bill], stay: Stay, rng: Random, rhythm: Rhythm, today: date) -> None:
    """Book what the resident paid on each bill, and what lateness cost, by how they pay."""
    for left, bill in enumerate(reversed(bills)):
        paid_on = _paid_on(bill, stay, rng, rhythm, left)
        if paid_on is not None and paid_on < today:
            extra = 4_000 if stay.pays == "over" and left == 0 else 0
            tender, source = _way(stay, rng)
            amount = -(bill.billed + extra)
            bill.money.append(Money("PAYMENT", paid_on, amount, tender, source))
            bill.status = "CREDIT" if extra else "PAID"
            continue
        if stay.pays == "lien" and left == 3:
            bill.status, bill.lien = "LIENED", True
            bill.money.append(Money("LIEN", bill.due + timedelta(days=60), 0))
        if (today - bill.due).days > 30:
            fee_day = bill.due + timedelta(days=31)
            bill.money.append(Money("FEE", fee_day, bill.billed // 10))


def _paid_on(bill: Bill, stay: Stay, rng: Random, rhythm: Rhythm, left: int) -> date | None:
    pays, due = stay.pays, bill.due
    early = bill.statement + timedelta(days=3 + rng.randrange(max(rhythm.to_due - 6, 2)))
    late = due + timedelta(days=1 + rng.randrange(20))
    if pays == "behind":
        return None if left < 2 else late
    if pays == "open":
        return None if left == 0 else early
    if pays == "lien":
        return None if left in (0, 3) else early
    if pays == "over":
        return bill.statement + timedelta(days=3)
    if pays == "late":
        return late
    return due if pays == "eft" else early


def _way(stay: Stay, rng: Random) -> tuple[str, str]:
    if stay.pays == "eft":
        return "ACH", "EFT"
    return rng.choice((("CHECK", "LOCKBOX"), ("CHECK", "LOCKBOX"), ("CARD", "COUNTER")))


def history(
    place: Place, city: City, rng: Random, today: date, stride: int
) -> tuple[Series, list[Bill]]:
    """Return an ordinary place's water and bills, oldest first."""
    rhythm = rhythm_of(city)
    dates = read_dates(rhythm, place.cycle, today)
    series = series_of(place, city, rng, dates[0], today - timedelta(days=1))
    bills: list[Bill] = []
    for stay in place.stays:
        if not stay.payer or (stay.stop and stay.stop <= dates[0]):
            continue
        periods = reads_of(place, stay, series, dates, city.units.gallons_per_unit)
        mine = bills_of(place, stay, periods, city, today, stride)
        pay(mine, stay, rng, rhythm, today)
        bills += mine
    return series, bills
