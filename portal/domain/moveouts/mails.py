"""One mail a reader and run, however many of their places it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from portal import routes
from portal.cities import city
from portal.domain.outbox.operations import queue_mail
from portal.kit.text import _, day, ngettext, speaking
from portal.models.accounts import Account
from portal.models.identity import User


@dataclass(frozen=True)
class Place:
    """A place whose time ended (or goes on): `stop` is the first day that is no longer theirs."""

    account: Account
    stop: date
    holds: bool

    def named(self) -> str:
        """Return its address and the last digits of its number."""
        return _(
            "%(address)s (account ending in %(last)s)",
            address=f"{self.account.service_address} {self.account.unit}".strip(),
            last=self.account.account_no[-4:],
        )


def left(session: Session, user: User, places: Sequence[Place]) -> None:
    """Tell what ended, from when, what stays, and whom to call if it is wrong."""
    own, shared = [p for p in places if p.holds], [p for p in places if not p.holds]
    with speaking(user.language):
        stays = (
            _(
                "You keep your own bills, the final one too, and the water use of your time"
                " there. You can pay them here as before."
            ),
            _(
                "Alerts have ended, and those you shared an account with no longer see it."
                " Tell us where the final bill shall go under Request Change of Address."
            ),
        )
        queue_mail(
            session,
            kind="moved_out",
            to=user.email,
            subject=ngettext(
                "Service at your address has ended",
                "Service at %(n)s of your addresses has ended",
                len(places),
            ),
            paragraphs=(
                _("Hi,"),
                _("Our records say that service ended on these days:"),
                [(place.named(), day(place.stop)) for place in places],
                *(stays if own else ()),
                *(
                    (_("What somebody shared with you there is no longer open to you."),)
                    if shared
                    else ()
                ),
                _call(),
            ),
            action=(_("Accounts"), routes.absolute(routes.ACCOUNTS)),
            user_id=user.id,
            account_id=places[0].account.id,
        )


def back(session: Session, user: User, places: Sequence[Place]) -> None:
    """Tell that the records were corrected and everything is as before."""
    with speaking(user.language):
        queue_mail(
            session,
            kind="moved_back",
            to=user.email,
            subject=_("Your access goes on"),
            paragraphs=(
                _("Hi,"),
                _(
                    "We told you that service had ended. Our records were corrected: it goes on,"
                    " and your access and your alerts are as they were before."
                ),
                [(place.named(), _("goes on")) for place in places],
                _call(),
            ),
            action=(_("Accounts"), routes.absolute(routes.ACCOUNTS)),
            user_id=user.id,
            account_id=places[0].account.id,
        )


def _call() -> str:
    contact = city().contact
    return _(
        "If this is not right, call %(office)s at %(phone)s.",
        office=contact.office.say(),
        phone=contact.phone,
    )
