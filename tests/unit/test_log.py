"""The log's mask: what names a person or opens a door never reaches a log."""

import logging
import re

import pytest

from portal.kit import log

CANARIES = {
    "password=hunter2-secret": "password=***",
    '{"password": "hunter2 secret", "x": 1}': '{"password": ***, "x": 1}',
    "token: abcdef": "token: ***",
    "ana.rivera@example.com wrote": "a***@example.com wrote",
    "account 00123456-789 of": "account ***6789 of",
    "card 4242 4242 4242 4242": "card ***4242",
    "call (925) 931-5500 now": "call ***5500 now",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc": "***",
    "postgresql://portal:s3cret@db/portal": "postgresql://portal:***@db/portal",
    "cookie=__Host-session=Zm9vYmFyYmF6cXV4": "cookie=***",
    "raw b2c5Ttq3fX1qv9k2GdXc0bWJ0aEwzS1nXZ9 end": "raw *** end",
}


@pytest.mark.parametrize(("said", "logged"), CANARIES.items())
def test_a_canary_is_masked(said: str, logged: str) -> None:
    assert log.redacted(said) == logged


@pytest.mark.parametrize(
    "plain",
    [
        "imported 36,862 rows in 4.2 s",
        "payment 7f0c2f6e-2f0a-4f3c-9a0b-0e4f1b6c7d8e is in doubt",
        "2027-01-26T18:00:00Z",
        "GET /utility-billing/bills 200",
    ],
)
def test_what_helps_stays(plain: str) -> None:
    assert log.redacted(plain) == plain


def test_exceptions_are_masked_too(capsys: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        log.configure()
        try:
            raise ValueError("no mail to ana.rivera@example.com, password=hunter2")
        except ValueError:
            logging.getLogger("portal.test").exception("failed for %s", "bob@example.com")
    finally:
        logging.getLogger().handlers[:], level = before
        logging.getLogger().setLevel(level)
    said = capsys.readouterr().err
    assert "a***@example.com" in said
    assert "b***@example.com" in said
    assert not re.search("ana.rivera|bob@|hunter2", said)
