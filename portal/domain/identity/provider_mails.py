"""The mails about signing in with another provider."""

from sqlmodel import Session

from portal.cities import city
from portal.domain.identity.mails import security_event
from portal.domain.outbox.operations import queue_mail
from portal.gateways.providers import provider
from portal.kit.text import N_, _, language, speaking
from portal.models.identity import User


def label(name: str) -> str:
    """Return what people call a provider, also one that is not configured any more."""
    known = provider(name)
    return known.label if known is not None else name.capitalize()


def code(session: Session, email: str, user: User | None, name: str, digits: str) -> None:
    """Send the code that confirms the address; the same whether or not it has a sign-in."""
    access = city().portal.access_name
    with speaking(user.language if user is not None else language()):
        queue_mail(
            session,
            kind="provider_code",
            to=email,
            subject=_("Your code for %(access)s", access=access.say()),
            paragraphs=(
                _("Hi,"),
                _(
                    "Someone, probably you, signs in with %(provider)s. To confirm that this"
                    " mailbox is yours, enter this code on the page that is open: %(code)s",
                    provider=label(name),
                    code=digits,
                ),
                _("It works for 30 minutes. If it was not you, do nothing and tell nobody."),
            ),
            user_id=user.id if user is not None else None,
        )


def connected(session: Session, user: User, name: str) -> None:
    """Tell the owner that a provider opens the sign-in from now on."""
    security_event(
        session,
        user,
        "provider_connected",
        N_("Another way to sign in to %(access)s"),
        N_("You can now sign in with %(provider)s. You can end this in Account Settings."),
        provider=label(name),
    )


def disconnected(session: Session, user: User, name: str) -> None:
    """Tell the owner that a provider no longer opens the sign-in."""
    security_event(
        session,
        user,
        "provider_disconnected",
        N_("A way to sign in to %(access)s was removed"),
        N_("Signing in with %(provider)s was removed from your account."),
        provider=label(name),
    )
