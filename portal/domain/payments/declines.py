"""Card testing: whoever tries stolen numbers here is stopped after a handful of refusals.

An attempt is counted in the transaction that claims it, before the processor hears of it, and
given back when it turns out to be none that the bank refused. Three counters: the cart, the
resident, the network.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from portal.cities import city
from portal.domain.identity import throttles
from portal.domain.identity.actor import Actor
from portal.domain.identity.throttles import LockRule
from portal.kit.errors import DomainError
from portal.kit.ids import CartId
from portal.kit.text import N_, moment

CART = LockRule(5, timedelta(hours=1), first=timedelta(hours=1))
RESIDENT = LockRule(8, timedelta(days=1), first=timedelta(hours=1))
# A household, a library or an office shares one address.
NETWORK = LockRule(20, timedelta(hours=1), first=timedelta(hours=1))


class TooManyDeclines(DomainError):
    """Too many cards were refused here; nothing was sent."""

    code = "declines"


def buckets(cart_id: CartId | UUID, user_id: object, network: str) -> list[tuple[str, LockRule]]:
    """Return the counters of an attempt, in the order in which they are locked everywhere."""
    counters = [(f"declines:cart:{cart_id}", CART), (f"declines:user:{user_id}", RESIDENT)]
    return [*counters, (f"declines:ip:{network}", NETWORK)] if network else counters


def count(
    session: Session, actor: Actor, cart_id: CartId | UUID, network: str, now: datetime
) -> None:
    """Count an attempt that is about to be sent. Raises TooManyDeclines."""
    for bucket, rule in buckets(cart_id, actor.user_id, network):
        counted = throttles.attempt(session, bucket, rule, now)
        if counted.refused:
            raise TooManyDeclines(
                N_(
                    "Several cards were declined, so paying by card is paused here until %(until)s."
                    " You have not been charged. Call %(phone)s if you need to pay sooner."
                ),
                until=moment(counted.locked_until or now, city().zone),
                phone=city().contact.phone,
            )


def give_back(session: Session, cart_id: CartId | UUID, user_id: object, network: str) -> None:
    """Uncount an attempt that the bank did not refuse."""
    for bucket, rule in buckets(cart_id, user_id, network):
        throttles.give_back(session, bucket, rule)
