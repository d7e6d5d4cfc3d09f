"""A place told in rows of the exchange's files."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from portal.cities import City
from portal.demo.town.books import Bill, Money, ReadRow
from portal.demo.town.folder import OPEN_END, Cents, ExchangeFolder, end, flag
from portal.demo.town.places import Place, Stay

UTILITY = 60


@dataclass(frozen=True)
class Sold:
    """A service of the town: METERED ones hang on the water meter."""

    code: str
    description: str
    kind: str
    types: tuple[str, ...] = ("residential", "commercial", "irrigation")


_SERVICES = {
    "pleasanton": (
        Sold("10000", "PLEASANTON WATER FIXED CHARGE", "FLAT"),
        Sold("15000", "PLEASANTON WATER VAR CHARGE", "METERED"),
    ),
    "leesburg": (
        Sold("100", "WATER", "METERED"),
        Sold("200", "SEWER", "FLAT", ("residential", "commercial")),
    ),
    "minot": (
        Sold("1000", "WATER", "METERED"),
        Sold("2000", "SEWER", "FLAT", ("residential", "commercial")),
        Sold("3000", "STORM WATER", "FLAT"),
        Sold("4000", "GARBAGE", "FLAT", ("residential",)),
        Sold("4500", "RECYCLING", "FLAT", ("residential",)),
        Sold("MXU", "MXU", "OTHER"),
    ),
}


def services_of(city: City, place: Place) -> list[Sold]:
    """Return the services that the place has."""
    sold = _SERVICES.get(city.key, _SERVICES["pleasanton"])
    if city.key == "minot" and place.story == "guide":
        return [one for one in sold if one.code in ("1000", "2000", "MXU")]
    return [one for one in sold if place.kind in one.types]


def metered_code(city: City) -> str:
    """Return the code of the service that the meter measures."""
    sold = _SERVICES.get(city.key, _SERVICES["pleasanton"])
    return next(one.code for one in sold if one.kind == "METERED")


def write_place(out: ExchangeFolder, city: City, place: Place, bills: list[Bill]) -> None:
    """Add every row that tells of the place."""
    cycle = f"C{place.cycle + 1:02d}"
    out.add(
        "accounts",
        place.account_no,
        place.kind.upper(),
        "ACTIVE",
        place.address,
        "",
        city.name.upper(),
        city.state,
        place.zip,
        place.parcel,
        place.district,
        f"{1 + place.index % 12:02d}",
        str(place.index * 10),
        cycle,
        flag(place.inside),
        place.since.isoformat(),
        OPEN_END,
    )
    for stay in place.stays:
        _write_stay(out, city, place, stay, cycle, bills)
    code = metered_code(city)
    per = city.units.gallons_per_unit
    for nth, device in enumerate(place.devices):
        later = place.devices[nth + 1] if nth + 1 < len(place.devices) else None
        changed = [r for bill in bills for r in bill.reads if r.transaction == "REPLACE_OUT"]
        out_read = changed[0].curr_read if later and changed else None
        out.add(
            "meters",
            device.maker,
            device.serial,
            place.size,
            device.dials,
            city.units.bill_unit,
            "1",
            device.remote,
            place.account_no,
            code,
            1,
            device.connected.isoformat(),
            end(device.removed),
            device.start // per if nth else 0,
            out_read,
        )
    for bill in bills:
        _write_bill(out, city, place, bill, code)


def _write_stay(
    out: ExchangeFolder, city: City, place: Place, stay: Stay, cycle: str, bills: list[Bill]
) -> None:
    person = stay.person
    home = (place.address, "", city.name.upper(), city.state, place.zip)
    if not place.extra.get("customer_written"):
        out.add(
            "customers",
            person.cid,
            person.name1,
            "",
            *(person.mailing or home),
            "",
            f"555-01{int(person.cid) % 100:02d}" if int(person.cid) % 3 else "",
            person.mail,
            "A" if stay.stop is None else "I",
            flag(person.confidential),
        )
    late = sum(1 for b in bills if b.stay is stay and any(m.day > b.due for m in _payments(b)))
    out.add(
        "account_customers",
        place.account_no,
        person.cid,
        stay.relation,
        flag(stay.payer),
        flag(stay.payer),
        stay.start.isoformat(),
        end(stay.stop),
        "N",
        stay.delivery,
        flag(stay.pays == "eft"),
        late,
    )
    if not stay.payer:
        return
    for sold in services_of(city, place):
        out.add(
            "services",
            place.account_no,
            person.cid,
            sold.code,
            1,
            sold.description,
            "ACTIVE" if stay.stop is None else "INACTIVE",
            sold.kind,
            "",
            place.kind.upper(),
            cycle,
            "",
            "",
            stay.start.isoformat(),
            end(stay.stop),
        )


def _payments(bill: Bill) -> list[Money]:
    return [row for row in bill.money if row.activity == "PAYMENT"]


def _write_read(
    out: ExchangeFolder, city: City, place: Place, read: ReadRow, code: str, bill: Bill
) -> None:
    out.add(
        "reads",
        place.account_no,
        code,
        1,
        read.device.serial,
        read.read_date.isoformat(),
        read.prev_date.isoformat(),
        read.prev_read,
        read.curr_read,
        read.actual,
        read.billed,
        city.units.bill_unit,
        read.code,
        flag(read.code == "E"),
        read.transaction,
        bill.year,
        UTILITY,
        bill.number,
    )


def _write_bill(out: ExchangeFolder, city: City, place: Place, bill: Bill, code: str) -> None:
    key = (bill.year, UTILITY, bill.number)
    paid, penalty = -bill.booked("PAYMENT"), bill.booked("FEE")
    if paid:
        penalty = 0  # paid since: nothing of it is still due
    for read in bill.reads:
        _write_read(out, city, place, read, code, bill)
    out.add(
        "bills",
        *key,
        bill.kind,
        place.account_no,
        "",
        bill.stay.person.cid,
        bill.statement.isoformat(),
        bill.period[0].isoformat(),
        bill.period[1].isoformat(),
        bill.due.isoformat(),
        Cents(bill.billed),
        Cents(0),
        Cents(0),
        Cents(paid),
        Cents(0),
        Cents(0),
        Cents(penalty),
        Cents(0),
        Cents(bill.billed - paid + penalty),
        flag(bill.lien),
        bill.status,
        bill.message,
        "",
    )
    left = paid
    for number, line in enumerate(bill.lines, 1):
        last = number == len(bill.lines)
        share = left if last else min(left, line.amount_cents)
        left -= share
        out.add(
            "bill_lines",
            *key,
            number,
            line.code,
            line.service,
            line.description,
            line.qty,
            line.unit,
            line.rate,
            Cents(line.amount_cents),
            Cents(0),
            Cents(0),
            Cents(share),
            Cents(line.amount_cents - share),
            line.agency,
        )
    for nth, money in enumerate(bill.money, 1):
        day = money.day.isoformat()
        out.add(
            "payments",
            f"P{bill.year}-{bill.number}-{nth}",
            *key,
            money.activity,
            _posted(money.day).isoformat(),
            day,
            day,
            Cents(money.amount),
            money.tender,
            bill.stay.person.name1 if money.activity == "PAYMENT" else "",
            money.source,
            "",
        )


def _posted(day: date) -> date:
    """Return the weekday on which the books took it."""
    return day + timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))


def write_taxes(out: ExchangeFolder, city: City, place: Place, rng: Random, today: date) -> None:
    """Add a parcel, now and then a vehicle or a licence, with a tax bill in two halves."""
    stay = place.stays[-1] if place.stays[-1].payer else place.stays[0]
    year, person = today.year, stay.person
    land, building = 90_000_00 + rng.randrange(200) * 1000_00, rng.randrange(150, 600) * 1000_00
    tax = (land + building) * 1774 // 1_000_000
    out.add(
        "parcels",
        place.parcel,
        "",
        year,
        place.address,
        "",
        f"LOT {1 + place.index % 60}",
        person.name1,
        f"{year}-01-01",
        person.cid,
        city.name.upper(),
        "0.210",
        Cents(land),
        Cents(building),
        Cents(land + building),
        Cents(0),
        Cents(land + building),
        "0.1774",
        Cents(tax),
    )
    if place.index % 10 == 1:
        value = rng.randrange(40, 420) * 100_00
        make, model = rng.choice((("HONDA", "CIVIC"), ("FORD", "F-150"), ("TOYOTA", "RAV4")))
        relief = min(value, 20_000_00) * 34 // 10_000
        values = (Cents(value), "1.00", Cents(relief), Cents(value // 100 - relief))
        code, vin = f"V{place.index:06d}", f"{rng.randrange(10_000):04d}"
        out.add(
            "vehicles", code, year, person.cid, rng.randrange(2012, year), make, model, vin, *values
        )
    if place.kind == "commercial":
        sales = rng.randrange(80, 900) * 1000_00
        out.add(
            "licences",
            f"L{place.index:06d}",
            year,
            person.cid,
            person.business,
            f"{person.first} {person.last}".upper(),
            place.address,
            "R1",
            "RETAIL AND SERVICES",
            Cents(sales),
            "0.10",
            Cents(sales // 1000),
            "ACTIVE",
            f"{year}-01-15",
            f"{year}-12-31",
            f"{rng.randrange(10_000):04d}",
        )
    if city.billing.category(20) is None:
        return
    _write_tax_bill(out, place, person.cid, person.name1, tax, today)


def _write_tax_bill(
    out: ExchangeFolder, place: Place, cid: str, name: str, tax: int, today: date
) -> None:
    """Add this year's real estate bill: two halves, the odd cent in the first."""
    number = str(700_000 + place.index)
    key = (today.year, 20, number)
    halves = (tax - tax // 2, tax // 2)
    dues = (date(today.year, 6, 5), date(today.year, 12, 5))
    paid = sum(half for half, due in zip(halves, dues, strict=True) if due < today)
    first_open = next((due for due in dues if due >= today), dues[-1])
    status = "PAID" if paid == tax else "OPEN"
    zero = Cents(0)
    out.add(
        "bills", *key, "REAL", "", place.parcel, cid, f"{today.year}-05-01", f"{today.year}-01-01",
        f"{today.year + 1}-01-01", first_open.isoformat(), Cents(tax), zero, zero, Cents(paid),
        zero, zero, zero, zero, Cents(tax - paid), "N", status, "", "",
    )  # fmt: skip
    out.add(
        "bill_lines", *key, 1, "RE", "", "REAL ESTATE TAX", "", "", "", Cents(tax), zero, zero,
        Cents(paid), Cents(tax - paid), "",
    )  # fmt: skip
    for nth, (half, due) in enumerate(zip(halves, dues, strict=True), 1):
        credit = half if due < today else 0
        open_cents = Cents(half - credit)
        out.add(
            "bill_installments", *key, nth, due.isoformat(), Cents(half), Cents(credit),
            open_cents, zero, open_cents,
        )  # fmt: skip
        if credit:
            day = due.isoformat()
            out.add(
                "payments", f"P{today.year}-{number}-{nth}", *key, "PAYMENT",
                _posted(due).isoformat(), day, day, Cents(-credit), "CHECK", name, "LOCKBOX", "",
            )  # fmt: skip
