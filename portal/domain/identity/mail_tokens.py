"""Links sent by mail: 256 random bits known by their SHA-256, used once, the newest alone valid.

The same mail holds a 6-digit code, for who reads it on another device: one use ends both.

Showing the page of a link (GET) never comes here: mail scanners open links, so only the page's
button redeems one, and redeeming never signs in.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select, update

from portal.domain.identity import limits, throttles
from portal.domain.identity.addresses import email_key
from portal.domain.identity.sessions import hash_of
from portal.kit.errors import DomainError
from portal.kit.ids import UserId
from portal.kit.text import N_
from portal.models.identity import MailToken, User
from portal.secret import seal

LIFE: dict[str, timedelta] = {
    "activate": limits.ACTIVATION_LIFE,
    "reset": limits.RESET_LIFE,
    "unlock": limits.UNLOCK_LIFE,
    "staff_enrol": limits.ENROLMENT_LIFE,
}


CODES = throttles.LockRule(limits.WRONG_CODES, limits.LOCK_FIRST)
_WITH_CODE = frozenset({"activate", "reset", "unlock"})


@dataclass(frozen=True)
class Issued:
    """What one mail holds: the link's secret, and the code that does the same."""

    secret: str
    code: str


class BadLink(DomainError):
    """The link does not hold: unknown, over, used, or replaced by a newer one."""

    code = "bad_link"


class BadCode(DomainError):
    """The code does not hold; it says nothing of whether the address is known."""

    code = "bad_code"


def issue(session: Session, user: User, purpose: str, now: datetime) -> Issued:
    """Return a new link and code for `user`; earlier unused ones of the purpose end."""
    session.exec(
        update(MailToken)
        .where(
            col(MailToken.user_id) == user.id,
            col(MailToken.purpose) == purpose,
            col(MailToken.used_at).is_(None),
            col(MailToken.superseded_at).is_(None),
        )
        .values(superseded_at=now)
        .execution_options(synchronize_session=False)
    )
    issued = Issued(secrets.token_urlsafe(32), f"{secrets.randbelow(10**limits.CODE_DIGITS):06d}")
    session.add(
        MailToken(
            token_hash=hash_of(issued.secret),
            code_hash=_code_hash(issued.code, user, purpose) if purpose in _WITH_CODE else "",
            user_id=user.id,
            purpose=purpose,
            email=user.email,
            created_at=now,
            expires_at=now + LIFE[purpose],
        )
    )
    session.flush()
    return issued


def _code_hash(code: str, user: User, purpose: str) -> str:
    # A million codes are tried in a second by who steals the table: so it is an HMAC, not a hash.
    return seal("mail-code", f"{user.id}:{purpose}:{code}").hex()


def count_code(session: Session, email: str, now: datetime) -> bool:
    """Count a try of a code at an address, known or unknown; False where it is locked."""
    return not throttles.attempt(session, _tries(email), CODES, now).refused


def _tries(email: str) -> str:
    return f"codes:{email_key(email)}"


def forget_tries(session: Session, email: str) -> None:
    """Forget the wrong codes at an address: its owner has typed the right one."""
    throttles.clear(session, _tries(email))


def wrong_code() -> BadCode:
    """Return the one refusal of a code, whatever is wrong with it."""
    return BadCode(
        N_("This code is not right, or too old. Use the one in the newest email."), field="code"
    )


def exchange(session: Session, email: str, code: str, purpose: str, now: datetime) -> str:
    """Use a counted code, and with it its link; return the secret of the link that follows it.

    Of any number of simultaneous uses one succeeds. Raises BadCode, the same for all reasons.
    """
    digits = "".join(code.split())
    found = session.exec(
        select(MailToken, User)
        .join(User, col(User.id) == MailToken.user_id)
        .where(
            func.lower(User.email) == email.lower(),
            MailToken.email == User.email,
            MailToken.purpose == purpose,
            col(MailToken.used_at).is_(None),
            col(MailToken.superseded_at).is_(None),
            MailToken.expires_at > now,
        )
        .order_by(col(MailToken.created_at).desc(), col(MailToken.token_hash))
        .limit(1)
    ).first()
    wrong = wrong_code()
    if found is None:
        raise wrong
    token, user = found
    if not secrets.compare_digest(token.code_hash, _code_hash(digits, user, purpose)):
        raise wrong
    used = session.exec(
        update(MailToken)
        .where(
            col(MailToken.token_hash) == token.token_hash,
            col(MailToken.used_at).is_(None),
            col(MailToken.superseded_at).is_(None),
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:
        raise wrong
    forget_tries(session, email)
    secret = secrets.token_urlsafe(32)
    session.add(
        MailToken(
            token_hash=hash_of(secret),
            user_id=user.id,
            purpose=purpose,
            email=user.email,
            created_at=now,
            expires_at=token.expires_at,
        )
    )
    session.flush()
    return secret


def look(session: Session, secret: str, purpose: str, now: datetime) -> User:
    """Return whose link this is without using it. Raises BadLink, saying why."""
    found = session.exec(
        select(MailToken, User)
        .join(User, col(User.id) == MailToken.user_id)
        .where(MailToken.token_hash == hash_of(secret), MailToken.purpose == purpose)
    ).one_or_none()
    if found is None:
        raise BadLink(
            N_("This link is not complete. Open it again from the email, or ask for a new one.")
        )
    token, user = found
    if token.used_at is not None:
        raise BadLink(N_("This link was already used. Ask for a new one if you need it again."))
    if token.superseded_at is not None or token.email != user.email:
        raise BadLink(N_("A newer link was sent to you since. Use the one in the newest email."))
    if token.expires_at <= now:
        raise BadLink(N_("This link is too old. Ask for a new one."))
    return user


def redeem(session: Session, secret: str, purpose: str, now: datetime) -> User:
    """Use the link and return whose it is. Of any number of simultaneous uses one succeeds.

    Raises BadLink, saying why.
    """
    user = look(session, secret, purpose, now)
    used = session.exec(
        update(MailToken)
        .where(
            col(MailToken.token_hash) == hash_of(secret),
            col(MailToken.used_at).is_(None),
            col(MailToken.superseded_at).is_(None),
        )
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    if used.rowcount != 1:
        raise BadLink(N_("This link was already used. Ask for a new one if you need it again."))
    return user


def end_all(session: Session, user_id: UserId, now: datetime) -> None:
    """End every unused link of a user, as a new password does."""
    session.exec(
        update(MailToken)
        .where(
            col(MailToken.user_id) == user_id,
            col(MailToken.used_at).is_(None),
            col(MailToken.superseded_at).is_(None),
        )
        .values(superseded_at=now)
        .execution_options(synchronize_session=False)
    )
