"""What a request may bring along: our forms are small, and a slow sender does not hold us.

Without this a form of any size is read into memory before its origin is looked at.
"""

import asyncio
import time

from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 64 * 1024
LARGEST_BY_PATH = {"/webhooks/": 1_000_000}
# The slowest honest phone sends a form of two kilobytes well within this.
SECONDS = 20.0


class Bodies:
    """Answer 413 to a body that is too large, 408 to a slow one, 415 to one not in UTF-8."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, counting what arrives; what the sender announces is refused at once."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = next((n for p, n in LARGEST_BY_PATH.items() if scope["path"].startswith(p)), LARGEST)
        if _announced(scope) > most:
            await PlainTextResponse("Too large", 413)(scope, receive, send)
            return
        if not all(_is_utf8(value) for name, value in scope["headers"] if name == b"content-type"):
            await PlainTextResponse("Only UTF-8", 415)(scope, receive, send)
            return
        taken, over = 0, False
        deadline = time.monotonic() + SECONDS

        async def counted() -> Message:
            nonlocal taken, over
            if over:
                return await receive()  # now it only tells of a sender that hangs up
            try:
                async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408) from None
            taken += len(message.get("body", b""))
            if taken > most:
                raise HTTPException(413)
            over = not message.get("more_body", False)
            return message

        # Raised where a route reads its form: Starlette answers it.
        await self.app(scope, counted, send)


def _announced(scope: Scope) -> int:
    given = b"".join(value for name, value in scope["headers"] if name == b"content-length")
    # int() itself refuses more than 4,300 digits, with an error that nobody expects here.
    return int(given) if given.isdigit() and len(given) < 19 else 2**63 if given else 0


def _is_utf8(content_type: bytes) -> bool:
    """True unless a body is said to be in another charset.

    Our pages are UTF-8, so browsers send that. Some of Python's other codecs make half surrogate
    pairs, which can neither be stored nor sent back, or fail in ways that no form expects.
    """
    said = parse_options_header(content_type)[1].get(b"charset", b"utf-8")
    return said.lower() in (b"utf-8", b"utf8")
