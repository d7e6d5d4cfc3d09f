"""A confidential customer's name and address, masked for all but themselves and named staff."""

from dataclasses import dataclass

from portal.domain.identity.actor import Actor
from portal.kit.text import _
from portal.models.accounts import Customer


@dataclass(frozen=True)
class Person:
    """A payer as a screen may show them: `lines` are the mailing address."""

    name: str
    lines: tuple[str, ...]
    cid: str
    masked: bool


def sees_confidential(actor: Actor) -> bool:
    """True for staff who see the name and address of confidential customers."""
    return actor.is_staff and actor.role == "administrator"


def person(customer: Customer, *, masked: bool) -> Person:
    """Return the payer's name, address and customer ID; `masked` hides name and address."""
    if masked:
        return Person(_("Not shown (confidential)"), (), customer.cid, True)
    lines = (
        customer.addr1,
        customer.addr2,
        f"{customer.city}, {customer.state} {customer.zip}",
        customer.country if customer.country not in ("US", "USA") else "",
    )
    return Person(
        " ".join(filter(None, (customer.name1, customer.name2))),
        tuple(line for line in lines if line),
        customer.cid,
        False,
    )
