"""The processor's webhooks: verify the raw body, keep the event's id, answer, work later."""

import logging

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from portal import routes as paths
from portal.domain.payments.desk import Desk
from portal.gateways.payment_mode import counter
from portal.gateways.stripe import BadSignature
from portal.kit.db import in_thread
from portal.kit.queue import defer

log = logging.getLogger(__name__)


async def stripe(request: Request) -> Response:
    """Take one event. Everything but its id is fetched again from the processor."""
    processor = counter().processor
    if processor is None:
        return PlainTextResponse("payments are off", 404)
    payload = await request.body()
    try:
        notice = processor.notice(payload, request.headers.get("stripe-signature", ""))
    except BadSignature:
        log.warning("a webhook without a good signature was refused")
        return PlainTextResponse("bad signature", 400)
    if notice.livemode != processor.livemode:
        return PlainTextResponse("other mode", 400)

    def take(session: Session) -> None:
        if Desk(processor).take_notice(session, notice):
            defer(session, "payments.notice", event_id=notice.event_id)

    await in_thread(take)
    return PlainTextResponse("ok")


routes = [Route(paths.WEBHOOK_STRIPE, stripe, methods=["POST"])]
