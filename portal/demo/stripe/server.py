"""The stand-in over HTTP, on loopback only: API, stripe.js, Payment Element, 3-D Secure, webhooks.

`python -m portal.demo.stripe.server` serves what STRIPE_API_BASE names. What it knows survives a
restart in a file, so that a payment in doubt can still be looked up.
"""

import asyncio
import contextlib
import json
import logging
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from portal.config import settings
from portal.demo.loopback import LOOPBACK, ONLY_HERE, free_port, port_of, run, serve
from portal.demo.stripe import memory
from portal.demo.stripe.checks import BadRequest, decode_form
from portal.demo.stripe.core import FAULTS, LostReply, Standin

_PAGES = Path(__file__).parent / "pages"
log = logging.getLogger("portal.demo.stripe")
# The element and the challenge run in frames of this origin; any portal on this machine may
# show them, nobody's script but ours runs in them.
_FRAME_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'"
)
_OPEN = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "authorization, content-type",
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


def environment_for(portal_port: int) -> dict[str, str]:
    """Return the settings by which a demo portal on `portal_port` and its stand-in meet."""
    return {
        "STRIPE_API_BASE": f"http://{LOOPBACK}:{free_port()}",
        "STANDIN_WEBHOOK_URL": f"http://{LOOPBACK}:{portal_port}/webhooks/stripe",
        "PORTAL_LISTEN_HOST": LOOPBACK,
    }


class Face:
    """The core with a clock that may be moved, its memory and its webhooks."""

    def __init__(self, webhook_url: str, keep: Path | None) -> None:
        self.offset = 0
        self.webhook_url = webhook_url
        self.standin = Standin(self.now)
        self._keep = keep
        self._saving = threading.Lock()
        if keep is not None and keep.exists():
            memory.restore(self.standin, json.loads(keep.read_text()))

    def now(self) -> int:
        """Return the pretended time."""
        return int(time.time()) + self.offset

    def save(self) -> None:
        """Write what is known, whole or not at all."""
        if self._keep is None:
            return
        with self._saving:
            self._keep.parent.mkdir(parents=True, exist_ok=True)
            fresh = self._keep.with_suffix(".new")
            fresh.write_text(json.dumps(memory.dump(self.standin)))
            fresh.replace(self._keep)

    def deliver(self) -> None:
        """Try every webhook that is due."""
        for delivery in self.standin.outgoing.due(self.now()):
            # Signed by the real clock: the receiver refuses what is older than five minutes.
            payload, signature = self.standin.outgoing.signed(delivery, int(time.time()))
            request = urllib.request.Request(
                self.webhook_url,
                payload.encode(),
                {"stripe-signature": signature, "content-type": "application/json"},
            )
            try:
                with urllib.request.urlopen(request, timeout=5) as answer:
                    accepted = 200 <= answer.status < 300
            except (urllib.error.URLError, OSError):
                accepted = False
            self.standin.outgoing.settle(delivery, accepted, self.now())


def application(face: Face) -> Starlette:
    """Return the ASGI app of a face."""

    async def api(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=_OPEN)
        body = (await request.body()).decode() or request.url.query
        try:
            status, answer = await asyncio.to_thread(
                face.standin.handle,
                request.method,
                request.url.path,
                decode_form(body),
                request.headers,
                request.headers.get("idempotency-key"),
            )
        except BadRequest as bad:
            status, answer = 400, {"error": {"type": "invalid_request_error", "message": str(bad)}}
        except LostReply:
            await asyncio.to_thread(face.save)
            # Longer than any caller waits.
            await asyncio.sleep(12)
            return Response(status_code=504)
        if request.method == "POST":
            await asyncio.to_thread(face.save)
        return JSONResponse(answer, status, headers={**_OPEN, "request-id": "req_standin"})

    async def challenge(request: Request) -> Response:
        ref = request.path_params["ref"]
        intent = face.standin.intents.get(ref)
        secret = request.query_params.get("client_secret")
        if intent is None or intent["client_secret"] != secret:
            return PlainTextResponse("Not found", 404)
        if request.method == "POST":
            face.standin.challenge(ref, request.query_params.get("answer") == "passed")
            await asyncio.to_thread(face.save)
            return JSONResponse({"done": True}, headers={"cache-control": "no-store"})
        return _frame("challenge.html")

    async def element(request: Request) -> Response:
        return _frame("element.html")

    async def controls(request: Request) -> Response:
        if request.headers.get("origin") is not None:
            return PlainTextResponse("Not for browsers", 403)
        asked = decode_form((await request.body()).decode())
        face.offset += int(asked.get("seconds", 0))
        for fault in str(asked.get("faults", "")).split():
            if fault not in FAULTS:
                return PlainTextResponse(f"unknown fault; known: {' '.join(FAULTS)}", 400)
            face.standin.faults.append(fault)
        return JSONResponse(
            {
                "now": face.now(),
                "faults": face.standin.faults,
                "charges": len(face.standin.charges),
                "captured": sum(c["amount_captured"] for c in face.standin.charges.values()),
            }
        )

    return Starlette(
        routes=[
            Route("/stripe.js", _script("stripe.js")),
            Route("/element", element),
            Route("/element.js", _script("element.js")),
            Route("/challenge.js", _script("challenge.js")),
            Route("/frame.css", _script("frame.css")),
            Route("/3ds/{ref}", challenge, methods=["GET", "POST"]),
            Route("/controls", controls, methods=["POST"]),
            Route("/v1/{rest:path}", api, methods=["GET", "POST", "OPTIONS"]),
        ],
        middleware=[ONLY_HERE],
    )


def _frame(name: str) -> HTMLResponse:
    return HTMLResponse(
        (_PAGES / name).read_text(), headers={**_OPEN, "content-security-policy": _FRAME_POLICY}
    )


def _script(name: str) -> Callable[[Request], Response]:
    kind = "text/css" if name.endswith(".css") else "text/javascript"

    def respond(_request: Request) -> Response:
        return Response((_PAGES / name).read_text(), media_type=kind, headers=_OPEN)

    return respond


async def _serve(face: Face, port: int) -> None:
    delivering = asyncio.create_task(_deliver(face))
    try:
        await serve(application(face), port)
    finally:
        delivering.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await delivering


async def _deliver(face: Face) -> None:
    while True:
        await asyncio.sleep(0.3)
        try:
            await asyncio.to_thread(face.deliver)
        except Exception:
            log.exception("webhooks")


def main() -> None:
    """Serve until SIGTERM."""
    port = port_of(os.environ["STRIPE_API_BASE"])
    keep = memory.file_of(settings().data_dir, settings().city)
    face = Face(os.environ["STANDIN_WEBHOOK_URL"], keep)
    run(_serve(face, port))


if __name__ == "__main__":
    main()
