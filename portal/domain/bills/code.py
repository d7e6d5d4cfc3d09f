"""What the square code on a printed bill says: which bill, and that our bill printed it.

It opens nothing by itself: it stands for the two numbers that the same paper shows, and fills them
into the form of a resident who is signed in. Neither number is in it, so neither reaches an
address bar, a log or a browser's storage.
"""

import hmac
from uuid import UUID

from sqlmodel import Session, col, select

from portal import routes
from portal.domain.identity.actor import Actor
from portal.models.accounts import Account, Customer
from portal.models.bills import Bill
from portal.secret import seal

_ID_DIGITS, _SEAL_DIGITS = 32, 20


def address(bill_id: UUID) -> str:
    """Return the bill's address with its code behind the #, which no browser sends to a server."""
    return f"{routes.absolute(routes.BILL, id=bill_id)}#bill={bill_id.hex}{_seal(bill_id.hex)}"


def numbers(session: Session, actor: Actor, code: str) -> tuple[str, str] | None:
    """Return the account number and customer ID of the bill that printed `code`, or None."""
    bill, sealed = code[:_ID_DIGITS], code[_ID_DIGITS:]
    if not actor.is_resident or not hmac.compare_digest(sealed.encode(), _seal(bill).encode()):
        return None
    found = session.exec(
        select(Account.account_no, Customer.cid)
        .join(Bill, col(Bill.account_id) == Account.id)
        .join(Customer, col(Customer.id) == Bill.customer_id)
        .where(Bill.id == UUID(bill))
    ).one_or_none()
    return (found[0], found[1]) if found is not None else None


def _seal(bill: str) -> str:
    return seal("bill-code", bill).hex()[:_SEAL_DIGITS]
