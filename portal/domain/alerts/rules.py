"""A daily threshold: when it is passed, and what a person may type. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from portal.domain.identity.addresses import parse_email
from portal.kit.errors import DomainError, Problems
from portal.kit.text import N_

EMAILS = 3
MOST_GALLONS = 1_000_000
REHEARSED_DAYS = 90
# The confirmation link of an address that is not the resident's own, and how many such mails one
# resident may cause in a day; an address itself gets no more than limits.MAILS_A_DAY.
CONFIRM_WITHIN = timedelta(days=7)
CONFIRMATIONS_A_DAY = 10
# How far back a reading that comes late may still raise an alert.
LATE_DAYS = 7


class BadNotification(DomainError):
    """What was typed cannot be saved."""

    code = "bad_notification"


@dataclass(frozen=True)
class Rehearsal:
    """How often a threshold would have alerted on the days that are known."""

    days_over: int
    days_known: int


def passes(measured: int, threshold_gallons: int) -> bool:
    """True when a day's measured use (thousandths of a gallon) is above the threshold.

    Estimates are not in it: a gap's even share is no evidence of a day.
    """
    return measured > threshold_gallons * 1000


def rehearse(
    measured: Mapping[date, int], threshold_gallons: int, through: date | None
) -> Rehearsal:
    """Count the days over the threshold among the 90 up to `through`."""
    if through is None:
        return Rehearsal(0, 0)
    first = through - timedelta(days=REHEARSED_DAYS - 1)
    known = [used for day, used in measured.items() if first <= day <= through]
    return Rehearsal(sum(1 for used in known if passes(used, threshold_gallons)), len(known))


def read_threshold(text: str) -> int:
    """Return whole gallons of what a person typed ("1,100"). Raises BadNotification."""
    digits = text.strip().replace(",", "").removesuffix("gallons").strip()
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 9:
        raise BadNotification(
            N_("Enter the threshold in whole gallons a day, like 400."), field="threshold"
        )
    if not 0 < int(digits) <= MOST_GALLONS:
        raise BadNotification(
            N_("Enter a threshold from 1 to 1,000,000 gallons a day."), field="threshold"
        )
    return int(digits)


def read_emails(typed: Sequence[str]) -> list[str]:
    """Return the addresses of the fields Email 1 to 3, each once. Raises Problems."""
    found: list[str] = []
    problems: list[DomainError] = []
    for number, text in enumerate(typed[:EMAILS], 1):
        if not text.strip():
            continue
        address = parse_email(text)
        if address is None:
            problems.append(
                BadNotification(
                    N_("Email %(number)s is not a complete address, like name@example.com."),
                    field=f"email_{number}",
                    number=number,
                )
            )
        elif address.lower() not in {one.lower() for one in found}:
            found.append(address)
    if not found and not problems:
        problems.append(BadNotification(N_("Enter at least one email address."), field="email_1"))
    if problems:
        raise Problems(problems)
    return found
