"""Numbers as people type them (exchange README, question 20)."""

import pytest

from portal.domain.accounts.rules import bare, choose, match_no, typed_number, typed_pair


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("28624", "28624"),
        ("028624", "28624"),
        (" 28 624 ", "28624"),
        ("28-624", "28624"),
        ("28–624", "28624"),
        ("２８６２４", "28624"),
        ("28624,", "28624"),
        ("'28624'.", "28624"),
        ("#28624;", "28624"),
        ("28\u200b624\ufeff", "28624"),
        ("ab-12", "AB-12"),
        ("Ab12", "AB-12"),
        ("28625", None),
        ("286240", None),
        ("", None),
        ("0", None),
    ],
)
def test_spaces_dashes_zeros_and_case_do_not_matter(typed: str, found: str | None) -> None:
    printed = [(number, number) for number in ("28624", "AB-12", "99100")]
    assert choose(typed_number(typed), printed) == found


def test_an_exact_match_wins_over_zeros() -> None:
    printed = [("0100", "with"), ("100", "without")]
    assert choose("0100", printed) == "with"
    assert choose("100", printed) == "without"


def test_two_candidates_are_no_match() -> None:
    assert choose("000100", [("0100", 1), ("00100", 2)]) is None
    assert choose("1001", [("10-01", 1), ("100-1", 2)]) is None


@pytest.mark.parametrize("typed", [None, 28624, ["28624"], "9" * 41, "28;624", "２٣4é", "'--\x00"])
def test_what_is_no_number_is_empty(typed: object) -> None:
    assert typed_number(typed) == ""


def test_the_stored_form() -> None:
    assert (bare(" 00-28 624 "), match_no(" 00-28 624 ")) == ("0028624", "28624")


@pytest.mark.parametrize(
    ("account", "cid", "pair"),
    [
        ("28624 - 405583", "", ("28624", "405583")),
        ("28624 – 405583,", "", ("28624", "405583")),
        ("28624-405583", "", ("28624", "405583")),
        ("28624, 405583", " ", ("28624", "405583")),
        ("28624/405583", "", ("28624", "405583")),
        ("28624\t405583", "", ("28624", "405583")),
        ("28624 405583", "", ("28624", "405583")),
        ("", "28624 - 405583", ("28624", "405583")),
        ("28624 - 405583", "28624 - 405583", ("28624", "405583")),
        ("28624 - 405583", "405583", ("28624", "405583")),
        ("28624", "28624 - 405583", ("28624", "405583")),
        ("10-28624 - 405583", "", ("10-28624", "405583")),
        # A dash inside a number, with the other number in its own field.
        ("28-624", "405583", ("28-624", "405583")),
        ("28624", "405-583", ("28624", "405-583")),
        ("1-2-3", "", ("1-2-3", "")),
        ("28624", "", ("28624", "")),
        ("", "", ("", "")),
        ("9 " * 5000, "", ("9 " * 5000, "")),
    ],
)
def test_both_numbers_in_one_field_are_taken_apart(
    account: str, cid: str, pair: tuple[str, str]
) -> None:
    assert typed_pair(account, cid) == pair
