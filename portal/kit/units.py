"""Volumes as exact fractions of a gallon, never as float.

1 cubic foot is 1728/231 gallons exactly (NIST Handbook 44, appendix C).
"""

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
