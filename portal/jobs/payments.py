"""Payments in the background: each webhook once, and the sweep that is right without them."""

import logging
from datetime import time, timedelta

from portal.config import settings
from portal.domain.payments import outsider, reconciling
from portal.domain.payments.desk import at_counter
from portal.gateways.outside import PublicWeb
from portal.gateways.payment_mode import counter
from portal.jobs.app import daily, each_minute, task
from portal.kit.clock import utc_now
from portal.kit.db import transaction

log = logging.getLogger(__name__)


@task("payments.notice")
def notice(event_id: str) -> None:
    """Fetch what a webhook was about and apply it."""
    at = at_counter()
    if at:
        at.work_through(event_id)


@each_minute("payments.sweep")
def sweep() -> None:
    """Settle carts whose time is over and payments in doubt."""
    at = at_counter()
    if at:
        at.sweep()


@daily("payments.reconcile", lambda: time(3, 30))
def reconcile() -> None:
    """Hold the processor's list of the last days against the ledger."""
    at = at_counter()
    found = reconciling.reconcile(at, transaction, utc_now() - timedelta(days=3)) if at else 0
    if found:
        log.error("%s differences between the processor and the ledger", found)


@daily("payments.outsider", lambda: time(4, 45))
def look_from_outside() -> None:
    """Fetch the card page as anybody would and hold it to what it must be."""
    at = counter()
    if not at.mode.pays or not settings().public_url:
        return
    found = outsider.differences(at, PublicWeb())
    with transaction() as session:
        if outsider.report(session, found, utc_now()):
            log.error("the card page is not as it should be: %s", " ".join(found))
