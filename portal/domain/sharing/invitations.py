"""A holder invites by mail. The answer is the same whether or not the address has a sign-in."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, delete, func, update

from portal.cities import city
from portal.domain.accounts.policy import held, holds
from portal.domain.audit import operations as audit
from portal.domain.identity import limits, throttles
from portal.domain.identity.actor import Actor
from portal.domain.identity.addresses import email_key
from portal.domain.identity.sessions import demand_recent, hash_of
from portal.domain.identity.sign_up import email_of
from portal.domain.sharing import mails
from portal.domain.sharing.rules import read_last_day, read_rights
from portal.kit.clock import local_date
from portal.kit.errors import DomainError, NotAllowed, NotFound, read_all
from portal.kit.ids import parse_id
from portal.kit.text import N_
from portal.models.identity import User
from portal.models.sharing import Invitation


def invite(
    session: Session,
    actor: Actor,
    account_claim: object,
    typed_email: str,
    rights: str,
    last_day: str,
    now: datetime,
) -> str:
    """Mail an invitation to an account that the actor holds; return the address it went to.

    An earlier one to the same address ends. Raises NotFound, NotAllowed, FreshSignInNeeded and
    DomainError for what was typed or too much for a day.
    """
    place = held(session, actor, account_claim)
    demand_recent(actor, now)
    if place.is_over(local_date(now, city().zone)):
        raise NotAllowed(N_("You left this address, so nobody new can be given access to it."))
    inviter = session.get_one(User, actor.user_id)
    email, rights, ends_at = read_all(
        lambda: _read_email(typed_email, inviter),
        lambda: read_rights(rights),
        lambda: read_last_day(last_day, now, city().zone),
    )
    _count(session, inviter, email, now)
    _end_open(
        session,
        col(Invitation.account_id) == place.account_id,
        col(Invitation.customer_id) == place.customer_id,
        func.lower(col(Invitation.email)) == email.lower(),
        now=now,
    )
    secret = secrets.token_urlsafe(32)
    offer = Invitation(
        token_hash=hash_of(secret),
        email=email,
        account_id=place.account_id,
        customer_id=place.customer_id,
        invited_by=inviter.id,
        rights=rights,
        ends_at=ends_at,
        created_at=now,
        expires_at=now + limits.INVITATION_LIFE,
    )
    session.add(offer)
    session.flush()
    audit.record(
        session,
        actor,
        "share.invite",
        account_id=place.account_id,
        customer_id=place.customer_id,
        rights=rights,
    )
    mails.invitation(session, offer, inviter, place.account, secret)
    return offer.email


def _read_email(typed: str, inviter: User) -> str:
    email = email_of(typed)
    if email.lower() == inviter.email.lower():
        raise DomainError(N_("This is your own address. Enter the other person's."), field="email")
    return email


def withdraw(session: Session, actor: Actor, claim: object, now: datetime) -> None:
    """End an invitation that nobody has accepted; any holder may.

    Raises NotFound, FreshSignInNeeded.
    """
    missing = NotFound(N_("That invitation was accepted or withdrawn already."))
    offer_id = parse_id(claim)
    offer = session.get(Invitation, offer_id) if offer_id is not None else None
    if offer is None or not actor.is_resident:
        raise missing
    if not holds(session, actor.user_id, offer.account_id, offer.customer_id):
        raise missing
    demand_recent(actor, now)
    if _end_open(session, col(Invitation.id) == offer.id, now=now) != 1:
        raise missing
    audit.record(
        session,
        actor,
        "share.withdraw",
        account_id=offer.account_id,
        customer_id=offer.customer_id,
    )


def end_of_holder(
    session: Session, holder_id: UUID, account_id: UUID, customer_id: UUID, now: datetime
) -> None:
    """End what one who no longer holds the account had offered."""
    _end_open(
        session,
        col(Invitation.invited_by) == holder_id,
        col(Invitation.account_id) == account_id,
        col(Invitation.customer_id) == customer_id,
        now=now,
    )


def forget_old(session: Session, now: datetime) -> None:
    """Delete invitations a month after they ended: they hold the addresses of other people."""
    session.exec(
        delete(Invitation).where(col(Invitation.expires_at) < now - limits.INVITATION_KEPT)
    )


def _end_open(session: Session, *which: ColumnElement[bool], now: datetime) -> int:
    return session.exec(
        update(Invitation)
        .where(
            col(Invitation.accepted_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
            *which,
        )
        .values(withdrawn_at=now)
        .execution_options(synchronize_session=False)
    ).rowcount


def _count(session: Session, inviter: User, email: str, now: datetime) -> None:
    day = limits.WRONG_PAIRS_DAY
    by, to = f"invite:user:{inviter.id}", f"invite:to:{email_key(email)}"
    if not throttles.take(session, by, limits.INVITATIONS_A_DAY, day, now):
        raise DomainError(N_("You have sent enough invitations for today. Try again tomorrow."))
    if not throttles.take(session, to, limits.MAILS_A_DAY, day, now):
        raise DomainError(
            N_("This address was sent enough invitations for today. Try again tomorrow."),
            field="email",
        )
