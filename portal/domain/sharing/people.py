"""People with access: who holds an account, to whom it is shared, and what a holder changes."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlmodel import Session, col, select

from portal.cities import city
from portal.domain.accounts.policy import HOLD, held, holds, in_force
from portal.domain.accounts.queries import address_of
from portal.domain.audit import operations as audit
from portal.domain.identity.actor import Actor
from portal.domain.identity.addresses import masked
from portal.domain.identity.sessions import demand_recent, is_fresh
from portal.domain.sharing import mails
from portal.domain.sharing.rules import last_day_of, read_last_day, read_rights
from portal.kit.clock import local_date
from portal.kit.errors import NotFound, read_all
from portal.kit.ids import AccountId, parse_id
from portal.kit.text import N_
from portal.models.accounts import Account
from portal.models.identity import AccountLink, User
from portal.models.sharing import Invitation


@dataclass(frozen=True)
class Person:
    """Who has access: the actor in full, everybody else masked."""

    link_id: UUID
    email: str
    is_you: bool
    rights: str
    since: date
    last_day: date | None
    invited_by_you: bool
    removable: bool


@dataclass(frozen=True)
class Invited:
    """An invitation that waits; the address in full for who typed it."""

    invitation_id: UUID
    email: str
    rights: str
    last_day: date | None
    until: date


@dataclass(frozen=True)
class People:
    """People with access to one account. `may_act`: the sign-in is fresh enough to change it."""

    account_id: AccountId
    account_no: str
    service_address: str
    people: tuple[Person, ...]
    invited: tuple[Invited, ...]
    may_act: bool
    may_invite: bool


def people(session: Session, actor: Actor, account_claim: object, now: datetime) -> People:
    """Return who has access to an account that the actor holds; three queries.

    Raises NotFound, and NotAllowed for a delegate.
    """
    place, zone = held(session, actor, account_claim), city().zone
    ties = session.exec(
        select(AccountLink, User.email)
        .join(User, col(User.id) == AccountLink.user_id)
        .where(
            AccountLink.account_id == place.account_id,
            AccountLink.customer_id == place.customer_id,
            in_force(),
            User.status == "active",
        )
        # Holders first, by who came first.
        .order_by(
            (col(AccountLink.rights) == HOLD).desc(),
            col(AccountLink.created_at),
            col(User.email),
        )
    ).all()
    own = next(_since(tie) for tie, _ in ties if tie.user_id == actor.user_id)
    offers = session.exec(
        select(Invitation)
        .where(
            Invitation.account_id == place.account_id,
            Invitation.customer_id == place.customer_id,
            col(Invitation.accepted_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
            Invitation.expires_at > now,
        )
        .order_by(col(Invitation.created_at), col(Invitation.email), col(Invitation.id))
    ).all()
    return People(
        place.account_id,
        place.account.account_no,
        address_of(place.account),
        tuple(
            Person(
                tie.id,
                email if tie.user_id == actor.user_id else masked(email),
                tie.user_id == actor.user_id,
                tie.rights,
                local_date(_since(tie), zone),
                last_day_of(tie.ends_at, zone),
                tie.granted_by is not None and tie.granted_by == actor.user_id,
                # A later holder, and any delegate.
                tie.user_id != actor.user_id and (tie.rights != HOLD or _since(tie) > own),
            )
            for tie, email in ties
        ),
        tuple(
            Invited(
                one.id,
                one.email if one.invited_by == actor.user_id else masked(one.email),
                one.rights,
                last_day_of(one.ends_at, zone),
                local_date(one.expires_at, zone),
            )
            for one in offers
        ),
        is_fresh(actor, now),
        not place.is_over(local_date(now, zone)),
    )


def change(
    session: Session, actor: Actor, link_claim: object, rights: str, last_day: str, now: datetime
) -> None:
    """Give a delegate other rights or another last day, and tell them.

    Raises NotFound, FreshSignInNeeded, and DomainError for what was typed.
    """
    missing = NotFound(N_("We could not find that person. Their access may have ended already."))
    link_id = parse_id(link_claim)
    tie = session.get(AccountLink, link_id, with_for_update=True) if link_id is not None else None
    if tie is None or tie.rights == HOLD or tie.removed_at is not None or not actor.is_resident:
        raise missing
    if tie.ends_at is not None and tie.ends_at <= now:
        raise missing
    if not holds(session, actor.user_id, tie.account_id, tie.customer_id):
        raise missing
    demand_recent(actor, now)
    rights, ends_at = read_all(
        lambda: read_rights(rights), lambda: read_last_day(last_day, now, city().zone)
    )
    if (rights, ends_at) == (tie.rights, tie.ends_at):
        return
    tie.rights, tie.ends_at, tie.soon_told_at = rights, ends_at, None
    session.add(tie)
    session.flush()
    audit.record(
        session,
        actor,
        "share.change",
        subject_user_id=tie.user_id,
        account_id=tie.account_id,
        customer_id=tie.customer_id,
        rights=rights,
    )
    delegate, account = session.get_one(User, tie.user_id), session.get_one(Account, tie.account_id)
    mails.changed(session, tie, delegate, account)


def _since(tie: AccountLink) -> datetime:
    # Only a row that was not yet read back from the database lacks it.
    assert tie.created_at is not None
    return tie.created_at
