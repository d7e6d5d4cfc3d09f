"""The headers that tell a browser what our pages may do."""

from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portal.http.origins import is_https, our_origins

BASE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=(self)"),
)
HSTS = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


def content_policy(
    hashes: Iterable[str] = (),
    *,
    script: Iterable[str] = (),
    frame: Iterable[str] = (),
    connect: Iterable[str] = (),
) -> str:
    """Return a Content-Security-Policy: our own files, plus what a page names.

    `hashes` are the page's inline scripts ("'sha256-...'"). Styles may be inline: the framework
    writes them. The socket's origins are spelled out, as 'self' covers wss: only in some browsers.
    """
    sockets = [origin.replace("http", "ws", 1) for origin in our_origins()]
    rules = {
        "default-src": ["'self'"],
        "script-src": ["'self'", *script, *sorted(hashes)],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'", *sockets, *connect],
        "frame-src": [*frame] or ["'none'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "object-src": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(values)}" for name, values in rules.items())


class Headers:
    """Put the security headers on every answer, whoever made it."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self.app = app
        self.always = (*BASE_HEADERS, HSTS) if is_https() else BASE_HEADERS
        self.policy = content_policy().encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, adding what the answer does not set itself."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", []))
                present = {name.lower() for name, _ in headers}
                headers += [pair for pair in self.always if pair[0] not in present]
                if b"content-security-policy" not in present:
                    headers.append((b"content-security-policy", self.policy))
                if b"cache-control" not in present:
                    headers.append((b"cache-control", b"no-store"))
                message = {**message, "headers": headers}
            await send(message)

        await self.app(scope, receive, with_headers)
