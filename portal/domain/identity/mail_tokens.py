"""Links sent by mail: 256 random bits known by their SHA-256, used once, the newest alone valid.

Showing the page of a link (GET) never comes here: mail scanners open links, so only the page's
button redeems one, and redeeming never signs in.
"""

import secrets
from datetime import datetime, timedelta

from sqlmodel import Session, col, select, update

from portal.domain.identity import limits
from portal.domain.identity.sessions import hash_of
from portal.kit.errors import DomainError
from portal.kit.ids import UserId
from portal.kit.text import N_
from portal.models.identity import MailToken, User

LIFE: dict[str, timedelta] = {
    "activate": limits.ACTIVATION_LIFE,
    "reset": limits.RESET_LIFE,
    "unlock": limits.UNLOCK_LIFE,
    "staff_enrol": limits.ENROLMENT_LIFE,
}


class BadLink(DomainError):
    """The link does not hold: unknown, over, used, or replaced by a newer one."""

    code = "bad_link"


def issue(session: Session, user: User, purpose: str, now: datetime) -> str:
    """Return the secret of a new link for `user`; earlier unused ones of the purpose end."""
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
    secret = secrets.token_urlsafe(32)
    session.add(
        MailToken(
            token_hash=hash_of(secret),
            user_id=user.id,
            purpose=purpose,
            email=user.email,
            created_at=now,
            expires_at=now + LIFE[purpose],
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
            N_("This link is not complete. Open it again from the mail, or ask for a new one.")
        )
    token, user = found
    if token.used_at is not None:
        raise BadLink(N_("This link was already used. Ask for a new one if you need it again."))
    if token.superseded_at is not None or token.email != user.email:
        raise BadLink(N_("A newer link was sent to you since. Use the one in the newest mail."))
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
