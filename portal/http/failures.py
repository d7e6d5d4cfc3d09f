"""What nobody expected: logged under a reference, and a page that gives the reference to people."""

import logging
import secrets

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.domain.identity.actor import ANONYMOUS
from portal.http import plain
from portal.http.screens import language_of
from portal.kit.text import N_, _, speaking

_LOG = logging.getLogger("portal.http")
# It does not say that nothing was done: a payment may have been made before the fault.
_SENTENCE = N_(
    "Something went wrong on our side. Try again in a few minutes. If it happens again, call us"
    " and give this reference: %(reference)s."
)


class Failures:
    """Answer 500 in words where anything inside fails, the database being away included."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; answer what fails before its answer began."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = False

        async def noted(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self.app(scope, receive, noted)
        except ClientDisconnect:
            return  # nobody is there to be told
        except Exception:
            reference = secrets.token_hex(4).upper()
            code, path = language_of(scope["path"])
            # Without the query: a mailed link's secret may stand there.
            _LOG.exception("%s %s failed, reference %s", scope["method"], path, reference)
            if began:
                raise  # half an answer is cut off, and not passed for a whole one
            with speaking(code):
                answer = await _page(Request({**scope, "path": path}, receive), reference)
            await answer(scope, receive, send)


async def _page(request: Request, reference: str) -> Response:
    # Never JSON: to the card page's script anything else means "ask what became of it".
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse(_(_SENTENCE, reference=reference), 500)
    return await plain.page(
        request,
        "failed.html",
        title=_("Something went wrong"),
        status=500,
        actor=ANONYMOUS,
        sentence=_(_SENTENCE, reference=reference),
    )
