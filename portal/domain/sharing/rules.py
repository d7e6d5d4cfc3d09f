"""What a holder may give, how its last day is read, and how a place is named to a stranger."""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.domain.accounts.policy import PAY, VIEW
from portal.domain.identity import limits
from portal.kit.clock import day_bounds, local_date
from portal.kit.errors import DomainError
from portal.kit.text import N_

_HOUSE_NUMBER = re.compile(r"^\d\S*\s+(?=\S)")


def read_rights(typed: str) -> str:
    """Return what a delegate shall be allowed. Raises DomainError."""
    if typed not in (PAY, VIEW):
        raise DomainError(N_("Choose what this person may do."), field="rights")
    return typed


def read_last_day(typed: str, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the instant at which access ends after the typed last day; None for no end.

    Raises DomainError for what is no day, for a past one and for one that is too far away.
    """
    if not typed.strip():
        return None
    today = local_date(now, zone)
    try:
        last = date.fromisoformat(typed.strip())
    except ValueError:
        raise DomainError(
            N_("Enter the last day as a date, or leave it empty."), field="last_day"
        ) from None
    if last < today:
        raise DomainError(N_("The last day must not be in the past."), field="last_day")
    if last > today + limits.SHARE_AT_MOST:
        raise DomainError(N_("Choose a last day within the next ten years."), field="last_day")
    return day_bounds(last, zone)[1]


def last_day_of(ends_at: datetime | None, zone: ZoneInfo) -> date | None:
    """Return the last day on which access holds, None where it has no end."""
    return local_date(ends_at - timedelta(microseconds=1), zone) if ends_at is not None else None


def street_of(service_address: str) -> str:
    """Return an address without its house number, for who may not be meant at all."""
    return _HOUSE_NUMBER.sub("", service_address.strip())
