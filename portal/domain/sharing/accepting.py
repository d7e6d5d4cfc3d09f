"""Accepting an invitation: the mailed link, a signed-in resident, and the invited mailbox.

The link alone gives nothing: it may have been passed on. Who accepts is signed in with the invited
address, or types a code that was mailed to it.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, or_, select

from portal.cities import city
from portal.domain.accounts.policy import HOLD, holds, in_force
from portal.domain.audit import operations as audit
from portal.domain.identity import limits, throttles
from portal.domain.identity.actor import Actor
from portal.domain.identity.addresses import email_key, masked
from portal.domain.identity.sessions import hash_of
from portal.domain.sharing import mails
from portal.domain.sharing.rules import last_day_of, street_of
from portal.kit.errors import DomainError, NotAllowed
from portal.kit.ids import AccountId
from portal.kit.text import N_
from portal.models.accounts import Account
from portal.models.identity import AccountLink, User
from portal.models.sharing import Invitation
from portal.secret import seal

CODES = throttles.LockRule(limits.WRONG_CODES, limits.LOCK_FIRST)


class BadInvitation(DomainError):
    """The invitation does not hold: unknown, over, accepted or withdrawn."""

    code = "bad_invitation"


@dataclass(frozen=True)
class Offer:
    """An invitation as its page shows it; `needs_code`: the actor's address is another one."""

    inviter: str
    invited: str
    street: str
    rights: str
    last_day: date | None
    needs_code: bool


def offer(session: Session, actor: Actor, secret: str, now: datetime) -> Offer:
    """Return what an invitation offers. Raises BadInvitation."""
    found, inviter, account = _open(session, secret, now)
    return Offer(
        masked(inviter.email),
        masked(found.email),
        street_of(account.service_address),
        found.rights,
        last_day_of(found.ends_at, city().zone),
        actor.is_resident and not _is_invited(session, actor, found),
    )


def send_code(session: Session, actor: Actor, secret: str, now: datetime, language: str) -> None:
    """Mail a code to the invited address, for this resident alone; an earlier one ends."""
    _demand_resident(actor)
    found, _, _ = _open(session, secret, now, lock=True)
    bucket, day = f"invite:code:{email_key(found.email)}", limits.WRONG_PAIRS_DAY
    if not throttles.take(session, bucket, limits.MAILS_A_DAY, day, now):
        raise DomainError(N_("Enough codes were sent for today. Try again tomorrow."))
    digits = f"{secrets.randbelow(10**limits.CODE_DIGITS):0{limits.CODE_DIGITS}d}"
    found.code_hash = _code_hash(found, actor, digits)
    found.code_expires_at = now + limits.INVITATION_CODE_LIFE
    session.add(found)
    audit.record(
        session,
        actor,
        "share.code",
        account_id=found.account_id,
        customer_id=found.customer_id,
    )
    mails.code(session, found, digits, language)


def count_code(session: Session, actor: Actor, now: datetime) -> bool:
    """Count a typed code before it is looked at, in a transaction of its own; False: too many."""
    return not throttles.attempt(session, f"invite:try:{actor.user_id}", CODES, now).refused


def accept(
    session: Session, actor: Actor, secret: str, now: datetime, *, code: str = ""
) -> AccountId:
    """Give the actor what the invitation offers, tell everyone concerned, return the account.

    Raises NotAllowed, BadInvitation, and DomainError for a code that is not right.
    """
    _demand_resident(actor)
    found, _, account = _open(session, secret, now, lock=True)
    if not _is_invited(session, actor, found):
        _demand_code(found, actor, code, now)
        throttles.clear(session, f"invite:try:{actor.user_id}")
    tie = _tie(session, actor, found, now)
    found.accepted_at, found.code_hash = now, ""
    session.add(found)
    session.flush()
    audit.record(
        session,
        actor,
        "share.accept",
        subject_user_id=actor.user_id,
        account_id=found.account_id,
        customer_id=found.customer_id,
        rights=found.rights,
    )
    mails.accepted(session, tie, session.get_one(User, actor.user_id), account)
    return AccountId(account.id)


def _demand_resident(actor: Actor) -> None:
    if not actor.is_resident:
        raise NotAllowed(N_("Sign in as a resident to accept the invitation."))


def _open(
    session: Session, secret: str, now: datetime, *, lock: bool = False
) -> tuple[Invitation, User, Account]:
    statement = select(Invitation).where(Invitation.token_hash == hash_of(secret))
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    found = session.exec(statement).one_or_none()
    if found is None:
        raise BadInvitation(
            N_("This link is not complete. Open it again from the email, or ask for a new one.")
        )
    if found.accepted_at is not None:
        raise BadInvitation(
            N_("This invitation was accepted already. If it was you, find the account at Accounts.")
        )
    over = found.ends_at is not None and found.ends_at <= now
    if found.withdrawn_at is not None or found.expires_at <= now or over:
        raise BadInvitation(
            N_("This invitation no longer holds. Ask the person who invited you for a new one.")
        )
    inviter = session.get_one(User, found.invited_by)
    still = holds(session, found.invited_by, found.account_id, found.customer_id)
    if not still or inviter.status != "active":
        raise BadInvitation(
            N_("This invitation no longer holds. Ask the person who invited you for a new one.")
        )
    return found, inviter, session.get_one(Account, found.account_id)


def _is_invited(session: Session, actor: Actor, found: Invitation) -> bool:
    return session.get_one(User, actor.user_id).email.lower() == found.email.lower()


def _code_hash(found: Invitation, actor: Actor, digits: str) -> str:
    return seal("invitation-code", f"{found.id}:{actor.user_id}:{digits}").hex()


def _demand_code(found: Invitation, actor: Actor, code: str, now: datetime) -> None:
    typed = "".join(code.split())
    fresh = found.code_expires_at is not None and now < found.code_expires_at
    if not (
        fresh
        and found.code_hash
        and hmac.compare_digest(found.code_hash, _code_hash(found, actor, typed))
    ):
        raise DomainError(
            N_("This code is not right or too old. Look at the newest message, or send a new one."),
            field="code",
        )


def _tie(session: Session, actor: Actor, found: Invitation, now: datetime) -> AccountLink:
    given = {
        "rights": found.rights,
        "granted_by": found.invited_by,
        "created_at": now,
        "ends_at": found.ends_at,
    }
    made = session.execute(
        insert(AccountLink)
        .values(
            user_id=actor.user_id,
            account_id=found.account_id,
            customer_id=found.customer_id,
            **given,
        )
        .on_conflict_do_update(
            index_elements=["user_id", "account_id", "customer_id"],
            set_={**given, "removed_at": None, "left_at": None, "soon_told_at": None},
            # Nobody loses what they hold by being invited to less.
            where=or_(~in_force(), col(AccountLink.rights) != HOLD),
        )
        .returning(col(AccountLink.id))
    ).one_or_none()
    if made is None:
        raise BadInvitation(N_("You hold this account already: there is nothing to accept."))
    return session.get_one(AccountLink, made[0], populate_existing=True)
