"""The tariff engine: pure, in Decimal, every line rounded half up on its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Literal

from portal.kit.errors import DomainError
from portal.kit.money import round_cents
from portal.kit.text import N_

Rounding = Literal["truncate", "whole", "none"]
ZERO = Decimal(0)
ONE = Decimal(1)


class NoTariff(DomainError):
    """No tariff of the city holds on that day, or it has no price for that meter."""

    code = "no_tariff"


@dataclass(frozen=True)
class Block:
    """A step: units up to and including `up_to` (None: all further ones) at `rate` dollars."""

    up_to: Decimal | None
    rate: Decimal


@dataclass(frozen=True)
class Charge:
    """One charge: fixed, by meter size, by blocks of use, or a percentage of other charges.

    `cap` is the most units that are charged; `outside` multiplies outside the limits;
    `kinds` names the customer types it falls on (none: all); `option` must be chosen (a cart).
    A percentage is at least `minimum` dollars but never above what it is taken of.
    """

    code: str
    description: str
    service: str = ""
    agency: str = ""
    fixed: Decimal | None = None
    by_size: Mapping[str, Decimal] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    cap: Decimal | None = None
    percent: Decimal | None = None
    of: tuple[str, ...] = ()
    minimum: Decimal = ZERO
    outside: Decimal = ONE
    kinds: tuple[str, ...] = ()
    option: str = ""


@dataclass(frozen=True)
class Tariff:
    """What is charged from a date on, in units of `gallons_per_unit` gallons as printed."""

    effective_from: date
    unit: str
    gallons_per_unit: int
    rounding: Rounding
    charges: tuple[Charge, ...]


@dataclass(frozen=True)
class Line:
    """A line of a bill; `qty` and `rate` (dollars a unit) are None for a fixed charge."""

    code: str
    description: str
    service: str
    agency: str
    qty: Decimal | None
    unit: str
    rate: Decimal | None
    amount_cents: int


def tariff_on(tariffs: Sequence[Tariff], day: date) -> Tariff:
    """Return the newest tariff in effect on `day`. Raises NoTariff before the first one."""
    holding = [tariff for tariff in tariffs if tariff.effective_from <= day]
    if not holding:
        raise NoTariff(N_("No tariff is known for %(day)s."), day=day.isoformat())
    return max(holding, key=lambda tariff: tariff.effective_from)


def rounded_use(units: Decimal, rounding: Rounding) -> Decimal:
    """Round a quantity of use as the tariff says: cut to whole units, to the nearest, or not."""
    if rounding == "none":
        return units
    mode = ROUND_DOWN if rounding == "truncate" else ROUND_HALF_UP
    return units.quantize(ONE, rounding=mode)


def price(
    tariff: Tariff,
    units: Decimal,
    *,
    meter_size: str = "",
    kind: str = "",
    inside: bool = True,
    options: Sequence[str] = (),
) -> tuple[Line, ...]:
    """Return the lines that `units` of use cost, in the tariff's order.

    Lines of nothing are left out. Raises NoTariff for a meter size without a price.
    """
    use = rounded_use(units, tariff.rounding)
    lines: list[Line] = []
    for charge in tariff.charges:
        if charge.kinds and kind not in charge.kinds:
            continue
        if charge.option and charge.option not in options:
            continue
        times = ONE if inside else charge.outside
        if charge.percent is not None:
            base = sum(line.amount_cents for line in lines if line.code in charge.of)
            lines.append(_line(charge, percent_cents(base, charge.percent, charge.minimum)))
        elif charge.blocks:
            lines += _by_blocks(charge, use, tariff.unit, times)
        else:
            amount = charge.fixed
            if charge.by_size:
                amount = charge.by_size.get(meter_size)
                if amount is None:
                    raise NoTariff(
                        N_("%(charge)s has no price for a meter of size %(size)s."),
                        charge=charge.description,
                        size=meter_size,
                    )
            lines.append(_line(charge, round_cents((amount or ZERO) * times)))
    return tuple(line for line in lines if line.amount_cents or line.qty)


def percent_cents(base_cents: int, percent: Decimal, minimum: Decimal = ZERO) -> int:
    """Return `percent` of an amount, at least `minimum` dollars, never above the amount."""
    return min(
        max(round_cents(base_cents * percent / 10_000), round_cents(minimum)),
        max(base_cents, 0),
    )


def _line(charge: Charge, amount_cents: int) -> Line:
    return Line(
        charge.code,
        charge.description,
        charge.service,
        charge.agency,
        None,
        "",
        None,
        amount_cents,
    )


def _by_blocks(charge: Charge, use: Decimal, unit: str, times: Decimal) -> list[Line]:
    """Return one line for each block that the use reaches; a free block makes no line."""
    charged = use if charge.cap is None else min(use, charge.cap)
    lines: list[Line] = []
    below = ZERO
    for block in charge.blocks:
        above = charged if block.up_to is None else min(charged, block.up_to)
        qty = above - below
        if qty <= 0:
            break
        if block.rate:
            rate = block.rate * times
            lines.append(
                Line(
                    charge.code,
                    charge.description,
                    charge.service,
                    charge.agency,
                    qty,
                    unit,
                    rate,
                    round_cents(qty * rate),
                )
            )
        below = above
    return lines
