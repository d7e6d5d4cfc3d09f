"""Sending the outbox: at once when a message is written, and by a sweep each minute."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from portal.config import settings
from portal.domain.outbox import operations
from portal.gateways.mail import MailFailed, MailGateway, SmtpMail
from portal.jobs.app import each_minute, task
from portal.kit.clock import utc_now
from portal.kit.db import transaction

_A_RUN = 200


def gateway() -> MailGateway | None:
    """Return the mail server of the settings, or None where none is named: mail then waits."""
    return SmtpMail(settings().smtp_url) if settings().smtp_url else None


def deliver(
    through: MailGateway, clock: Callable[[], datetime] = utc_now, mail_id: UUID | None = None
) -> bool:
    """Claim a message, send it outside any transaction, note the outcome. False: none was due."""
    with transaction() as session:
        claimed = operations.claim(session, clock(), mail_id)
    if claimed is None:
        return False
    try:
        through.send(claimed.message)
    except MailFailed as error:
        with transaction() as session:
            operations.not_sent(session, claimed, str(error), clock(), final=error.final)
    else:
        with transaction() as session:
            operations.sent(session, claimed, clock())
    return True


@task("outbox.send")
def send(mail_id: str) -> None:
    """Send the message that was just written."""
    through = gateway()
    if through:
        deliver(through, mail_id=UUID(mail_id))


@each_minute("outbox.sweep")
def sweep() -> None:
    """Send what is due: earlier failures, and what a dead worker left."""
    through = gateway()
    for _ in range(_A_RUN if through else 0):
        if not through or not deliver(through):
            return
