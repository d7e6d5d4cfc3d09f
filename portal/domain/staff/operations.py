"""What administrators do for a resident. Each act is audited with its subject."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, update
from sqlmodel import Session, col

from portal.domain.accounts import mails
from portal.domain.accounts.policy import HOLD
from portal.domain.audit import operations as audit
from portal.domain.identity import (
    factor_mails,
    factors,
    limits,
    recovery,
    sessions,
    sign_up,
)
from portal.domain.identity.actor import Actor
from portal.domain.identity.sessions import demand_recent
from portal.domain.outbox.states import MailStatus, move
from portal.domain.settings import email_change
from portal.domain.sharing import endings
from portal.domain.staff.customers import resident
from portal.domain.staff.policy import require_administrator
from portal.kit.errors import DomainError, NotFound
from portal.kit.ids import UserId, parse_id
from portal.kit.queue import defer
from portal.kit.text import N_, speaking
from portal.models.accounts import Account
from portal.models.identity import AccountLink
from portal.models.outbox import Mail
from portal.models.payments import StaffTask


def resend_activation(session: Session, actor: Actor, claim: object, now: datetime) -> str:
    """Mail a resident's activation link again and return the address.

    Raises NotAllowed, NotFound, and DomainError for a sign-in that needs none.
    """
    require_administrator(actor)
    user = resident(session, actor, claim)
    if user.status != "unverified":
        raise DomainError(N_("This sign-in is not waiting for activation."))
    with speaking(user.language):
        sent = sign_up.resend(session, actor, user.email, now)
    if not sent:
        raise DomainError(
            N_("This address has had its %(n)s mails for today. Try again tomorrow."),
            n=limits.MAILS_A_DAY,
        )
    return user.email


def unlock(session: Session, actor: Actor, claim: object) -> str:
    """Take the lock of wrong passwords off a resident's sign-in and return the address."""
    require_administrator(actor)
    user = resident(session, actor, claim)
    recovery.unlock_by_staff(session, actor, user)
    return user.email


def remove_factors(session: Session, actor: Actor, claim: object, now: datetime) -> str:
    """Take a resident's second step off, who lost it, and return the address.

    The password ends with it: whoever calls in their name would still need their mailbox. Raises
    NotAllowed, NotFound, FreshSignInNeeded, and DomainError where there is no second step.
    """
    require_administrator(actor)
    demand_recent(actor, now)
    user = resident(session, actor, claim)
    if not factors.of(session, user).any:
        raise DomainError(N_("This sign-in has no second step."))
    factors.remove_all(session, user)
    user.password_hash = ""
    session.flush()
    sessions.revoke_all(session, UserId(user.id), now)
    audit.record(session, actor, "staff.remove_factors", subject_user_id=user.id)
    factor_mails.factors_removed(session, user)
    return user.email


def confirm_old_mailbox(session: Session, actor: Actor, claim: object, now: datetime) -> str:
    """Stand in for the lost mailbox of a resident who proved who they are; return the address.

    The new address confirms itself all the same. Raises NotAllowed, NotFound,
    FreshSignInNeeded and BadChange.
    """
    require_administrator(actor)
    demand_recent(actor, now)
    user = resident(session, actor, claim)
    email_change.by_staff(session, actor, user, now)
    audit.record(session, actor, "staff.confirm_old_mailbox", subject_user_id=user.id)
    return user.email


def unlink(session: Session, actor: Actor, link_claim: object, now: datetime) -> str:
    """End a link, and what its holder shared; return the address of the sign-in that had it.

    Raises NotFound.
    """
    require_administrator(actor)
    missing = NotFound(N_("We could not find that link. It may have been removed already."))
    link_id = parse_id(link_claim)
    tie = session.get(AccountLink, link_id, with_for_update=True) if link_id is not None else None
    if tie is None or tie.removed_at is not None:
        raise missing
    user = resident(session, actor, str(tie.user_id))
    tie.removed_at = now
    session.add(tie)
    audit.record(
        session,
        actor,
        "staff.unlink",
        subject_user_id=tie.user_id,
        account_id=tie.account_id,
        customer_id=tie.customer_id,
    )
    if tie.rights == HOLD:
        endings.end_grants(session, actor, tie.user_id, tie.account_id, tie.customer_id, now)
    mails.removed_by_staff(session, user, session.get_one(Account, tie.account_id))
    return user.email


def retry_mail(session: Session, actor: Actor, claim: object, now: datetime) -> None:
    """Send a failed message again, now and for another 72 hours. Raises NotFound."""
    require_administrator(actor)
    mail_id: UUID | None = parse_id(claim)
    again = mail_id is not None and move(
        session,
        mail_id,
        MailStatus.FAILED,
        MailStatus.WAITING,
        next_try_at=now,
        created_at=now,
        attempts=0,
    )
    if not again:
        raise NotFound(N_("That message is not waiting to be sent again."))
    # Its task is done; should it fail again, a new one takes the plain reference.
    session.execute(
        update(StaffTask)
        .where(col(StaffTask.reference) == f"mail:{mail_id}")
        .values(
            reference=f"mail:{mail_id}:{now.isoformat()}",
            done_at=func.coalesce(col(StaffTask.done_at), now),
            done_by=func.coalesce(col(StaffTask.done_by), actor.user_id),
        )
    )
    audit.record(
        session,
        actor,
        "staff.retry_mail",
        subject_user_id=session.get_one(Mail, mail_id).user_id,
        mail_id=str(mail_id),
    )
    defer(session, "outbox.send", mail_id=str(mail_id))
