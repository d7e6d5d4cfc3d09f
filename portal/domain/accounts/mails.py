"""Mails about links: every holder hears of each new one, and can remove it."""

from sqlmodel import Session

from portal import routes
from portal.domain.identity.addresses import masked
from portal.domain.outbox.operations import queue_mail
from portal.kit.text import _, speaking
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


def holder_told(session: Session, holder: User, newcomer: User, account: Account) -> None:
    """Tell one who already has the account that somebody else linked it."""
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
                    " sign-in, was also linked by %(who)s. They entered the numbers on the bill.",
                    last=_last_four(account),
                    address=account.service_address,
                    who=masked(newcomer.email),
                ),
                _("If you do not know who this is, remove their access on the Accounts page."),
            ),
            action=(_("Accounts"), routes.absolute(routes.ACCOUNTS)),
            user_id=holder.id,
            account_id=account.id,
        )


def removed_by_holder(session: Session, user: User, account: Account) -> None:
    """Tell a person that another holder ended their access."""
    with speaking(user.language):
        queue_mail(
            session,
            kind="link_removed",
            to=user.email,
            subject=_("An account was removed from your sign-in"),
            paragraphs=(
                _("Hi,"),
                _(
                    "Another person with access to the account ending in %(last)s removed it from"
                    " your sign-in. If this is a mistake, talk to them, or call us.",
                    last=_last_four(account),
                ),
            ),
            user_id=user.id,
            account_id=account.id,
        )
