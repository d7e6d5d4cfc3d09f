"""What mails of many kinds say alike, in the language that is being spoken."""

from portal import routes
from portal.cities import city
from portal.kit.text import _


def access_name() -> str:
    """Return what the city calls its sign-in."""
    return city().portal.access_name.say()


def whom_to_call() -> str:
    """Say whom to call, as every security mail does."""
    contact = city().contact
    return _(
        "If you have questions, call %(office)s at %(phone)s.",
        office=contact.office.say(),
        phone=contact.phone,
    )


def secret_link(path: str, secret: str) -> str:
    """Return the address that a mail leads to with its secret.

    The page behind it takes the secret off the address bar before it shows anything.
    """
    return routes.absolute(path, token=secret)
