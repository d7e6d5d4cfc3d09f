"""Volumes, converted exactly. Usage is kept in gallons as Decimal, never as float.

1 cubic foot is 1728/231 gallons exactly (NIST Handbook 44, appendix C).
"""

from decimal import Decimal
from fractions import Fraction

GALLONS_PER_CUBIC_FOOT = Fraction(1728, 231)
LITRES_PER_GALLON = Fraction(3785411784, 10**9)

_GALLONS: dict[str, Fraction] = {
    "GAL": Fraction(1),
    "KGAL": Fraction(1000),
    "CF": GALLONS_PER_CUBIC_FOOT,
    "CCF": 100 * GALLONS_PER_CUBIC_FOOT,
    "M3": 1000 / LITRES_PER_GALLON,
    "L": 1 / LITRES_PER_GALLON,
}
UNITS = tuple(_GALLONS)


def gallons_in(unit: str) -> Fraction:
    """Return the gallons in one `unit`, exactly. Raises KeyError for an unknown one."""
    return _GALLONS[unit]


def to_gallons(quantity: Decimal, unit: str) -> Decimal:
    """Convert `quantity` of `unit` (GAL KGAL CF CCF M3 L) to gallons, to six decimals.

    Raises KeyError for another unit.
    """
    exact = Fraction(quantity) * _GALLONS[unit]
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.000001"))


def from_gallons(gallons: Decimal, unit: str) -> Decimal:
    """Convert gallons to `unit`, to six decimals. Raises KeyError for another unit."""
    exact = Fraction(gallons) / _GALLONS[unit]
    return (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal("0.000001"))
