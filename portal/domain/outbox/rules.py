"""What a message must be, and when it is tried again. Pure."""

import re
from datetime import datetime, timedelta

from portal.kit.errors import DomainError
from portal.kit.text import N_

GIVE_UP_AFTER = timedelta(hours=72)
LEASE = timedelta(minutes=5)
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class BadAddress(DomainError):
    """Not exactly one plain e-mail address."""

    code = "bad_address"


class BadSubject(DomainError):
    """A subject that would write a header of its own."""

    code = "bad_subject"


def one_address(text: str) -> str:
    """Return `text` when it is exactly one address and nothing else. Raises BadAddress.

    Names, lists, comments, line ends and other scripts' letters are refused: what passes here
    cannot add a header or a second reader.
    """
    if len(text) > 254 or not _ADDRESS.fullmatch(text):
        raise BadAddress(N_("Enter one email address, such as name@example.com."), field="email")
    return text


def one_line(text: str) -> str:
    """Return `text` when it is one printable line. Raises BadSubject."""
    if not text.strip() or len(text) > 200 or not text.isprintable():
        raise BadSubject(N_("A subject is one line of text."), field="subject")
    return text


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after that many failed attempts: 1 min, doubling up to 1 h."""
    return min(timedelta(minutes=2 ** min(attempts - 1, 6)), timedelta(hours=1))


def given_up(created_at: datetime, now: datetime) -> bool:
    """True when a message has been tried for 72 h."""
    return now - created_at >= GIVE_UP_AFTER
