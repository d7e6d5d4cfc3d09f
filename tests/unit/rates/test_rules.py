"""The tariff engine against bills that cities published, to the cent."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from portal.domain.rates.queries import tariffs
from portal.domain.rates.rules import (
    Block,
    Charge,
    NoTariff,
    Tariff,
    percent_cents,
    price,
    rounded_use,
    tariff_on,
)

WORKED = Path(__file__).parents[4] / "shared/rates/worked_bills.json"


def cases() -> list[Any]:
    if not WORKED.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{WORKED} is absent"))]
    return [pytest.param(case, id=case["id"]) for case in json.loads(WORKED.read_text())["cases"]]


def as_cents(dollars: str) -> int:
    whole, cents = dollars.split(".")
    return int(whole) * 100 + int(cents)


def one(charge: Charge, units: str = "0", unit: str = "U", **more: Any) -> int:
    tariff = Tariff(date(2020, 1, 1), unit, 1, "none", (charge,))
    return sum(line.amount_cents for line in price(tariff, Decimal(units), **more))


def blocks(steps: list[list[Any]]) -> tuple[Block, ...]:
    return tuple(
        Block(None if up_to is None else Decimal(str(up_to)), Decimal(rate))
        for up_to, rate in steps
    )


def part_cents(part: dict[str, Any]) -> int:
    """Price one entry of a case's `tariff`: a fixed amount or blocks of use."""
    if "fixed" in part:
        return one(Charge("F", "fixed", fixed=Decimal(part["fixed"])))
    units = Decimal(part["usage"]) / Decimal(part.get("unit_size", "1"))
    return one(Charge("U", "use", blocks=blocks(part["blocks"])), str(units))


def component_cents(component: dict[str, Any]) -> int:
    """Price a printed line: an amount, or quantity times rate through the engine."""
    if "qty" not in component:
        return one(Charge("F", "fixed", fixed=Decimal(component["amount"])))
    qty, rate = Decimal(component["qty"]), Decimal(component["rate"])
    if component["unit"] == "x":  # outside the limits: a multiple of the inside rate
        return one(Charge("F", "fixed", fixed=rate, outside=qty), inside=False)
    sign = -1 if qty < 0 else 1
    return sign * one(Charge("U", "use", blocks=(Block(None, rate),)), str(abs(qty)))


@pytest.mark.parametrize("case", cases())
def test_worked_bill(case: dict[str, Any]) -> None:
    expected = as_cents(case["expected_total"])
    if "tariff" in case:
        assert sum(part_cents(part) for part in case["tariff"]) == expected
    if case["kind"] != "published_total" or "bills" not in case["inputs"]:
        assert sum(component_cents(one) for one in case["components"]) == expected


@pytest.mark.parametrize(
    ("city", "day", "units", "more", "dollars"),
    [
        ("pleasanton", "2024-06-01", "20", {"kind": "residential"}, "131.70"),
        ("pleasanton", "2024-06-01", "45", {"kind": "residential"}, "294.60"),
        ("pleasanton", "2025-06-01", "5", {"kind": "residential"}, "54.76"),
        ("pleasanton", "2026-01-01", "5", {"kind": "residential"}, "86.83"),
        ("leesburg", "2026-01-01", "12", {"kind": "residential"}, "257.70"),
        # 12 x 6.10 + 24 x 8.25 + 4 x 11.40 for water, but sewer stops at 36.
        ("leesburg", "2026-01-01", "40", {"kind": "residential"}, "747.30"),
        ("leesburg", "2026-01-01", "40", {"kind": "commercial"}, "788.30"),
        (
            "minot",
            "2026-01-01",
            "4",
            {"kind": "residential", "options": ("cart-65", "recycling")},
            "86.62",
        ),
    ],
)
def test_our_tariffs(city: str, day: str, units: str, more: Any, dollars: str) -> None:
    tariff = tariff_on(tariffs(city), date.fromisoformat(day))
    lines = price(tariff, Decimal(units), meter_size="5/8", **more)
    assert sum(line.amount_cents for line in lines) == as_cents(dollars)


def test_agencies_are_lines_of_their_own() -> None:
    tariff = tariff_on(tariffs("pleasanton"), date(2026, 3, 1))
    lines = price(tariff, Decimal("5.9"), meter_size="5/8", kind="residential")
    assert [(line.agency, line.description, line.qty, line.amount_cents) for line in lines] == [
        ("", "PLEASANTON WATER FIXED CHARGE", None, 1190),
        ("", "PLEASANTON WATER VAR CHARGE", 5, 1485),
        ("Zone 7", "ZONE 7 FIXED CHARGE", None, 4643),
        ("Zone 7", "ZONE 7 COST", 5, 1365),
    ]


def test_outside_the_limits_each_line_is_multiplied_and_rounded() -> None:
    tariff = tariff_on(tariffs("leesburg"), date(2026, 3, 1))
    lines = price(tariff, Decimal(1), meter_size="5/8", kind="residential", inside=False)
    # 27.50 x 1.41 = 38.775; 6.10 x 1.41 = 8.601; 30.00 x 1.52; 10.25 x 1.52
    assert [line.amount_cents for line in lines] == [400, 3878, 860, 4560, 1558]


def test_rounding_of_use() -> None:
    assert rounded_use(Decimal("5.9"), "truncate") == 5
    assert rounded_use(Decimal("5.5"), "whole") == 6
    assert rounded_use(Decimal("5.55"), "none") == Decimal("5.55")


def test_percentage_of_other_charges_with_a_minimum_never_above_them() -> None:
    assert percent_cents(1500, Decimal(10), Decimal("2.00")) == 200
    assert percent_cents(150, Decimal(10), Decimal("2.00")) == 150
    assert percent_cents(25_770, Decimal(10)) == 2577
    charges = (
        Charge("A", "water", fixed=Decimal("20.05")),
        Charge("T", "tax", percent=Decimal(10), of=("A",)),
    )
    tariff = Tariff(date(2020, 1, 1), "U", 1, "none", charges)
    assert [line.amount_cents for line in price(tariff, Decimal(0))] == [2005, 201]


def test_no_tariff_before_the_first_and_no_price_for_a_strange_meter() -> None:
    with pytest.raises(NoTariff, match="2019-01-01"):
        tariff_on(tariffs("minot"), date(2019, 1, 1))
    with pytest.raises(NoTariff, match="size 99"):
        price(tariffs("minot")[-1], Decimal(1), meter_size="99")
