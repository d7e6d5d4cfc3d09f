"""Mails about sharing. No account number stands in them, and every other person is masked."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from portal import routes
from portal.cities import city
from portal.domain.accounts.policy import HOLD, PAY, in_force
from portal.domain.identity.addresses import masked
from portal.domain.outbox.operations import queue_mail
from portal.domain.outbox.words import whom_to_call
from portal.domain.sharing.rules import last_day_of, street_of
from portal.kit.text import _, day, speaking
from portal.models.accounts import Account
from portal.models.identity import AccountLink, User
from portal.models.sharing import Invitation


def rights_words(rights: str) -> str:
    """Say what a delegate may do."""
    return _("view and pay bills") if rights == PAY else _("view bills and water use")


def until_words(ends_at: datetime | None) -> str:
    """Say until when."""
    last = last_day_of(ends_at, city().zone)
    return _("until %(day)s", day=day(last)) if last is not None else _("until it is taken back")


def holders(session: Session, account: Account, customer_id: UUID) -> list[User]:
    """Return the active holders of an account for one customer."""
    return list(
        session.exec(
            select(User)
            .join(AccountLink, col(AccountLink.user_id) == User.id)
            .where(
                AccountLink.account_id == account.id,
                AccountLink.customer_id == customer_id,
                AccountLink.rights == HOLD,
                in_force(),
                User.status == "active",
            )
            .order_by(col(User.email))
        ).all()
    )


def _place(account: Account) -> str:
    return _(
        "the account ending in %(last)s at %(address)s",
        last=account.account_no[-4:],
        address=f"{account.service_address} {account.unit}".strip(),
    )


def invitation(
    session: Session, offer: Invitation, inviter: User, account: Account, secret: str
) -> None:
    """Invite somebody, in the inviter's language; the link opens a page and does nothing else."""
    with speaking(inviter.language):
        queue_mail(
            session,
            kind="share_invitation",
            to=offer.email,
            subject=_("You are invited to see a utility account in %(town)s", town=city().name),
            paragraphs=(
                _("Hi,"),
                _(
                    "%(who)s holds a utility account of %(town)s at %(street)s and would like to"
                    " share it with you: you would be able to %(rights)s, %(until)s.",
                    who=masked(inviter.email),
                    town=city().full_name,
                    street=street_of(account.service_address),
                    rights=rights_words(offer.rights),
                    until=until_words(offer.ends_at),
                ),
                _("The link holds for 14 days. You need a sign-in of your own to accept."),
            ),
            action=(
                _("Look at the invitation"),
                routes.absolute(routes.INVITATION, token=secret),
            ),
            below=(
                _(
                    "If you do not know who this is, do nothing: without your answer nothing"
                    " happens."
                ),
                whom_to_call(),
            ),
        )


def code(session: Session, offer: Invitation, digits: str, language: str) -> None:
    """Send the code that proves the invited mailbox to who signs in with another address."""
    with speaking(language):
        queue_mail(
            session,
            kind="share_code",
            to=offer.email,
            subject=_("Your code to accept the invitation"),
            paragraphs=(
                _("Hi,"),
                _("Enter this code on the page of the invitation: %(code)s", code=digits),
                _("It holds for 30 minutes. If it was not you who asked for it, do nothing."),
                whom_to_call(),
            ),
        )


def accepted(session: Session, tie: AccountLink, newcomer: User, account: Account) -> None:
    """Tell the newcomer what is open now, and every holder who came."""
    with speaking(newcomer.language):
        _to(
            session,
            newcomer,
            account,
            "share_accepted",
            _("An account was shared with you"),
            _(
                "You can now %(rights)s of %(place)s, %(until)s.",
                rights=rights_words(tie.rights),
                place=_place(account),
                until=until_words(tie.ends_at),
            ),
            routes.absolute(routes.ACCOUNTS),
        )
    for holder in holders(session, account, tie.customer_id):
        with speaking(holder.language):
            _to(
                session,
                holder,
                account,
                "share_joined",
                _("Somebody has access to your account now"),
                _(
                    "%(who)s accepted an invitation and can now %(rights)s of %(place)s, %(until)s."
                    " You can change or end this at any time.",
                    who=masked(newcomer.email),
                    rights=rights_words(tie.rights),
                    place=_place(account),
                    until=until_words(tie.ends_at),
                ),
                routes.absolute(routes.PEOPLE, account=account.id),
            )


def changed(session: Session, tie: AccountLink, delegate: User, account: Account) -> None:
    """Tell a delegate what they may do from now on, and how long."""
    with speaking(delegate.language):
        _to(
            session,
            delegate,
            account,
            "share_changed",
            _("Your access to an account was changed"),
            _(
                "From now on you can %(rights)s of %(place)s, %(until)s.",
                rights=rights_words(tie.rights),
                place=_place(account),
                until=until_words(tie.ends_at),
            ),
            routes.absolute(routes.ACCOUNTS),
        )


def ended_with_holder(session: Session, delegate: User, account: Account) -> None:
    """Tell a delegate that who had invited them holds the account no longer."""
    with speaking(delegate.language):
        _to(
            session,
            delegate,
            account,
            "share_ended",
            _("Your access to an account has ended"),
            _(
                "The person who shared %(place)s with you no longer holds it, so your access"
                " ended as well.",
                place=_place(account),
            ),
        )


def ends_soon(session: Session, tie: AccountLink, delegate: User, account: Account) -> None:
    """Tell the delegate and the holders a week before access ends by itself."""
    _both(
        session,
        tie,
        delegate,
        account,
        "share_ends_soon",
        lambda: _("Access to an account ends soon"),
        lambda: _(
            "Your access to %(place)s ends by itself: you have it %(until)s. Ask the person who"
            " shared it if you need it longer.",
            place=_place(account),
            until=until_words(tie.ends_at),
        ),
        lambda: _(
            "%(who)s has access to %(place)s %(until)s. You can choose another last day.",
            who=masked(delegate.email),
            place=_place(account),
            until=until_words(tie.ends_at),
        ),
    )


def ended(session: Session, tie: AccountLink, delegate: User, account: Account) -> None:
    """Tell the delegate and the holders that access has ended by itself."""
    _both(
        session,
        tie,
        delegate,
        account,
        "share_ended",
        lambda: _("Access to an account has ended"),
        lambda: _("Your access to %(place)s has ended, as was agreed.", place=_place(account)),
        lambda: _(
            "The access of %(who)s to %(place)s has ended, as you had chosen.",
            who=masked(delegate.email),
            place=_place(account),
        ),
    )


def _both(
    session: Session,
    tie: AccountLink,
    delegate: User,
    account: Account,
    kind: str,
    subject: Callable[[], str],
    to_delegate: Callable[[], str],
    to_holder: Callable[[], str],
) -> None:
    with speaking(delegate.language):
        _to(session, delegate, account, kind, subject(), to_delegate())
    for holder in holders(session, account, tie.customer_id):
        with speaking(holder.language):
            people = routes.absolute(routes.PEOPLE, account=account.id)
            _to(session, holder, account, kind, subject(), to_holder(), people)


def _to(
    session: Session,
    user: User,
    account: Account,
    kind: str,
    subject: str,
    sentence: str,
    url: str = "",
) -> None:
    queue_mail(
        session,
        kind=kind,
        to=user.email,
        subject=subject,
        paragraphs=(_("Hi,"), sentence),
        action=(_("Look at the account"), url) if url else None,
        below=(whom_to_call(),),
        user_id=user.id,
        account_id=account.id,
    )
