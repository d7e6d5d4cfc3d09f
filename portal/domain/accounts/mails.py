"""Mails about links: every holder hears of each new one, and can remove it."""

from sqlmodel import Session

from portal import routes
from portal.domain.identity.addresses import masked
from portal.domain.outbox.operations import queue_mail
from portal.kit.text import N_, _, speaking
from portal.models.accounts import Account
from portal.models.identity import User


def _last_four(account: Account) -> str:
    return account.account_no[-4:]


def linked(session: Session, user: User, account: Account) -> None:
    """Confirm to the one who linked the account."""
    with speaking(user.language):
        queue_mail(
            session,
            kind="link_created",
            to=user.email,
            subject=_("An account was linked to your sign-in"),
            paragraphs=(
                _("Hi,"),
                _(
                    "The account ending in %(last)s at %(address)s is now linked to your sign-in."
                    " You can see its bills, payments and water use.",
                    last=_last_four(account),
                    address=account.service_address,
                ),
                _("If it was not you, remove the link and choose a new password."),
            ),
            action=(_("Accounts"), routes.absolute(routes.ACCOUNTS)),
            user_id=user.id,
            account_id=account.id,
        )


def carried_over(session: Session, user: User, account: Account) -> None:
    """Tell a resident of the portal before this one that the account came along."""
    with speaking(user.language):
        queue_mail(
            session,
            kind="link_prepared",
            to=user.email,
            subject=_("Your account is linked to your sign-in"),
            paragraphs=(
                _("Hi,"),
                _(
                    "You had the account ending in %(last)s at %(address)s in our earlier portal"
                    " with this email address. It is linked to your sign-in here as well: you"
                    " need not enter its numbers.",
                    last=_last_four(account),
                    address=account.service_address,
                ),
                _("If it is not yours, remove the link on the Accounts page."),
            ),
            action=(_("Accounts"), routes.absolute(routes.ACCOUNTS)),
            user_id=user.id,
            account_id=account.id,
        )


def link_code(session: Session, to: str, asker: User, account: Account, code: str) -> None:
    """Send the code that proves who reads the address on file. It goes to that address alone."""
    queue_mail(
        session,
        kind="link_code",
        to=to,
        subject=_("Your code to link an account"),
        paragraphs=(
            _("Hi,"),
            _(
                "Someone, probably you, wants to link the account ending in %(last)s to the"
                " sign-in %(who)s. Enter this code on the page where you asked for it: %(code)s",
                last=_last_four(account),
                who=masked(asker.email),
                code=code,
            ),
            _("It works once, for 30 minutes."),
            _("If it was not you, do nothing and give the code to nobody. No one got in."),
        ),
        account_id=account.id,
    )


def holder_told(
    session: Session, holder: User, newcomer: User, account: Account, *, prepared: bool = False
) -> None:
    """Tell one who already has the account that somebody else linked it."""
    how = (
        N_("They had it in our earlier portal.")
        if prepared
        else N_("They entered the numbers on the bill.")
    )
    with speaking(holder.language):
        queue_mail(
            session,
            kind="link_created_by_other",
            to=holder.email,
            subject=_("Somebody else linked your account"),
            paragraphs=(
                _("Hi,"),
                _(
                    "The account ending in %(last)s at %(address)s, which is linked to your"
                    " sign-in, was also linked by %(who)s. %(how)s",
                    last=_last_four(account),
                    address=account.service_address,
                    who=masked(newcomer.email),
                    how=_(how),
                ),
                _("If you do not know who this is, remove their access on this page."),
            ),
            action=(
                _("People with access"),
                routes.absolute(routes.PEOPLE, account=account.id),
            ),
            user_id=holder.id,
            account_id=account.id,
        )


def removed_by_holder(session: Session, user: User, account: Account) -> None:
    """Tell a person that another holder ended their access."""
    _removed(
        session,
        user,
        account,
        N_(
            "Another person with access to the account ending in %(last)s removed it from"
            " your sign-in. If this is a mistake, talk to them, or call us."
        ),
    )


def removed_by_staff(session: Session, user: User, account: Account) -> None:
    """Tell a person that the city's staff ended their access."""
    _removed(
        session,
        user,
        account,
        N_(
            "City staff removed the account ending in %(last)s from your sign-in. You no longer"
            " see its bills and usage here, and its alerts stop. If this is a mistake, call us."
        ),
    )


def _removed(session: Session, user: User, account: Account, what: str) -> None:
    with speaking(user.language):
        queue_mail(
            session,
            kind="link_removed",
            to=user.email,
            subject=_("An account was removed from your sign-in"),
            paragraphs=(
                _("Hi,"),
                _(what, last=_last_four(account)),
            ),
            user_id=user.id,
            account_id=account.id,
        )
