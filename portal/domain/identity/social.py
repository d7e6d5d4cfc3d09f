"""Signing in with another provider: the flow's row, and whom a proven person is here.

The key is (issuer, subject). A person whom nobody is tied to yet confirms a mailbox by a code of
ours, or a password, before anything is opened: what a provider says of an address opens nothing,
and known and unknown addresses see the same page.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select, update

from portal.domain.audit import operations as audit
from portal.domain.identity import (
    factors,
    limits,
    mail_tokens,
    mails,
    provider_mails,
    sign_in,
    sign_up,
)
from portal.domain.identity.actor import Actor
from portal.domain.identity.addresses import parse_email
from portal.domain.identity.passkey_sign_in import Caller
from portal.domain.identity.sessions import demand_recent, hash_of
from portal.domain.identity.sign_in import Outcome, Result
from portal.domain.identity.states import UserStatus, move
from portal.gateways.oidc import Person
from portal.gateways.providers import Provider
from portal.kit.errors import DomainError
from portal.kit.ids import UserId
from portal.kit.text import N_, language
from portal.models.identity import User
from portal.models.social import ExternalIdentity, ProviderFlow
from portal.secret import seal

# What the way there and back carries; the routes hand it on and never look inside.
Flow = ProviderFlow


class BadFlow(DomainError):
    """The way to the provider and back does not hold: over, used, or another browser's."""

    code = "bad_flow"


class CannotConnect(DomainError):
    """The provider's person is somebody else's here, or the last way in would go."""

    code = "cannot_connect"


class Arrival(StrEnum):
    """What became of one who came back from a provider."""

    SIGNED_IN = "signed_in"  # or led to the second step: `Arrived.result` says
    CONFIRM = "confirm"  # nobody is tied to this person yet
    CONNECTED = "connected"


@dataclass(frozen=True)
class Arrived:
    """The end of the way back."""

    arrival: Arrival
    result: Result | None = None
    next_path: str = ""


@dataclass(frozen=True)
class Start:
    """What the browser takes along to the provider."""

    state: str
    nonce: str
    verifier: str


def begin(
    session: Session,
    actor: Actor,
    provider: Provider,
    browser: str,
    next_path: str,
    now: datetime,
    *,
    connect: bool = False,
) -> Start:
    """Begin a flow of the browser that holds the secret `browser`.

    With `connect` the signed-in resident ties the provider to their sign-in: raises
    FreshSignInNeeded where they signed in too long ago.
    """
    if connect:
        demand_recent(actor, now)
    start = Start(*(secrets.token_urlsafe(32) for _ in range(3)))
    session.add(
        ProviderFlow(
            state_hash=hash_of(start.state),
            browser_hash=hash_of(browser),
            provider=provider.name,
            nonce=start.nonce,
            verifier=start.verifier,
            next_path=next_path,
            user_id=actor.user_id if connect and actor.is_resident else None,
            created_at=now,
            expires_at=now + limits.PROVIDER_FLOW_LIFE,
        )
    )
    session.flush()
    return start


def keep_posted(
    session: Session, state: str, code: str, first_name: str, last_name: str, now: datetime
) -> None:
    """Keep an answer that was posted without our cookie, until its browser follows."""
    session.exec(
        update(ProviderFlow)
        .where(
            col(ProviderFlow.state_hash) == hash_of(state),
            col(ProviderFlow.answered_at).is_(None),
            col(ProviderFlow.code) == "",
            col(ProviderFlow.expires_at) > now,
        )
        .values(code=code, first_name=first_name[:80], last_name=last_name[:80])
        .execution_options(synchronize_session=False)
    )


def take(session: Session, provider: str, state: str, browser: str, now: datetime) -> ProviderFlow:
    """Take the answer of a flow, once, for the browser that began it. Raises BadFlow."""
    taken = session.exec(
        update(ProviderFlow)
        .where(
            col(ProviderFlow.state_hash) == hash_of(state),
            col(ProviderFlow.browser_hash) == hash_of(browser),
            col(ProviderFlow.provider) == provider,
            col(ProviderFlow.answered_at).is_(None),
            col(ProviderFlow.expires_at) > now,
        )
        .values(answered_at=now)
        .execution_options(synchronize_session=False)
    )
    if taken.rowcount != 1:
        raise BadFlow(N_("This way to sign in took too long or was used already. Start again."))
    return session.get_one(ProviderFlow, hash_of(state), populate_existing=True)


def conclude(
    session: Session, actor: Actor, flow: ProviderFlow, person: Person, by: Caller, now: datetime
) -> Arrived:
    """Sign in whom the person is tied to, tie them to who asked for it, or ask to confirm.

    Raises CannotConnect.
    """
    known = session.exec(
        select(ExternalIdentity).where(
            ExternalIdentity.issuer == person.issuer, ExternalIdentity.subject == person.subject
        )
    ).one_or_none()
    if flow.user_id is not None:
        return _connect(session, actor, flow, person, known, now)
    user = session.get(User, known.user_id) if known is not None else None
    if known is not None and user is not None and user.status == UserStatus.ACTIVE:
        known.last_used_at = now
        session.add(known)
        result = sign_in.proceed(
            session, user, remember=False, ip=by.ip, user_agent=by.user_agent, now=now
        )
        return Arrived(Arrival.SIGNED_IN, result, flow.next_path)
    _prove(session, flow, person, now)
    if flow.email:
        send_code(session, flow, now)
    return Arrived(Arrival.CONFIRM)


def _prove(session: Session, flow: ProviderFlow, person: Person, now: datetime) -> None:
    email = parse_email(person.email)
    flow.issuer, flow.subject, flow.email = person.issuer, person.subject, email or ""
    flow.first_name = flow.first_name or person.first_name
    flow.last_name = flow.last_name or person.last_name
    flow.expires_at = now + limits.PROVIDER_CONFIRM_LIFE
    session.add(flow)
    session.flush()


def waiting(session: Session, browser: str, now: datetime) -> ProviderFlow | None:
    """Return the flow whose person the browser still has to confirm, the newest, or None."""
    return session.exec(
        select(ProviderFlow)
        .where(
            ProviderFlow.browser_hash == hash_of(browser),
            ProviderFlow.subject != "",
            col(ProviderFlow.ended_at).is_(None),
            ProviderFlow.expires_at > now,
        )
        .order_by(col(ProviderFlow.answered_at).desc(), col(ProviderFlow.state_hash))
        .limit(1)
    ).first()


def send_code(session: Session, flow: ProviderFlow, now: datetime) -> None:
    """Mail a six-digit code to the flow's address, within its mails of the day.

    Staff sign in by their own door: at their address nothing is sent that would open it.
    """
    if not sign_up.may_mail(session, flow.email, now):
        return
    user = sign_up.find(session, flow.email)
    if user is not None and user.role != "resident":
        mails.no_account(session, flow.email)
        return
    code = f"{secrets.randbelow(10**limits.CODE_DIGITS):06d}"
    flow.code_hash = _code_hash(flow, code)
    session.add(flow)
    session.flush()
    provider_mails.code(session, flow.email, user, flow.provider, code)


def take_address(session: Session, flow: ProviderFlow, typed: str, now: datetime) -> None:
    """Take the address of a person whose provider gave none, and mail the code to it."""
    flow.email, flow.email_typed = sign_up.email_of(typed), True
    session.add(flow)
    send_code(session, flow, now)


def _code_hash(flow: ProviderFlow, code: str) -> str:
    return seal("provider-code", f"{flow.state_hash}:{flow.email}:{code}").hex()


def confirm_by_code(
    session: Session, flow: ProviderFlow, code: str, by: Caller, now: datetime
) -> Result:
    """Tie the person to the sign-in of the confirmed mailbox, opened where there is none.

    The try was counted (`mail_tokens.count_code`). Raises mail_tokens.BadCode.
    """
    digits = "".join(code.split())
    if not flow.code_hash or not secrets.compare_digest(flow.code_hash, _code_hash(flow, digits)):
        raise mail_tokens.wrong_code()
    if not _end(session, flow, now):
        raise mail_tokens.wrong_code()
    mail_tokens.forget_tries(session, flow.email)
    user = _confirmed(session, flow, by, now)
    if not factors.of(session, user).any:
        _tie(session, flow, user, by, now)
    return sign_in.proceed(
        session, user, remember=False, ip=by.ip, user_agent=by.user_agent, now=now
    )


def confirm_by_password(
    session: Session,
    flow: ProviderFlow,
    result: Result,
    user_id: UserId | None,
    by: Caller,
    now: datetime,
) -> None:
    """Tie the person to the sign-in whose password was right, and which asks for nothing more.

    One with a second factor signs in first, and connects the provider then.
    """
    if result.outcome is Outcome.SIGNED_IN and user_id is not None and _end(session, flow, now):
        _tie(session, flow, session.get_one(User, user_id), by, now)


def _end(session: Session, flow: ProviderFlow, now: datetime) -> bool:
    ended = session.exec(
        update(ProviderFlow)
        .where(
            col(ProviderFlow.state_hash) == flow.state_hash, col(ProviderFlow.ended_at).is_(None)
        )
        .values(ended_at=now)
        .execution_options(synchronize_session=False)
    )
    return ended.rowcount == 1


def _confirmed(session: Session, flow: ProviderFlow, by: Caller, now: datetime) -> User:
    """Return the active resident of the flow's address, which is proven now."""
    user = sign_up.find(session, flow.email)
    actor = Actor(ip=by.ip)
    if user is None:
        user = User(email=flow.email, language=language(), created_at=now)
        session.add(user)
        session.flush()
        audit.record(session, actor, "user.sign_up", subject_user_id=user.id)
    user_id = UserId(user.id)
    if user.status == UserStatus.CLOSED:
        move(session, actor, user_id, UserStatus.CLOSED, UserStatus.UNVERIFIED, now)
        session.refresh(user)
    if user.status == UserStatus.UNVERIFIED:
        # Whoever signed up with this address before was not its owner for all we know.
        user.password_hash = ""
        user.first_name, user.last_name = flow.first_name, flow.last_name
        session.flush()
        move(session, actor, user_id, UserStatus.UNVERIFIED, UserStatus.ACTIVE, now)
        session.refresh(user)
    return user


def _tie(session: Session, flow: ProviderFlow, user: User, by: Caller, now: datetime) -> None:
    made = session.execute(
        insert(ExternalIdentity)
        .values(
            user_id=user.id,
            provider=flow.provider,
            issuer=flow.issuer,
            subject=flow.subject,
            email=flow.email,
            created_at=now,
            last_used_at=now,
        )
        .on_conflict_do_nothing()
        .returning(col(ExternalIdentity.id))
    ).one_or_none()
    if made is None:
        return
    actor = sign_in.as_user(user, by.ip)
    audit.record(
        session, actor, "provider.connect", subject_user_id=user.id, provider=flow.provider
    )
    provider_mails.connected(session, user, flow.provider)


def _connect(
    session: Session,
    actor: Actor,
    flow: ProviderFlow,
    person: Person,
    known: ExternalIdentity | None,
    now: datetime,
) -> Arrived:
    if actor.user_id is None or actor.user_id != flow.user_id:
        raise BadFlow(N_("This way to sign in took too long or was used already. Start again."))
    if known is not None and known.user_id != actor.user_id:
        raise CannotConnect(N_("This account is connected to another sign-in here."))
    _prove(session, flow, person, now)
    _end(session, flow, now)
    _tie(session, flow, session.get_one(User, actor.user_id), Caller(actor.ip, ""), now)
    return Arrived(Arrival.CONNECTED)
