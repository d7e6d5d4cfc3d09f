"""How the numbers on a bill are compared with what a person typed (exchange README, question 20).

Spaces and dashes are ignored and an exact match wins; without one, leading zeros are ignored,
and two candidates count as no match.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
_IGNORED = re.compile(r"[\s\-\u2010-\u2015\u2212_.#]+")
_LONGEST = 40


def bare(number: str) -> str:
    """Return a number without spaces and dashes, in capitals, full-width digits made plain."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", number)).upper()


def typed_number(typed: object) -> str:
    """Return what a person typed as a bare number, or "" where it can be none."""
    if not isinstance(typed, str) or len(typed) > _LONGEST:
        return ""
    number = bare(typed)
    return number if number.isascii() and number.isalnum() else ""


def match_no(number: str) -> str:
    """Return the stored form that tolerant matching looks up: bare, without leading zeros."""
    return bare(number).lstrip("0")


def choose(typed: str, candidates: Sequence[tuple[str, T]]) -> T | None:
    """Return the one candidate (printed number, thing) that `typed` (bare) means, or None."""
    exact = [thing for number, thing in candidates if bare(number) == typed]
    if len(exact) == 1:
        return exact[0]
    loose = [thing for number, thing in candidates if match_no(number) == typed.lstrip("0")]
    return loose[0] if len(loose) == 1 and not exact else None
