"""Identifiers: UUID keys, one type a noun, so that one is never taken for another."""

from typing import NewType
from uuid import UUID, uuid4

UserId = NewType("UserId", UUID)
SessionId = NewType("SessionId", UUID)
AccountId = NewType("AccountId", UUID)
CustomerId = NewType("CustomerId", UUID)
BillId = NewType("BillId", UUID)
CartId = NewType("CartId", UUID)
PaymentId = NewType("PaymentId", UUID)
MeterId = NewType("MeterId", UUID)
MailId = NewType("MailId", UUID)


def new_id() -> UUID:
    """Return a fresh random 128-bit key."""
    return uuid4()


def parse_id(claim: object) -> UUID | None:
    """Return the UUID a browser claims, or None where it is not one.

    Ids from outside are claims: they may be of any type and any length.
    """
    if not isinstance(claim, str) or len(claim) > 36:
        return None
    try:
        return UUID(claim)
    except ValueError:
        return None
