"""Close my account: the sign-in ends, with all that hangs on it; the city's books stay.

What the law keeps is kept as it is: payments, the ledger, requests, consents, messages sent, the
audit. What is
the portal's alone goes: names, address, User ID, password, second factors, links and the access
that was granted through them, alerts, remembered numbers, known browsers, sessions. The address is
free again: whoever signs up with it begins anew and sees nothing of before.
"""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, or_, select, update

from portal.domain.accounts import mails as account_mails
from portal.domain.audit import operations as audit
from portal.domain.identity import factors, mail_tokens
from portal.domain.identity.actor import Actor
from portal.domain.identity.states import UserStatus, move
from portal.domain.payments.states import LIVE
from portal.domain.settings import email_change, mails
from portal.domain.settings.proof import owner
from portal.kit.errors import DomainError
from portal.kit.ids import UserId
from portal.kit.text import N_, language
from portal.models.accounts import Account
from portal.models.identity import (
    AccountLink,
    LinkCode,
    NumbersRequest,
    SavedSearch,
    User,
    UserSession,
)
from portal.models.payments import Cart, CartItem, Payment
from portal.models.settings import KnownBrowser
from portal.models.sharing import Invitation
from portal.models.social import ExternalIdentity, ProviderFlow
from portal.models.usage import AlertAddress, UsageNotification

# The word to type; in either language, whichever page it is typed on.
WORDS = {"en": "CLOSE", "es": "CERRAR"}
# Rows that are the resident's alone: they go with the sign-in (tests/db/test_closing.py).
FORGOTTEN: tuple[Any, ...] = (
    SavedSearch,
    LinkCode,
    NumbersRequest,
    UsageNotification,
    AlertAddress,
    KnownBrowser,
    ExternalIdentity,
    ProviderFlow,
    UserSession,
)


class NotClosed(DomainError):
    """The account cannot be closed now; the sentence says why."""

    code = "not_closed"


def word() -> str:
    """Return the word to type, in the language being spoken."""
    return WORDS[language()]


def check(typed: str) -> None:
    """Raise NotClosed unless the word was typed."""
    if typed.strip().upper() not in WORDS.values():
        raise NotClosed(
            N_("Type %(word)s to close your account."), field="confirmation", word=word()
        )


def demand_settled(session: Session, actor: Actor) -> None:
    """Raise NotClosed while a payment of the actor is in doubt; nobody can start one meanwhile."""
    user = owner(session, actor)
    # The lock that a payment begins with: cart, then payment.
    session.exec(select(Cart.id).where(Cart.user_id == user.id).with_for_update()).all()
    doubtful = session.exec(
        select(Payment.number)
        .where(Payment.user_id == user.id, col(Payment.status).in_([one.value for one in LIVE]))
        .limit(1)
    ).first()
    if doubtful is not None:
        raise NotClosed(
            N_(
                "We are still checking your payment %(number)s. Your account can be closed when"
                " its result is known."
            ),
            number=doubtful,
        )


def close(session: Session, actor: Actor, now: datetime) -> None:
    """Close the actor's sign-in and forget what is theirs alone. The password was proven before.

    Raises NotClosed.
    """
    demand_settled(session, actor)
    user = owner(session, actor)
    mails.account_closed(session, user)
    _end_links(session, actor, user, now)
    carts = select(Cart.id).where(Cart.user_id == user.id)
    session.exec(delete(CartItem).where(col(CartItem.cart_id).in_(_open(user))))
    session.exec(update(Cart).where(col(Cart.id).in_(carts)).values(billing={}))
    factors.remove_all(session, user)
    session.exec(delete(Invitation).where(col(Invitation.invited_by) == user.id))
    mail_tokens.end_all(session, UserId(user.id), now)
    email_change.forget(session, user)
    for table in FORGOTTEN:
        session.exec(delete(table).where(col(table.user_id) == user.id))
    move(session, actor, UserId(user.id), UserStatus.ACTIVE, UserStatus.CLOSED, now)
    user.email, user.username, user.password_hash = email_change.nowhere(user), "", ""
    user.first_name, user.last_name = "", ""
    session.flush()


def _open(user: User) -> Any:
    # What was paid keeps its lines: receipts are made of payments, the cart is how they began.
    return select(Cart.id).where(
        Cart.user_id == user.id, col(Cart.status).not_in(("paid", "processing"))
    )


def _end_links(session: Session, actor: Actor, user: User, now: datetime) -> None:
    """End the resident's own links, and every delegate's that stands on one; those are told."""
    ties = session.exec(
        select(AccountLink, User, Account)
        .join(User, col(User.id) == AccountLink.user_id)
        .join(Account, col(Account.id) == AccountLink.account_id)
        .where(
            or_(AccountLink.user_id == user.id, AccountLink.granted_by == user.id),
            col(AccountLink.removed_at).is_(None),
        )
        .with_for_update(of=AccountLink)
    ).all()
    for tie, person, account in ties:
        tie.removed_at = now
        audit.record(
            session,
            actor,
            "link.remove",
            subject_user_id=tie.user_id,
            account_id=tie.account_id,
            customer_id=tie.customer_id,
        )
        if tie.user_id != user.id:
            account_mails.removed_by_holder(session, person, account)
