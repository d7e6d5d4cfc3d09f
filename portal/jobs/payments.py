"""Payments in the background: each webhook once, and the sweep that is right without them."""

from portal.domain.payments.desk import Desk
from portal.gateways.payment_mode import counter
from portal.jobs.app import each_minute, task


def desk() -> Desk | None:
    """Return the desk of this process's processor, or None where payments are off."""
    processor = counter().processor
    return Desk(processor) if processor else None


@task("payments.notice")
def notice(event_id: str) -> None:
    """Fetch what a webhook was about and apply it."""
    at = desk()
    if at:
        at.work_through(event_id)


@each_minute("payments.sweep")
def sweep() -> None:
    """Settle carts whose time is over and payments in doubt."""
    at = desk()
    if at:
        at.sweep()
