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
# What comes along when a number is copied out of a sentence, a table or a PDF.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_AROUND = " \t\r\n,;:.'\"()[]"
# Between two numbers, the surest first: as bills print them, then as people write them.
_BETWEEN = (
    r"\s+[-\u2010-\u2015\u2212/|]\s+",
    r"\s*[,;/|\t\n]\s*",
    r"\s*[-\u2010-\u2015\u2212]\s*",
    r"\s+",
)


def bare(number: str) -> str:
    """Return a number without spaces and dashes, in capitals, full-width digits made plain."""
    return _IGNORED.sub("", unicodedata.normalize("NFKC", number)).upper()


def typed_number(typed: object) -> str:
    """Return what a person typed as a bare number, or "" where it can be none."""
    if not isinstance(typed, str) or len(typed) > _LONGEST:
        return ""
    number = bare(_INVISIBLE.sub("", typed).strip(_AROUND))
    return number if number.isascii() and number.isalnum() else ""


def typed_pair(account_no: str, cid: str) -> tuple[str, str]:
    """Return the two numbers as typed, apart where both were pasted into one field.

    Bills print "28624 - 405583". A field is only taken apart where the other is empty or says one
    of the two numbers again, so that a dash inside a number stays what it is.
    """
    for typed, other in ((account_no, cid), (cid, account_no)):
        both = _two(typed)
        again = {typed_number(number) for number in both} | {typed_number(typed)}
        if both and (
            not other.strip() or other.strip() == typed.strip() or typed_number(other) in again
        ):
            return both
    return account_no, cid


def _two(typed: str) -> tuple[str, str] | tuple[()]:
    text = _INVISIBLE.sub("", typed).strip(_AROUND)
    if len(text) > 2 * _LONGEST:
        return ()
    for between in _BETWEEN:
        parts = re.split(between, text)
        if len(parts) == 2 and all(map(typed_number, parts)):
            return parts[0], parts[1]
    return ()


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
