"""Signing up and proving the address. Known and unknown addresses get the same answer."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, func, select

from portal.cities import city
from portal.domain.audit import operations as audit
from portal.domain.identity import limits, mail_tokens, mails, passwords, sessions, throttles
from portal.domain.identity.actor import Actor
from portal.domain.identity.addresses import email_key, parse_email
from portal.domain.identity.states import UserStatus, move
from portal.kit.errors import DomainError, read_all
from portal.kit.ids import UserId
from portal.kit.text import N_, language
from portal.models.identity import User

NO_PASSWORD = N_("Enter a password.")


class BadField(DomainError):
    """What was typed in one field cannot be used; `field` names it."""

    code = "bad_field"


@dataclass(frozen=True)
class Newcomer:
    """A sign-up form whose fields hold, its password already hashed."""

    email: str
    password_hash: str
    first_name: str
    last_name: str


def email_of(typed: object, field: str = "email") -> str:
    """Return the address typed, or raise BadField for that field."""
    email = parse_email(typed)
    if email is None:
        raise BadField(N_("Enter one email address, like name@example.org."), field=field)
    return email


def find(session: Session, email: str) -> User | None:
    """Return the sign-in with this address, in any case of letters."""
    return session.exec(select(User).where(func.lower(User.email) == email.lower())).one_or_none()


def town_words() -> tuple[str, ...]:
    """Return the words that everyone in this town would put in a password."""
    here = city()
    return (here.name, here.full_name, here.state, here.zone.key, here.portal.name.en,
            here.portal.name.es)  # fmt: skip


def _name(typed: str, field: str, missing: str) -> str:
    name = " ".join(typed.split())
    if not name:
        raise BadField(missing, field=field)
    if len(name) > limits.NAME_MAX or any(not c.isprintable() for c in name):
        raise BadField(N_("Use at most %(n)s letters."), field=field, n=limits.NAME_MAX)
    return name


def read_form(email: str, password: str, first_name: str, last_name: str) -> Newcomer:
    """Check a sign-up form and hash its password: slow, so throttle first, outside a transaction.

    Raises Problems with every field that does not hold.
    """

    def of_password() -> str:
        if not password:
            raise BadField(NO_PASSWORD, field="password")
        passwords.check(password, (email, first_name, last_name, *town_words()))
        return password

    address, chosen, first, last = read_all(
        lambda: email_of(email),
        of_password,
        lambda: _name(first_name, "first_name", N_("Enter your first name.")),
        lambda: _name(last_name, "last_name", N_("Enter your last name.")),
    )
    return Newcomer(address, passwords.hash_of(chosen), first, last)


def may_mail(session: Session, email: str, now: datetime) -> bool:
    """Count a mail to an address; False when it has had its share of the day."""
    return throttles.take(
        session,
        f"mails:{email_key(email)}",
        limits.MAILS_A_DAY,
        limits.LOCK_LONGEST,
        now,
    )


def sign_up(session: Session, actor: Actor, newcomer: Newcomer, now: datetime) -> None:
    """Open an unverified sign-in and mail the activation link, or mail the owner of a known one.

    The caller cannot tell which. Signing up again before activation replaces what was typed:
    only who reads the mailbox can activate, and they chose the newest password or reset it.
    """
    if not may_mail(session, newcomer.email, now):
        return
    user = find(session, newcomer.email)
    if user is not None and user.status == UserStatus.ACTIVE:
        mails.already_registered(session, user)
        return
    if user is not None and user.role != "resident":
        mails.no_account(session, newcomer.email)
        return
    if user is None:
        user = User(email=newcomer.email, language=language(), created_at=now)
        session.add(user)
        session.flush()
        audit.record(session, actor, "user.sign_up", subject_user_id=user.id)
    elif user.status == UserStatus.CLOSED:
        move(session, actor, UserId(user.id), UserStatus.CLOSED, UserStatus.UNVERIFIED, now)
    user.password_hash = newcomer.password_hash
    user.password_changed_at = now
    user.first_name, user.last_name = newcomer.first_name, newcomer.last_name
    user.language = language()
    session.flush()
    mails.activation(session, user, mail_tokens.issue(session, user, "activate", now))


def resend(session: Session, actor: Actor, email: str, now: datetime) -> bool:
    """Mail the activation link again, or tell a known or unknown address where it stands.

    False, for staff alone to see, where the address has had its mails of the day.
    """
    if not may_mail(session, email, now):
        return False
    user = find(session, email)
    if user is None or user.status == UserStatus.CLOSED or user.role != "resident":
        mails.no_account(session, email)
    elif user.status == UserStatus.ACTIVE:
        mails.already_registered(session, user)
    else:
        audit.record(session, actor, "user.resend_activation", subject_user_id=user.id)
        mails.activation(session, user, mail_tokens.issue(session, user, "activate", now))
    return True


def activate(session: Session, actor: Actor, secret: str, now: datetime) -> User:
    """Prove the address by its link. Does not sign in. Raises mail_tokens.BadLink."""
    user = mail_tokens.redeem(session, secret, "activate", now)
    if not move(session, actor, UserId(user.id), UserStatus.UNVERIFIED, UserStatus.ACTIVE, now):
        raise mail_tokens.BadLink(
            N_("This link was already used. Ask for a new one if you need it again.")
        )
    sessions.revoke_all(session, UserId(user.id), now)
    return user
