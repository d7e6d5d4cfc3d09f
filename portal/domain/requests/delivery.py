"""Bill Delivery Preference: mail, e-mail or both, recorded with the consent that was given.

The billing system is told in the next batch; until its nightly file says the same, the page shows
the change as received and the old way as what still holds.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from portal.cities import city
from portal.domain.accounts.policy import OpenAccount, held
from portal.domain.audit import operations as audit
from portal.domain.identity.actor import Actor
from portal.domain.identity.sessions import demand_fresh
from portal.domain.requests import mails
from portal.kit.clock import day_bounds, local_date
from portal.kit.errors import DomainError
from portal.kit.ids import AccountId
from portal.kit.text import N_
from portal.models.accounts import Tenure
from portal.models.exchange import DeliveryChange
from portal.models.identity import User

WAYS = ("MAIL", "EMAIL", "BOTH")
MOST_A_DAY = 5


@dataclass(frozen=True)
class Change:
    """A recorded change. `status`: received, sent (to the billing system) or in_effect."""

    old: str
    new: str
    email: str
    consented_at: datetime
    status: str


@dataclass(frozen=True)
class Delivery:
    """How bills reach the customer now, what was asked last, and the address e-mail would go to."""

    account_id: AccountId
    account_no: str
    service_address: str
    current: str
    wanted: str
    email: str
    may_change: bool
    changes: tuple[Change, ...]


def _tenure(session: Session, account: OpenAccount, today: date) -> Tenure | None:
    stays = session.exec(
        select(Tenure)
        .where(Tenure.account_id == account.account_id, Tenure.customer_id == account.customer_id)
        .order_by(col(Tenure.start_date).desc())
    ).all()
    return next(
        (
            t
            for t in stays
            if t.start_date <= today and (t.stop_date is None or today < t.stop_date)
        ),
        stays[0] if stays else None,
    )


def _changes(session: Session, account: OpenAccount) -> list[DeliveryChange]:
    return list(
        session.exec(
            select(DeliveryChange)
            .where(
                DeliveryChange.account_id == account.account_id,
                DeliveryChange.customer_id == account.customer_id,
            )
            .order_by(col(DeliveryChange.consented_at).desc(), col(DeliveryChange.id))
            .limit(10)
        ).all()
    )


def _status(place: int, change: DeliveryChange, current: str) -> str:
    # Only the latest wish can hold; what the billing system says decides whether it does.
    if place == 0 and change.new == current:
        return "in_effect"
    return "sent" if change.exported_at else "received"


def delivery(session: Session, actor: Actor, account_claim: object, now: datetime) -> Delivery:
    """Return the account's bill delivery. Raises NotFound for one the actor's links do not open."""
    account = held(session, actor, account_claim)
    today = local_date(now, city().zone)
    tenure = _tenure(session, account, today)
    current = tenure.delivery if tenure else "MAIL"
    changes = _changes(session, account)
    user = session.get_one(User, actor.user_id)
    return Delivery(
        account_id=account.account_id,
        account_no=account.account.account_no,
        service_address=account.account.service_address,
        current=current,
        wanted=changes[0].new if changes else current,
        email=user.email,
        may_change=account.current(today) is not None,
        changes=tuple(
            Change(c.old, c.new, c.email, c.consented_at, _status(place, c, current))
            for place, c in enumerate(changes)
        ),
    )


def demand_change(known: Delivery, way: str, *, consent: bool) -> None:
    """Check a wished change before it is confirmed. Raises DomainError with what to mend."""
    if not known.may_change:
        raise DomainError(
            N_("You left this address, so its bills can no longer be changed here. Call us.")
        )
    if way not in WAYS:
        raise DomainError(N_("Choose how you want to receive your bills."), field="way")
    if way == known.wanted:
        raise DomainError(N_("This is how you receive your bills already."), field="way")
    if way != "MAIL" and not consent:
        raise DomainError(N_("Check the box to agree to receive bills by email."), field="consent")


def change_delivery(
    session: Session, actor: Actor, account_claim: object, way: str, *, consent: bool, now: datetime
) -> Change:
    """Record the change with the consent text's version, and confirm it by mail.

    Bills by email go to the address of the sign-in, which was proven by activation. Raises
    NotFound, FreshSignInNeeded, and DomainError where the wish is none.
    """
    account = held(session, actor, account_claim)
    demand_fresh(actor, now)
    # Two tabs: the second waits here and then sees what the first recorded.
    session.exec(select(Tenure.id).where(Tenure.account_id == account.account_id).with_for_update())
    known = delivery(session, actor, account_claim, now)
    demand_change(known, way, consent=consent)
    start, _end = day_bounds(local_date(now, city().zone), city().zone)
    if sum(1 for c in known.changes if c.consented_at >= start) >= MOST_A_DAY:
        raise DomainError(N_("You changed this several times today. Try again tomorrow."))
    user = session.get_one(User, actor.user_id)
    change = DeliveryChange(
        account_id=account.account_id,
        customer_id=account.customer_id,
        user_id=user.id,
        old=known.wanted,
        new=way,
        email=user.email if way != "MAIL" else "",
        consent_version=city().delivery.consent_version,
        consented_at=now,
    )
    session.add(change)
    audit.record(
        session,
        actor,
        "delivery.change",
        account_id=account.account_id,
        customer_id=account.customer_id,
        old=change.old,
        new=change.new,
        consent_version=change.consent_version,
    )
    session.flush()
    mails.delivery_changed(session, user, account.account, change)
    return Change(change.old, change.new, change.email, now, "received")


def follow(session: Session, user: User, old_email: str, now: datetime) -> None:
    """Send the bills that go to a resident's old address to the new one.

    The way stays what was consented to; the billing system hears of the address in the next batch.
    """
    latest = select(DeliveryChange).where(DeliveryChange.user_id == user.id)
    seen = set()
    for change in session.exec(
        latest.order_by(col(DeliveryChange.consented_at).desc(), col(DeliveryChange.id))
    ).all():
        place = (change.account_id, change.customer_id)
        if place not in seen and change.email.lower() == old_email.lower():
            session.add(
                DeliveryChange(
                    account_id=change.account_id,
                    customer_id=change.customer_id,
                    user_id=user.id,
                    old=change.new,
                    new=change.new,
                    email=user.email,
                    consent_version=change.consent_version,
                    consented_at=now,
                )
            )
        seen.add(place)
