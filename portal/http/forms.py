"""What the posted forms of identity share: fields, slow hashes off the loop, secrets of links."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from sqlmodel import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from portal import routes
from portal.domain.identity import limits, mail_tokens, passwords, sign_up, throttles
from portal.domain.identity.actor import Actor
from portal.domain.identity.addresses import ip_key
from portal.domain.identity.sign_in import Admission
from portal.http.request import actor_of, client_ip, cookie_of
from portal.kit.clock import utc_now
from portal.kit.db import in_thread
from portal.kit.errors import DomainError
from portal.kit.pace import paced
from portal.kit.text import N_

T = TypeVar("T")
_LONGEST = 1_000
# More than these at once wait for longer than a person does: two threads hash 35 a second.
MOST_HASHING = 40


def _step_back() -> None:
    # Where the system knows it of threads (Linux), pages come before hashes.
    if hasattr(os, "setpriority") and hasattr(threading, "get_native_id"):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


# Threads of their own: a flood of sign-ins must not take those that answer everybody's queries.
_hashers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2", initializer=_step_back)
_places = asyncio.BoundedSemaphore(MOST_HASHING)


class TooMany(DomainError):
    """The network has sent enough of these forms for this hour."""

    code = "too_many"


class Busy(DomainError):
    """More sign-ins come than can be checked; this one was neither looked at nor counted."""

    code = "busy"


def text(form: FormData, name: str, longest: int = _LONGEST) -> str:
    """Return a field as text, "" where it is missing or a file, cut where no honest one ends."""
    value = form.get(name, "")
    return value[:longest].replace("\x00", "") if isinstance(value, str) else ""


def printable(claim: str) -> str:
    """Return a line of text without what no column can hold and no line has."""
    return "".join(c for c in claim if c.isprintable())


@asynccontextmanager
async def a_place() -> AsyncIterator[None]:
    """Hold one of the places for who waits for a hash. Raises Busy at once where all are taken.

    A flood of sign-ins is turned away here, before it costs a statement or a hash.
    """
    if _places.locked():
        raise Busy(
            N_("Many people are signing in right now. Nothing was done. Try again in a minute.")
        )
    async with _places:
        yield


async def hashed(work: Callable[..., T], *arguments: object) -> T:
    """Run a password hash on one of the two threads that are kept for it; hold a place for it."""
    return await asyncio.get_running_loop().run_in_executor(_hashers, work, *arguments)


async def hashed_match(
    admit: Callable[[Session], Admission], password: str
) -> tuple[Admission, bool]:
    """Count an attempt by `admit`, then hash; return both. Raises Busy before the first."""
    async with a_place():
        admission = await in_thread(admit)
        correct = admission.admitted and await hashed(
            passwords.matches, admission.password_hash, password
        )
    return admission, correct


async def slowly(work: Callable[..., T], *arguments: object) -> T:
    """Run a password hash that nothing precedes. Raises Busy."""
    async with a_place():
        return await hashed(work, *arguments)


def visitor(request: Request) -> Actor:
    """Return whoever posts, signed in or not, as an anonymous actor with an address."""
    return Actor(ip=client_ip(request))


async def count_form(request: Request) -> None:
    """Count a form that sends mail or hashes, before it does. Raises TooMany."""
    bucket = f"forms:{ip_key(client_ip(request))}"
    await _count(bucket, limits.FORMS_AN_HOUR_IP)


async def count_flow(request: Request) -> None:
    """Count a way to another provider, before it is begun. Raises TooMany."""
    bucket = f"providers:{ip_key(client_ip(request))}"
    await _count(bucket, limits.PROVIDER_FLOWS_AN_HOUR_IP)


async def count_link(request: Request) -> None:
    """Count the use of a mailed link, before it is looked at. Raises TooMany."""
    bucket = f"links:{ip_key(client_ip(request))}"
    await _count(bucket, limits.WRONG_LINKS_AN_HOUR_IP)


async def _count(bucket: str, limit: int) -> None:
    now = utc_now()
    # A transaction of its own: what follows may fail and roll back, and stays counted.
    if not await in_thread(
        lambda session: throttles.take(session, bucket, limit, limits.FORMS_WINDOW, now)
    ):
        raise TooMany(
            N_("Too many requests came from your network. Try again in an hour, or call us.")
        )


async def secret_of_code(request: Request, form: FormData, purpose: str) -> str:
    """Return the secret that a typed code stands for. Raises TooMany, BadField and BadCode."""
    email = sign_up.email_of(text(form, "email"))
    now = utc_now()
    await count_link(request)
    async with paced(limits.ANSWER_AFTER):
        # Counted in a transaction of its own: a wrong code rolls back, and stays counted.
        if not await in_thread(lambda s: mail_tokens.count_code(s, email, now)):
            raise TooMany(
                N_("Too many wrong codes. Use the link in the email, or try again later.")
            )
        code = text(form, "code")
        return await in_thread(lambda s: mail_tokens.exchange(s, email, code, purpose, now))


def _cookie(purpose: str) -> str:
    return f"__Host-link-{purpose}"


def take_off_address_bar(request: Request, purpose: str, path: str) -> Response | None:
    """Answer a mailed link: keep its secret in a cookie, and lead to the page without it.

    So the secret stays out of the browser's history, of Referer headers and of what people copy.
    Nothing is used up: a scanner that opens the link has only been given a cookie.
    """
    secret = request.query_params.get("token")
    if secret is None:
        return None
    readable = secret.isascii() and secret.replace("-", "").replace("_", "").isalnum()
    answer = RedirectResponse(routes.link(path), 303, {"cache-control": "no-store"})
    keep_link_secret(answer, purpose, secret[:100] if readable else "unreadable")
    return answer


def keep_link_secret(answer: Response, purpose: str, secret: str) -> None:
    """Leave a link's secret with the browser, for the page whose button uses it."""
    answer.set_cookie(
        _cookie(purpose),
        secret,
        max_age=int(limits.RESET_LIFE.total_seconds()),
        path="/",
        secure=True,
        httponly=True,
        samesite="lax",
    )


def link_secret(request: Request, purpose: str) -> str:
    """Return the secret that a mailed link left with this browser, or ""."""
    return cookie_of(request.headers.get("cookie", ""), _cookie(purpose))


def drop_link_secret(response: Response, purpose: str) -> None:
    """Forget the secret: it was used."""
    response.delete_cookie(_cookie(purpose), path="/", secure=True, httponly=True, samesite="lax")


def see(path: str, **query: str) -> Response:
    """Lead on to a page after a post."""
    return RedirectResponse(routes.link(path, **query), 303, {"cache-control": "no-store"})


async def again_path(request: Request, path: str) -> str:
    """Return the sign-in, at the door of who asks, that says why and leads back to `path`."""
    staff = (await actor_of(request)).is_staff
    door = routes.ADMIN_SIGN_IN if staff else routes.SIGN_IN
    return routes.link(door, next=routes.link(path), done="again")
