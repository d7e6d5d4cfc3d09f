"""Passwords: what is refused, how one is hashed, how one is checked.

NIST SP 800-63B-4: length and a blocklist, no composition rules, no hints, no rotation.
"""

import re
import secrets
import unicodedata
from collections.abc import Sequence

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from zxcvbn import zxcvbn

from portal.domain.identity import limits
from portal.kit.errors import DomainError
from portal.kit.text import N_

_hasher = PasswordHasher(
    time_cost=limits.ARGON2_ROUNDS, memory_cost=limits.ARGON2_MEMORY_KIB, parallelism=1
)
# What an unknown address is checked against, so that its answer takes as long as a known one's.
# Its password is random and was never written down.
_NOBODY = _hasher.hash(secrets.token_urlsafe(32))

_TRADE_WORDS = (
    "password", "passphrase", "water", "utility", "utilities", "billing", "bill", "portal",
    "payment", "account", "community", "access", "citizen", "customer", "service", "city", "town",
    "sewer", "welcome", "letmein", "secret", "login", "signin",
)  # fmt: skip
_ZXCVBN_MAX = 72  # the estimate is quadratic in length and says nothing new beyond this


class WeakPassword(DomainError):
    """The password may not be used; the sentence says what would do."""

    code = "weak_password"


def normal(password: str) -> str:
    """Return the password in NFC, so that each keyboard's way of typing é is the same."""
    return unicodedata.normalize("NFC", password)


def check(
    password: str,
    about: Sequence[str],
    *,
    shortest: int = limits.PASSWORD_MIN,
    field: str = "password",
) -> None:
    """Refuse a password that is short, long, common, or made of words that anyone would try.

    `about` holds the person's address and names and the town's words. Raises WeakPassword.
    """
    password = normal(password)
    if len(password) < shortest:
        raise WeakPassword(
            N_("Use at least %(n)s characters. Four or five unrelated words work well."),
            field=field,
            n=shortest,
        )
    if len(password) > limits.PASSWORD_MAX:
        raise WeakPassword(N_("Use at most %(n)s characters."), field=field, n=limits.PASSWORD_MAX)
    words = _words(about)
    guessed = zxcvbn(password[:_ZXCVBN_MAX], user_inputs=sorted(words))
    if guessed["score"] < limits.PASSWORD_SCORE_MIN or _is_mostly(words, password, shortest):
        raise WeakPassword(
            N_(
                "This password is too easy to guess: it is common, or made of your name or the"
                " town's. Use four or five unrelated words."
            ),
            field=field,
        )


def _is_mostly(words: set[str], password: str, shortest: int) -> bool:
    # "pleasantonwater2026": what stands beside known words must be worth guessing by itself.
    left = typed = re.sub(r"[\W_]", "", password.casefold())
    for word in sorted(words, key=len, reverse=True):
        left = left.replace(word, "")
    letters = sum(not c.isdigit() for c in left)
    return left != typed and (len(left) < min(8, shortest) or letters < 4)


def _words(about: Sequence[str]) -> set[str]:
    found = {
        part
        for text in (*about, *_TRADE_WORDS)
        for part in (re.sub(r"[\W_]", "", text.casefold()), *re.split(r"[\W_]+", text.casefold()))
    }
    return {word for word in found if len(word) >= 3}


def hash_of(password: str) -> str:
    """Return the argon2id hash to store. About 56 ms of one core: throttle first."""
    return _hasher.hash(normal(password))


def matches(stored: str, password: str) -> bool:
    """True when the password is the one hashed; an empty `stored` costs the same and is False.

    About 56 ms of one core: throttle first, and hold no transaction meanwhile.
    """
    try:
        _hasher.verify(stored or _NOBODY, normal(password[: limits.PASSWORD_MAX + 1]))
    except (VerifyMismatchError, InvalidHashError):
        return False
    return bool(stored)
