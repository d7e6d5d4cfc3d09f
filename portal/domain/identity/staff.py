"""Members of staff: added on the command line, enrolled by a link, never without second factor."""

from datetime import datetime

from sqlmodel import Session

from portal.domain.audit import operations as audit
from portal.domain.identity import (
    factors,
    limits,
    mail_tokens,
    mails,
    passwords,
    sessions,
    sign_up,
    throttles,
    totp,
)
from portal.domain.identity.actor import SYSTEM, Actor
from portal.domain.identity.sign_in import user_bucket
from portal.domain.identity.states import UserStatus, move
from portal.kit.errors import DomainError
from portal.kit.ids import UserId
from portal.kit.text import N_
from portal.models.identity import User


class NotEnrolled(DomainError):
    """The member of staff could not be added or enrolled."""

    code = "not_enrolled"


def add(session: Session, typed_email: str, role: str, now: datetime) -> str:
    """Add a member of staff, or change the role of one, and return the enrolment link.

    Opening the link ends an earlier second factor; finishing it ends password and sessions.
    Raises NotEnrolled for a wrong role and for a resident's address.
    """
    if role not in sessions.STAFF_ROLES:
        raise NotEnrolled(N_("A role is viewer or administrator."), field="role")
    email = sign_up.email_of(typed_email)
    user = sign_up.find(session, email)
    if user is not None and user.role not in sessions.STAFF_ROLES:
        raise NotEnrolled(
            N_("%(email)s is a resident's sign-in. Staff need an address of their own."),
            field="email",
            email=email,
        )
    if user is None:
        user = User(email=email, role=role, created_at=now)
        session.add(user)
    elif user.status == UserStatus.CLOSED:
        move(session, SYSTEM, UserId(user.id), UserStatus.CLOSED, UserStatus.UNVERIFIED, now)
    user.role = role
    session.flush()
    totp.forget_waiting(session, user)
    audit.record(session, SYSTEM, "staff.add", subject_user_id=user.id, role=role)
    return mails.staff_enrolment_url(mail_tokens.issue(session, user, "staff_enrol", now).secret)


def begin_enrolment(session: Session, secret: str, now: datetime) -> totp.AppKey:
    """Show the owner of the link a second factor that is not yet in force. The link stays unused.

    Shown again it is the same, so that a wrong code or a reload does not undo the scan. One in
    force from an earlier enrolment ends here. Raises mail_tokens.BadLink.
    """
    user = mail_tokens.look(session, secret, "staff_enrol", now)
    seed = totp.waiting_seed(session, user)
    if seed is None:
        # Whoever asks for a new link has lost the old factors, or somebody found them.
        factors.remove_all(session, user)
        seed = totp.begin(session, user)
    return totp.app_key(user, seed)


def check_new(email: str, password: str) -> str:
    """Return the hash of a staff password: slow, outside a transaction. Raises WeakPassword.

    With the second factor eight characters are enough.
    """
    passwords.check(
        password,
        (email, *sign_up.town_words()),
        shortest=limits.PASSWORD_MIN_WITH_SECOND_FACTOR,
    )
    return passwords.hash_of(password)


def finish_enrolment(
    session: Session, actor: Actor, secret: str, password_hash: str, code: str, now: datetime
) -> User:
    """Put password and second factor in force, and use the link up. Does not sign in.

    Raises mail_tokens.BadLink, and NotEnrolled for a code that is wrong or was used.
    """
    user = mail_tokens.look(session, secret, "staff_enrol", now)
    if not totp.confirm(session, user, code, now):
        raise NotEnrolled(
            N_("The code is not right. Enter the six digits your app shows now."), field="code"
        )
    mail_tokens.redeem(session, secret, "staff_enrol", now)
    user_id = UserId(user.id)
    user.password_hash = password_hash
    user.password_changed_at = now
    session.flush()
    sessions.revoke_all(session, user_id, now)
    throttles.clear(session, user_bucket(user.email))
    if user.status == UserStatus.UNVERIFIED:
        move(session, actor, user_id, UserStatus.UNVERIFIED, UserStatus.ACTIVE, now)
    audit.record(session, actor, "staff.enrol", subject_user_id=user.id)
    return user
