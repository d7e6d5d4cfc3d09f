"""A bill in plain words, in the language being spoken. It explains and never recomputes."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from portal.domain.bills.details import BillDetails
from portal.domain.bills.rules import Change, Charge, ReadLine, billed_days, billed_usage
from portal.kit.text import _, day, money, ngettext, number


def quantity(usage: Decimal, unit: str) -> str:
    """Write a volume as the bill counts it: "3 units", "2,000 gallons", "1.5 cubic meters"."""
    if unit == "KGAL":
        usage, unit = usage * 1000, "GAL"
    n = 1 if usage == 1 else 2
    shown = number(usage, 3)
    if unit == "CCF":
        return ngettext("%(shown)s unit", "%(shown)s units", n, shown=shown)
    if unit == "GAL":
        return ngettext("%(shown)s gallon", "%(shown)s gallons", n, shown=shown)
    if unit == "CF":
        return ngettext("%(shown)s cubic foot", "%(shown)s cubic feet", n, shown=shown)
    if unit == "M3":
        return ngettext("%(shown)s cubic meter", "%(shown)s cubic meters", n, shown=shown)
    return ngettext("%(shown)s liter", "%(shown)s liters", n, shown=shown)


def unit_sentence(unit: str, gallons_per_unit: int) -> str:
    """Say what one unit is, as bills print it; empty where the unit speaks for itself."""
    if unit == "CCF":
        return _("1 Unit = 1 CCF = %(gallons)s Gallons", gallons=number(gallons_per_unit))
    if unit == "KGAL":
        return _("1 Unit = 1,000 Gallons")
    return ""


def headline(change: Change | None) -> str:
    """Say in one line what changed: "$7.35 more than last bill: 3 more units, 2 more days"."""
    if change is None:
        return _("This is the first bill here, so there is none to compare it with.")
    reasons = [*_usage_reason(change), *_days_reason(change)]
    if change.cents > 0:
        said = _("%(amount)s more than last bill", amount=money(change.cents))
    elif change.cents < 0:
        said = _("%(amount)s less than last bill", amount=money(-change.cents))
    else:
        said = _("The same amount as last bill")
    return said + (": " + ", ".join(reasons) if reasons else "")


def _usage_reason(change: Change) -> list[str]:
    if change.usage is None:
        return []
    if change.usage == 0:
        return [_("the same use")]
    volume, unit = abs(change.usage), change.unit
    if unit == "KGAL":
        volume, unit = volume * 1000, "GAL"
    n, shown = (1 if volume == 1 else 2), number(volume, 3)
    more = change.usage > 0
    if unit == "CCF" and more:
        return [ngettext("%(shown)s more unit", "%(shown)s more units", n, shown=shown)]
    if unit == "CCF":
        return [ngettext("%(shown)s fewer unit", "%(shown)s fewer units", n, shown=shown)]
    if more:
        return [_("%(volume)s more", volume=quantity(volume, unit))]
    return [_("%(volume)s less", volume=quantity(volume, unit))]


def _days_reason(change: Change) -> list[str]:
    if not change.days:
        return []
    n = abs(change.days)
    if change.days > 0:
        return [ngettext("%(n)s more day", "%(n)s more days", n)]
    return [ngettext("%(n)s fewer day", "%(n)s fewer days", n)]


def average_day(reads: Sequence[ReadLine], gallons_per_unit: int) -> str:
    """Say what the usage is in gallons, and a day, by the printed size of a unit; or ""."""
    usage, days = billed_usage(reads), billed_days(reads)
    factor = {"CCF": gallons_per_unit, "KGAL": 1000, "GAL": 1}
    if usage is None or usage[1] not in factor or not days or usage[0] <= 0:
        return ""
    gallons = usage[0] * factor[usage[1]]
    return ngettext(
        "%(usage)s in %(n)s day, about %(daily)s gallons a day.",
        "%(usage)s in %(n)s days, about %(daily)s gallons a day.",
        days,
        usage=quantity(gallons, "GAL"),
        daily=number(round(gallons / days)),
    )


def read_notes(reads: Sequence[ReadLine]) -> tuple[str, ...]:
    """Say what needs saying of a bill's reads: exchanges, estimates, corrections.

    `reads` are the printed ones and those of a meter's exchange in the same period.
    """
    said: list[str] = []
    for read in reads:
        if not read.billed:
            continue
        out = _exchange_part(reads, read, "REPLACE_OUT")
        if out is not None or _exchange_part(reads, read, "REPLACE_IN") is not None:
            said.append(_exchange(read, out))
        elif read.usage != read.difference:
            said.append(
                _(
                    "The bill prints a usage of %(usage)s. The two reads are %(difference)s apart:"
                    " they do not tell the usage by themselves, for example where a meter started"
                    " again at zero or counts in another unit. You are billed by the usage"
                    " printed.",
                    usage=quantity(read.usage, read.unit),
                    difference=number(read.difference, 3),
                )
            )
        said.extend(_code_note(read))
    return tuple(dict.fromkeys(said))


def _exchange_part(
    reads: Sequence[ReadLine], printed: ReadLine, transaction: str
) -> ReadLine | None:
    return next(
        (
            read
            for read in reads
            if read.transaction == transaction
            and read.service_code == printed.service_code
            and printed.previous_date < read.read_date <= printed.read_date
        ),
        None,
    )


def _exchange(read: ReadLine, out: ReadLine | None) -> str:
    if out is None:
        return _(
            "The meter was replaced in this period. The new meter went from %(previous)s to"
            " %(current)s; the usage of %(usage)s also counts the water that went through the old"
            " meter before it was taken out.",
            previous=number(read.previous, 3),
            current=number(read.current, 3),
            usage=quantity(read.usage, read.unit),
        )
    return _(
        "The meter was replaced on %(day)s. The old meter counted %(old)s before it was taken out"
        " and the new meter went from %(previous)s to %(current)s. Together they make the usage of"
        " %(usage)s.",
        day=day(out.read_date),
        old=quantity(out.actual, out.unit),
        previous=number(read.previous, 3),
        current=number(read.current, 3),
        usage=quantity(read.usage, read.unit),
    )


def _code_note(read: ReadLine) -> list[str]:
    if read.estimated or read.code == "E":
        return [
            _(
                "The read of %(day)s is estimated: nobody could read the meter that day. The next"
                " real read sets it right, so your next bill may be higher or lower.",
                day=day(read.read_date),
            )
        ]
    if read.code == "C":
        return [_("The read of %(day)s was corrected by the city.", day=day(read.read_date))]
    if read.code == "R":
        return [_("The read of %(day)s is the one you gave us.", day=day(read.read_date))]
    return []


def read_word(read: ReadLine) -> str:
    """Name the kind of read in a word: Actual, Estimated, Corrected, Reported by you."""
    if read.estimated or read.code == "E":
        return _("Estimated")
    return {"C": _("Corrected"), "R": _("Reported by you")}.get(read.code, _("Actual"))


def due_sentence(due: date, today: date) -> str:
    """Say how far the pay-by day is: "Due in 9 days", "Due today", "3 days past due"."""
    days = (due - today).days
    if days == 0:
        return _("Due today")
    if days > 0:
        return ngettext("Due in %(n)s day", "Due in %(n)s days", days)
    return ngettext("%(n)s day past due", "%(n)s days past due", -days)


def how(charge: Charge) -> str:
    """Write how a charge came about, as printed: "10 CCF × $5.51"; "" where the bill is silent."""
    if charge.quantity is None or charge.rate is None:
        return ""
    unit = f" {charge.unit}" if charge.unit else ""
    rate = number(charge.rate, 6)
    whole, _point, part = rate.partition(".")
    return f"{number(charge.quantity, 3)}{unit} × ${whole}.{part:0<2}"


def sums(bill: BillDetails) -> list[tuple[str, int]]:
    """Return how the balance comes about as (what, cents), leaving out what is nothing."""
    parts = (
        (_("Charges"), bill.billed),
        (_("Adjustments"), bill.adjusted),
        (_("Abatements"), -bill.abated),
        (_("Payments booked"), -bill.paid),
        (_("Refunds"), bill.refunded),
        (_("Written off"), -bill.written_off),
        (_("Penalty"), bill.penalty),
        (_("Interest"), bill.interest),
        (_("Paid here, on its way"), -bill.unbooked),
    )
    return [(what, cents) for what, cents in parts if cents]
