"""Refuse to start where the settings could take real money by accident, or lose track of it."""

from portal.commands.running import fail
from portal.gateways.payment_mode import Misconfigured, counter


def check_payments() -> None:
    """Exit with 1 where the payment settings contradict each other."""
    try:
        counter()
    except Misconfigured as wrong:
        fail(str(wrong))


def check_stored_mode() -> None:
    """Exit with 1 where this database holds payments of the other mode (test or live)."""
    from portal.domain.payments.queries import rows_of_other_mode
    from portal.kit.db import transaction

    mode = counter().mode
    if not mode.pays:
        return
    with transaction() as session:
        others = rows_of_other_mode(session, mode.livemode)
    if others:
        fail(
            f"The database holds payments made in {'test' if mode.livemode else 'live'} mode and"
            f" PORTAL_PAYMENTS is {mode.name}: use a database of its own for each."
        )
