"""Money: what a person may type, and one way to round and to write."""

from decimal import Decimal

import pytest

from portal.kit.money import format_cents, plain_dollars, read_typed_cents, round_cents


@pytest.mark.parametrize(
    ("typed", "cents"),
    [
        ("12", 1200),
        ("12.5", 1250),
        ("12.50", 1250),
        (" $1,234.56 ", 123456),
        ("$ 0.07", 7),
        ("0", 0),
        ("1,234,567", 123456700),
        ("999999999.99", 99999999999),
    ],
)
def test_amounts_that_people_type(typed: str, cents: int) -> None:
    assert read_typed_cents(typed) == cents


@pytest.mark.parametrize(
    "typed",
    [
        "", "  ", "-5", "+5", "(5)", "1e3", "0x10", "NaN", "inf", "1.234", "1.", ".5", "12,34",
        "1,2345", "1 000", "$$5", "5 $", "５", "٣", "1_000", "1000000000", "5\x00", "5\n6",
        "9" * 21, None, 5, 5.0, True, ["5"], b"5",
    ],
)  # fmt: skip
def test_what_is_no_amount(typed: object) -> None:
    assert read_typed_cents(typed) is None


@pytest.mark.parametrize(
    ("dollars", "cents"),
    [("0.005", 1), ("-0.005", -1), ("23.175", 2318), ("1.0049", 100), ("0", 0)],
)
def test_half_a_cent_goes_up_and_away_from_zero(dollars: str, cents: int) -> None:
    assert round_cents(Decimal(dollars)) == cents


@pytest.mark.parametrize(
    ("cents", "plain", "english", "spanish"),
    [
        (0, "0.00", "$0.00", "$0.00"),
        (7, "0.07", "$0.07", "$0.07"),
        (-123450, "-1234.50", "-$1,234.50", "-$1,234.50"),
        (99999999999, "999999999.99", "$999,999,999.99", "$999,999,999.99"),
    ],
)
def test_cents_are_written_exactly(cents: int, plain: str, english: str, spanish: str) -> None:
    assert plain_dollars(cents) == plain
    assert (format_cents(cents), format_cents(cents, "es")) == (english, spanish)
