"""What Billing Information starts with: what was typed before, else what we know of the payer."""

from sqlmodel import Session

from portal.domain.bills.payable import payable
from portal.domain.cart.queries import CartView
from portal.domain.cart.rules import Billing
from portal.domain.identity.actor import Actor
from portal.models.accounts import Customer
from portal.models.identity import User


def prefill(session: Session, actor: Actor, cart: CartView) -> Billing:
    """Return the billing address to start with; only the linked customer's own, never another's."""
    if cart.billing != Billing():
        return cart.billing
    user = session.get(User, actor.user_id)
    known = payable(session, actor, [str(line.bill_id) for line in cart.lines])
    viewer = next((bill.viewer_id for bill in known.values()), None)
    payer = session.get(Customer, viewer) if viewer else None
    return Billing(
        name=f"{user.first_name} {user.last_name}".strip() if user else "",
        address1=payer.addr1 if payer else "",
        address2=payer.addr2 if payer else "",
        city=payer.city if payer else "",
        state=payer.state if payer else "",
        zip=payer.zip if payer else "",
        email=user.email if user else "",
    )
