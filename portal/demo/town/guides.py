"""The guides' own accounts: the bills that their pictures show, with the dates moved to now."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import accumulate
from random import Random

from portal.cities import City
from portal.demo.town.books import Bill, Money, ReadRow, Series, history
from portal.demo.town.calendar import bill_year
from portal.demo.town.places import Place
from portal.domain.rates.rules import Line
from portal.kit.money import round_cents

# Units of each two months, newest last; the guide's three newest bills are 11, 11 and 10.
_IRRIGATION = (3, 2, 6, 12, 14, 11, 4, 2, 7, 13, 11, 11, 10)
_LEESBURG_NUMBERS = ("405215", "422007", "439028", "456305", "473293")


def guide_history(
    place: Place, city: City, rng: Random, today: date, stride: int
) -> tuple[Series, list[Bill]]:
    """Return the water and bills of the account in the city's guide."""
    if city.key == "pleasanton":
        return _pleasanton(place, city, today, stride)
    series, bills = history(place, city, rng, today, stride)
    for bill in bills:  # both guides show an amount due of $0.00
        if bill.status != "PAID":
            bill.money.append(
                Money("PAYMENT", today - timedelta(days=2), -bill.billed, "CHECK", "LOCKBOX")
            )
            bill.status = "PAID"
    if city.key == "leesburg":
        for bill, number in zip(bills[-5:], _LEESBURG_NUMBERS, strict=False):
            bill.number = number
    else:
        for bill in bills:
            bill.lines = _minot_lines()
            bill.money = [
                Money(row.activity, row.day, -bill.billed, row.tender, row.source)
                for row in bill.money
            ]
        bills[-1].number = "1306"
    return series, bills


def _minot_lines() -> tuple[Line, ...]:
    """Return the $53.50 that Minot's guide shows as paid on bill 1306."""

    def line(code: str, what: str, service: str, cents: int) -> Line:
        return Line(code, what, service, "", None, "", None, cents)

    return (
        line("1000", "WATER", "1000", 2815),
        line("2000", "SEWER", "2000", 2385),
        line("MXU", "MXU", "MXU", 150),
    )


def _pleasanton(place: Place, city: City, today: date, stride: int) -> tuple[Series, list[Bill]]:
    """Return the irrigation account 28624: bills 98820 and 98465 open, 35932 paid.

    The printed reads are kept: after a meter change 0 to 8, usage 10.
    """
    per = city.units.gallons_per_unit
    old, new = place.devices
    old.start = 1364 * per
    swap = new.connected
    ends = [today - timedelta(days=30 + 60 * n + (2 if n else 0)) for n in range(len(_IRRIGATION))]
    ends.reverse()
    ends[-2] = today - timedelta(days=90)
    begins = [ends[0] - timedelta(days=61), *ends[:-1]]
    first, last = begins[0], today - timedelta(days=1)
    water = [0] * (last - first).days

    def spread(since: date, until: date, gallons: int) -> None:
        days = range((since - first).days, (until - first).days, 2)
        for nth, index in enumerate(days):
            water[index] += gallons // len(days) + (nth < gallons % len(days))

    bills: list[Bill] = []
    shown = old.start // per
    for nth, (begin, end, units) in enumerate(zip(begins, ends, _IRRIGATION, strict=True)):
        newest = nth == len(ends) - 1
        rows: list[ReadRow] = []
        if newest:
            spread(begin, swap, 2 * per)
            spread(swap, end, 8 * per)
            rows.append(ReadRow(old, swap, begin, shown, shown + 2, 2, 0, "A", "REPLACE_OUT"))
            rows.append(ReadRow(new, swap, swap, 0, 0, 0, 0, "A", "REPLACE_IN"))
            rows.append(ReadRow(new, end, begin, 0, 8, 8, 10, "A", "CYCLE"))
        else:
            spread(begin, end, units * per)
            rows.append(ReadRow(old, end, begin, shown, shown + units, units, units, "A", "CYCLE"))
            shown += units
        statement = end + timedelta(days=12 if newest else 7)
        due = today + timedelta(days=36) if newest else statement + timedelta(days=75)
        bills.append(
            Bill(
                place.stays[0],
                bill_year(city, statement),
                str(35_932 - (len(ends) - 3 - nth) * 211),
                "CYCLE",
                (begin, end),
                statement,
                due,
                _pleasanton_lines(units, surcharge=not newest),
                rows,
                message="VI.REPLACED METER #1470066" if newest else "",
            )
        )
    spread(ends[-1], last, 3 * per)
    bills[-2].number, bills[-1].number = "98820", "98465"
    for bill in bills[:-2]:
        bill.status = "PAID"
        paid_on = bill.statement + timedelta(days=30)
        bill.money.append(Money("PAYMENT", paid_on, -bill.billed, "CHECK", "LOCKBOX"))
    bills[-3].money[0].day = today - timedelta(days=114)
    empty = [0] * len(water)
    return Series(first, empty, water, [0, *accumulate(water)]), bills


def _pleasanton_lines(units: int, *, surcharge: bool) -> tuple[Line, ...]:
    """Return lines that sum to the printed bills: $127.11 for 10 units, $134.46 for 11."""

    def use(code: str, what: str, rate: str, agency: str = "") -> Line:
        amount = round_cents(units * Decimal(rate))
        return Line(code, what, "15000", agency, Decimal(units), "CCF", Decimal(rate), amount)

    lines = [
        Line("10000", "PLEASANTON WATER FIXED CHARGE", "10000", "", None, "", None, 1963),
        use("15000", "PLEASANTON WATER VAR CHARGE IRRIGATION", "3.58"),
        Line("70000", "ZONE 7 FIXED CHARGE", "10000", "Zone 7", None, "", None, 4058),
        use("75000", "ZONE 7 COST", "3.11", "Zone 7"),
    ]
    if surcharge:
        lines.append(use("15900", "DROUGHT SURCHARGE", "0.06"))
    return tuple(lines)
