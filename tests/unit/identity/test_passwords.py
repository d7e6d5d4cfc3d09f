"""Which passwords are refused, and how one is hashed."""

import pytest

from portal.domain.identity import limits, passwords
from portal.domain.identity.addresses import email_key, ip_key, masked, parse_email

TOWN = ("Pleasanton", "City of Pleasanton", "CA")
ANA = ("ana.rivera@example.com", "Ana", "Rivera", *TOWN)


def test_the_promised_numbers() -> None:
    assert (limits.PASSWORD_MIN, limits.PASSWORD_MAX) == (15, 128)
    assert limits.PASSWORD_MIN_WITH_SECOND_FACTOR == 8
    hashed = passwords.hash_of("any words at all here")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    "password",
    [
        "garden-kettle-9",  # fifteen
        "my dog ate the red sofa",
        "contraseña de la abuela",
        "x" * 3 + "purple monkey dishwasher under seven bridges" * 2 + "y" * 37,  # 128
        "水道代はいくらですか教えてください",
    ],
)
def test_long_and_unrelated_words_will_do(password: str) -> None:
    passwords.check(password, ANA)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("garden-kettle-", "Use at least 15 characters"),
        ("x7#kettle garden" * 9, "Use at most 128 characters"),
        ("password12345678", "too easy"),
        ("aaaaaaaaaaaaaaaaaaaa", "too easy"),
        ("qwertyuiopasdfgh", "too easy"),
        ("pleasantonwater2026", "too easy"),
        ("City of Pleasanton 94566", "too easy"),
        ("ana.rivera@example.com", "too easy"),
        ("anarivera19851985", "too easy"),
        ("utilitybilling2026!", "too easy"),
        ("iloveyouiloveyou", "too easy"),
    ],
)
def test_short_long_common_and_local_ones_will_not(password: str, why: str) -> None:
    with pytest.raises(passwords.WeakPassword, match=why) as refused:
        passwords.check(password, ANA)
    assert refused.value.field == "password"


def test_eight_are_enough_beside_a_second_factor() -> None:
    passwords.check("kettle#garden", TOWN, shortest=8)
    with pytest.raises(passwords.WeakPassword):
        passwords.check("kettle#", TOWN, shortest=8)


def test_a_letter_typed_two_ways_is_one_letter() -> None:
    composed, decomposed = "caf\u00e9 con leche y pan", "cafe\u0301 con leche y pan"
    assert composed != decomposed
    assert passwords.matches(passwords.hash_of(composed), decomposed)
    assert not passwords.matches(passwords.hash_of(composed), composed + "!")


def test_nobody_has_no_password() -> None:
    assert not passwords.matches("", "")
    assert not passwords.matches("", "garden-kettle-9")
    assert not passwords.matches("not a hash", "garden-kettle-9")


@pytest.mark.parametrize(
    ("typed", "parsed"),
    [
        (" Ana@Example.COM ", "Ana@example.com"),
        ("ana+water@example.org", "ana+water@example.org"),
        ("Ana <ana@example.org>", None),
        ("ana@example.org, bob@example.org", None),
        ("ana@example.org\r\nBcc: bob@example.org", None),
        ("ana@localhost", None),
        ("ana@x", None),
        ("añá@example.org", None),
        ("a" * 65 + "@example.org", None),
        ("ana", None),
        ("", None),
        (None, None),
        (["ana@example.org"], None),
    ],
)
def test_one_address_and_nothing_else(typed: object, parsed: str | None) -> None:
    assert parse_email(typed) == parsed


def test_counters_know_a_network_and_no_address() -> None:
    assert ip_key("192.0.2.7") == "192.0.2.7"
    assert ip_key("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"
    assert ip_key("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert ip_key("2001:db8:1:3::9") != "2001:db8:1:2::/64"
    assert ip_key("::ffff:192.0.2.7") == "192.0.2.7"
    assert ip_key("nonsense") == "unknown"
    assert email_key(" Ana@Example.com") == email_key("ana@example.com ")
    assert "ana" not in email_key("ana@example.com")
    assert masked("ana@example.com") == "a***@example.com"
