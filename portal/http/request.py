"""What every plain HTTP route needs: who asks, from where, and whether our own page sent it."""

import hmac
import re
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from portal.config import settings
from portal.domain.identity import limits, sessions
from portal.domain.identity.actor import ANONYMOUS, Actor
from portal.http.origins import our_origins
from portal.kit.clock import utc_now
from portal.kit.db import in_thread
from portal.secret import csrf_of_session, csrf_of_visitor

COOKIE = "__Host-portal"
CSRF_COOKIE = "__Host-form"
CSRF_FIELD = "csrf"
STEP_COOKIE = "__Host-step"
# Which browser this is, for the owner of a sign-in to hear of new ones; it outlives the sessions.
BROWSER_COOKIE = "__Host-browser"


def cookie_of(header: str, name: str = COOKIE) -> str:
    """Return a cookie's value out of a Cookie header, or "" where it is missing or broken."""
    # Not http.cookies: one cookie that it cannot read, from whomever, hides all that follow.
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == name:
            return value
    return ""


def session_hash(header: str) -> str:
    """Return the SHA-256 by which the Cookie header's session is known, or ""."""
    secret = cookie_of(header)
    return sessions.hash_of(secret) if 0 < len(secret) <= 200 else ""


async def resolve(id_hash: str) -> Actor:
    """Return who a session signs in, asked of the database now; ANONYMOUS for none."""
    if not id_hash:
        return ANONYMOUS
    now = utc_now()
    return await in_thread(lambda session: sessions.resolve(session, id_hash, now)) or ANONYMOUS


async def actor_of(request: Request) -> Actor:
    """Return the request's actor, asked of the database now."""
    return await resolve(session_hash(request.headers.get("cookie", "")))


async def has_ended(request: Request) -> bool:
    """True where the browser still holds a session that is over."""
    id_hash = session_hash(request.headers.get("cookie", ""))
    return bool(id_hash) and await resolve(id_hash) == ANONYMOUS


def client_ip(request: HTTPConnection) -> str:
    """Return the caller's address: the socket's, or what our own trusted proxies noted.

    With `n` trusted hops the address is the n-th from the right of X-Forwarded-For: whatever
    stands further left was written by the caller.
    """
    hops = settings().trusted_proxy_hops
    if hops:
        # All lines of it: some proxies add a line of their own below the one the caller wrote.
        lines = ",".join(request.headers.getlist("x-forwarded-for"))
        noted = [part.strip() for part in lines.split(",") if part.strip()]
        if len(noted) >= hops:
            return noted[-hops][:64]
    return request.client.host if request.client else ""


def set_session_cookie(response: Response, secret: str, max_age: int | None) -> None:
    """Give the browser its session. `max_age` seconds, or None: until the browser closes."""
    response.set_cookie(
        COOKIE, secret, max_age=max_age, path="/", secure=True, httponly=True, samesite="lax"
    )


def forget_cookies(request: Request, response: Response) -> None:
    """Take the session away, with every other cookie of ours but the browser's own id."""
    sent = request.headers.get("cookie", "").split(";")
    names = {part.strip().partition("=")[0] for part in sent} | {COOKIE}
    for name in sorted(names - {BROWSER_COOKIE}):
        if re.fullmatch(r"__Host-[a-z-]{1,40}", name):
            response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")


def keep_step(response: Response, secret: str) -> None:
    """Give the browser what lets it take the second step of a sign-in; it is no session."""
    response.set_cookie(
        STEP_COOKIE,
        secret,
        max_age=int(limits.SECOND_STEP_LIFE.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def step_secret(request: Request) -> str:
    """Return the secret of the second step that this browser may take, or ""."""
    return cookie_of(request.headers.get("cookie", ""), STEP_COOKIE)[:200]


def drop_step(response: Response) -> None:
    """Forget the second step: it was taken, or is over."""
    response.delete_cookie(STEP_COOKIE, path="/", secure=True, httponly=True, samesite="lax")


def is_same_origin(request: Request) -> bool:
    """True when the browser says that one of our own pages sent the request."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is not None:
        return origin in our_origins()
    # Not taken apart: what is no address at all is none of ours either.
    referrer = request.headers.get("referer", "")
    return any(f"{referrer}/".startswith(f"{ours}/") for ours in our_origins())


def csrf_ok(request: Request, token: object) -> bool:
    """True when `token` is the one we wrote into this visitor's or this session's form."""
    if not isinstance(token, str):
        return False
    header = request.headers.get("cookie", "")
    wanted = []
    if id_hash := session_hash(header):
        wanted.append(csrf_of_session(id_hash))
    if nonce := cookie_of(header, CSRF_COOKIE):
        wanted.append(csrf_of_visitor(nonce))
    return any(hmac.compare_digest(token.encode(), one.encode()) for one in wanted)


async def is_our_form(request: Request) -> bool:
    """True when one of our own pages sent this form: its origin and its token both say so."""
    return is_same_origin(request) and csrf_ok(request, (await request.form()).get(CSRF_FIELD))


def path_only(claim: object, otherwise: str = "/") -> str:
    """Return a redirect target that stays on this portal, or `otherwise`.

    Backslashes and control characters are refused: browsers read "/\\host" as "//host". So is
    what is not ASCII: a Location header cannot carry it.
    """
    if not isinstance(claim, str) or not claim.startswith("/") or claim.startswith("//"):
        return otherwise
    if len(claim) > 1000 or "\\" in claim or any(not 32 < ord(c) < 127 for c in claim):
        return otherwise
    parts = urlsplit(claim)
    return otherwise if parts.scheme or parts.netloc else claim
