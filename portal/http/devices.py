"""The one place that every sign-in passes, by whichever door: its browser is known, or is news.

A layer and not a call in each handler: a door that is added later cannot forget it.
"""

from starlette.datastructures import MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.domain.identity import devices, sessions
from portal.domain.identity.housekeeping import BROWSERS_KEPT
from portal.http.request import BROWSER_COOKIE, COOKIE, cookie_of
from portal.kit.clock import utc_now
from portal.kit.db import in_thread


class Devices:
    """Where an answer carries a session for the browser, note the browser."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; what an answer sets as its session is looked at before it leaves."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                secret = _given(message)
                if secret:
                    await _greet(scope, message, secret)
            await send(message)

        await self.app(scope, receive, noted)


def _given(message: Message) -> str:
    """Return the secret of the session that an answer gives, or ""."""
    for name, value in message.get("headers", []):
        if name.lower() == b"set-cookie":
            secret = cookie_of(value.decode("latin-1").partition(";")[0], COOKIE).strip('"')
            if secret:
                return secret
    return ""


async def _greet(scope: Scope, message: Message, secret: str) -> None:
    sent = b"; ".join(value for name, value in scope["headers"] if name == b"cookie")
    device = cookie_of(sent.decode("latin-1"), BROWSER_COOKIE)[:100]
    id_hash, now = sessions.hash_of(secret), utc_now()
    kept = await in_thread(lambda session: devices.greet(session, id_hash, device, now))
    if not kept:
        return
    answer = Response()
    answer.set_cookie(
        BROWSER_COOKIE,
        kept,
        max_age=int(BROWSERS_KEPT.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )
    MutableHeaders(raw=message["headers"]).append("set-cookie", answer.headers["set-cookie"])
