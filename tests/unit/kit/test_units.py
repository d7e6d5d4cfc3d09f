"""Volumes are exact: a hundred thousand conversions lose nothing."""

from fractions import Fraction

import pytest

from portal.kit.units import UNITS, gallons_in


def test_each_unit_in_gallons() -> None:
    assert {unit: gallons_in(unit) for unit in UNITS} == {
        "GAL": Fraction(1),
        "KGAL": Fraction(1000),
        "CF": Fraction(576, 77),
        "CCF": Fraction(57600, 77),
        "M3": Fraction(1000 * 10**9, 3785411784),
        "L": Fraction(10**9, 3785411784),
    }


def test_the_town_s_ccf_is_748_gallons_when_rounded() -> None:
    assert round(gallons_in("CCF")) == 748


def test_another_unit_is_not_guessed() -> None:
    with pytest.raises(KeyError):
        gallons_in("gal")
