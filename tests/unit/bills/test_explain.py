"""A bill in plain words."""

from datetime import date
from decimal import Decimal

import pytest

from portal.domain.bills import explain
from portal.domain.bills.rules import (
    Change,
    Charge,
    ReadLine,
    Standing,
    billed_usage,
    compare,
    standing,
)


def read(**given: object) -> ReadLine:
    fields: dict[str, object] = {
        "service_code": "15000",
        "serial_no": "68596455",
        "previous_date": date(2026, 9, 19),
        "read_date": date(2026, 11, 18),
        "previous": Decimal(100),
        "current": Decimal(110),
        "actual": Decimal(10),
        "usage": Decimal(10),
        "unit": "CCF",
        "code": "A",
        "estimated": False,
        "transaction": "CYCLE",
    }
    return ReadLine(**(fields | given))  # type: ignore[arg-type]


def charge(code: str, cents: int) -> Charge:
    return Charge(code, code, code.title(), None, "", None, cents)


def change(cents: int, usage: str | None, days: int | None, unit: str = "CCF") -> Change:
    return Change(cents, None if usage is None else Decimal(usage), unit, days, ())


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (change(735, "3", 2), "$7.35 more than last bill: 3 more units, 2 more days"),
        (change(-735, "-1", -1), "$7.35 less than last bill: 1 fewer unit, 1 fewer day"),
        (change(0, "0", 0), "The same amount as last bill: the same use"),
        (change(100, None, None), "$1.00 more than last bill"),
        (change(735, "2.5", 0, "KGAL"), "$7.35 more than last bill: 2,500 gallons more"),
        (change(-5, "-40", 0, "GAL"), "$0.05 less than last bill: 40 gallons less"),
        (None, "This is the first bill here, so there is none to compare it with."),
    ],
)
def test_the_headline_says_what_changed(what: Change | None, said: str) -> None:
    assert explain.headline(what) == said


def test_the_changes_of_the_charges_sum_to_the_change_to_the_cent() -> None:
    now = [charge("fixed", 3017), charge("water", 4567), charge("meter", 1200)]
    last = [charge("fixed", 3017), charge("water", 4000), charge("late", 55)]
    found = compare((now, [read()]), (last, [read(usage=Decimal(7), actual=Decimal(7))]))
    assert found.cents == 1712
    assert [(c.description, c.before, c.now) for c in found.charges] == [
        ("Fixed", 3017, 3017),
        ("Water", 4000, 4567),
        ("Meter", 0, 1200),
        ("Late", 55, 0),
    ]
    assert sum(c.change for c in found.charges) == found.cents
    assert (found.usage, found.unit, found.days) == (Decimal(3), "CCF", 0)


def test_water_that_two_services_charge_for_counts_once() -> None:
    assert billed_usage([read(), read(service_code="20000")]) == (Decimal(10), "CCF")
    assert billed_usage([read(), read(serial_no="2", unit="GAL")]) is None
    assert billed_usage([]) is None


def test_a_meter_exchange_explains_why_0_to_8_is_10() -> None:
    printed = read(serial_no="new", previous=Decimal(0), current=Decimal(8), actual=Decimal(8))
    out = read(
        serial_no="old",
        transaction="REPLACE_OUT",
        read_date=date(2026, 10, 1),
        actual=Decimal(2),
        usage=Decimal(0),
    )
    (said,) = explain.read_notes([printed, out])
    assert said == (
        "The meter was replaced on October 1, 2026. The old meter counted 2 units before it was"
        " taken out and the new meter went from 0 to 8. Together they make the usage of 10 units."
    )
    assert billed_usage([printed, out]) == (Decimal(10), "CCF")


def test_usage_that_the_reads_do_not_tell_is_said_so_and_left_alone() -> None:
    (said,) = explain.read_notes([read(previous=Decimal(0), current=Decimal(8))])
    assert said.startswith("The bill prints a usage of 10 units. The two reads are 8 apart")


def test_an_estimate_says_that_the_next_read_sets_it_right() -> None:
    (said,) = explain.read_notes([read(code="E", estimated=True)])
    assert said.startswith("The read of November 18, 2026 is estimated")
    assert explain.read_word(read(code="E")) == "Estimated"
    assert explain.read_notes([read()]) == ()


def test_units_are_said_as_the_bill_prints_them() -> None:
    assert explain.unit_sentence("CCF", 748) == "1 Unit = 1 CCF = 748 Gallons"
    assert explain.unit_sentence("KGAL", 1000) == "1 Unit = 1,000 Gallons"
    assert explain.unit_sentence("GAL", 1) == ""
    assert explain.average_day([read()], 748) == (
        "7,480 gallons in 60 days, about 125 gallons a day."
    )


@pytest.mark.parametrize(
    ("status", "due", "owed", "credit", "is_"),
    [
        ("OPEN", date(2027, 1, 25), 1, 0, Standing.PAST_DUE),
        ("OPEN", date(2027, 1, 26), 1, 0, Standing.DUE),
        ("OPEN", date(2027, 1, 25), 0, 0, Standing.PAID),
        ("LIENED", date(2027, 1, 25), 1, 0, Standing.LIENED),
        ("LIENED", date(2027, 1, 25), 0, 0, Standing.PAID),
        ("CREDIT", date(2027, 1, 25), 0, 5, Standing.CREDIT),
        ("VOID", date(2027, 1, 25), 0, 0, Standing.VOID),
        ("WRITTENOFF", date(2027, 1, 25), 0, 0, Standing.WRITTEN_OFF),
    ],
)
def test_how_a_bill_stands(status: str, due: date, owed: int, credit: int, is_: Standing) -> None:
    assert standing(status, due, owed, credit, date(2027, 1, 26)) is is_


def test_the_day_is_said_from_today() -> None:
    today = date(2027, 1, 26)
    assert explain.due_sentence(date(2027, 2, 4), today) == "Due in 9 days"
    assert explain.due_sentence(date(2027, 1, 27), today) == "Due in 1 day"
    assert explain.due_sentence(today, today) == "Due today"
    assert explain.due_sentence(date(2027, 1, 23), today) == "3 days past due"
