"""/demo/mail: every message the demo sent, newest first. Not there outside a demo."""

import asyncio

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from portal import routes as addresses
from portal.cities import city
from portal.config import settings
from portal.demo import stories
from portal.demo.mailbox import catcher, messages
from portal.http.plain import page
from portal.kit.clock import utc_now
from portal.kit.text import _, moment


async def show(request: Request) -> Response:
    """List what the mail catcher received."""
    chosen = settings()
    if not chosen.demo:
        return PlainTextResponse("Not found", 404)
    folder = catcher.folder(chosen.data_dir, city().key)
    found = await asyncio.to_thread(messages.newest, folder)
    return await page(
        request,
        "demo_mail.html",
        title=_("Mail sent by this demo"),
        messages=[(one, moment(one.received_at, city().zone)) for one in found],
        staff_code=stories.staff_code(utc_now()),
    )


routes = [Route(addresses.DEMO_MAIL, show, methods=["GET"])]
