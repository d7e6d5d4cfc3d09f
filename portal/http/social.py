"""Signing in with Google, Apple, Microsoft, Facebook or another provider: there and back."""

import asyncio
import json
import logging
import secrets
from collections.abc import Mapping

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from portal import routes as paths
from portal.config import settings
from portal.domain.identity import connections, limits, mail_tokens, sign_in, social
from portal.domain.identity.provider_mails import label
from portal.domain.identity.sessions import FreshSignInNeeded
from portal.domain.identity.sign_in import Outcome, Result
from portal.domain.identity.social import Arrival, Flow
from portal.gateways import oidc
from portal.gateways.providers import Provider, provider, providers
from portal.http import plain
from portal.http.forms import TooMany, count_flow, count_form, hashed_match, printable, see, text
from portal.http.identity import end_session_before, refusal, signed_in
from portal.http.passkeys import caller
from portal.http.plain import STALE, Problem, problem
from portal.http.request import actor_of, client_ip, cookie_of, is_our_form, path_only
from portal.http.screens import language_of
from portal.kit.clock import utc_now
from portal.kit.db import in_thread
from portal.kit.errors import DomainError
from portal.kit.pace import paced
from portal.kit.text import N_, _, speaking

COOKIE = "__Host-provider"
_LOG = logging.getLogger("portal.http.social")
_LONGEST = 4_000
_NOT_ANSWERED = N_(
    "%(provider)s did not confirm who you are. Nothing was changed. Try again, or sign in with your"
    " email address and password."
)


def _browser(request: Request) -> str:
    return cookie_of(request.headers.get("cookie", ""), COOKIE)[:100]


def _back(name: str) -> str:
    # One address a provider, in no language: it is registered there.
    return f"{settings().public_url.rstrip('/')}{paths.PROVIDER_BACK}/{name}"


async def start(request: Request) -> Response:
    """Send the browser to the provider, with a secret of its own to come back with."""
    chosen = provider(request.path_params["name"])
    wanted = path_only(request.query_params.get("next"), paths.link(paths.HOME))
    if chosen is None or request.headers.get("sec-fetch-site", "none") == "cross-site":
        return see(paths.SIGN_IN, next=wanted)
    connect = request.query_params.get("connect") == "1"
    actor, browser = await actor_of(request), _browser(request) or secrets.token_urlsafe(32)
    try:
        await count_flow(request)
        begun = await in_thread(
            lambda s: social.begin(
                s, actor, chosen, browser, wanted, utc_now(), connect=connect and actor.is_resident
            )
        )
        address = await asyncio.to_thread(
            oidc.authorize_url,
            chosen,
            state=begun.state,
            nonce=begun.nonce,
            verifier=begun.verifier,
            back=_back(chosen.name),
        )
    except FreshSignInNeeded:
        return see(paths.SIGN_IN, next=paths.link(paths.SETTINGS_CONNECTIONS), done="again")
    except TooMany as error:
        return await _refused(request, problem(error))
    except oidc.ProviderFault as fault:
        return await _refused(request, _unanswered(chosen, fault))
    answer = RedirectResponse(address, 303, {"cache-control": "no-store"})
    answer.set_cookie(
        COOKIE, browser, max_age=3600, path="/", secure=True, httponly=True, samesite="lax"
    )
    return answer


def _unanswered(chosen: Provider, fault: Exception) -> Problem:
    _LOG.warning("%s: %s", chosen.name, fault)
    return Problem(_(_NOT_ANSWERED, provider=chosen.label))


async def _refused(request: Request, *problems: Problem) -> Response:
    return await plain.page(
        request,
        "identity/sign_in.html",
        title=_("Sign in to community access services."),
        problems=problems,
        next_path="",
        done="",
    )


async def posted(request: Request) -> Response:
    """Keep an answer that the provider posted: our cookie does not come with it, and will next."""
    form = await request.form()
    state, code = text(form, "state")[:200], text(form, "code", _LONGEST)
    first, last = _names(text(form, "user", _LONGEST))
    if state and code:
        await in_thread(lambda s: social.keep_posted(s, state, code, first, last, utc_now()))
    query = {"state": state, "error": text(form, "error")[:100]}
    return see(f"{paths.PROVIDER_BACK}/{request.path_params['name']}", **query)


def _names(user: str) -> tuple[str, str]:
    # Apple tells a name once, at the first consent, beside the token and unsigned: for greeting.
    try:
        name = json.loads(user)["name"] if user else {}
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", ""
    if not isinstance(name, Mapping):
        return "", ""
    first, last = (str(name.get(part, ""))[:80] for part in ("firstName", "lastName"))
    # JSON can spell NUL and half a surrogate pair, which no column can hold.
    return printable(first), printable(last)


async def back(request: Request) -> Response:
    """Take the provider's answer: sign in, connect, or ask to confirm."""
    chosen = provider(request.path_params["name"])
    if chosen is None:
        return see(paths.SIGN_IN)
    query, browser, now = request.query_params, _browser(request), utc_now()
    try:
        flow = await in_thread(
            lambda s: social.take(s, chosen.name, query.get("state", "")[:200], browser, now)
        )
    except DomainError as error:
        return await _refused(request, problem(error))
    # The provider knows one address of ours; the language is that of the page one left.
    with speaking(language_of(flow.next_path)[0]):
        if query.get("error") or not (flow.code or query.get("code")):
            # They said no there, or closed the window: nothing went wrong.
            return see(paths.SIGN_IN, next=flow.next_path)
        return await _arrive(request, chosen, flow)


async def _arrive(request: Request, chosen: Provider, flow: Flow) -> Response:
    actor = await actor_of(request)
    try:
        person = await asyncio.to_thread(
            oidc.finish,
            chosen,
            code=flow.code or request.query_params["code"][:_LONGEST],
            nonce=flow.nonce,
            verifier=flow.verifier,
            back=_back(chosen.name),
            issuer=request.query_params.get("iss", ""),
        )
        arrived = await in_thread(
            lambda s: social.conclude(s, actor, flow, person, caller(request), utc_now())
        )
    except oidc.ProviderFault as fault:
        return await _refused(request, _unanswered(chosen, fault))
    except DomainError as error:
        return await _refused(request, problem(error))
    if arrived.arrival is Arrival.CONNECTED:
        return see(paths.SETTINGS_CONNECTIONS, done="connected")
    if arrived.result is None:
        return see(paths.PROVIDER_CONFIRM)
    return await _in(request, arrived.result, arrived.next_path)


async def _in(request: Request, result: Result, wanted: str) -> Response:
    if result.outcome is Outcome.SIGNED_IN:
        await end_session_before(request)
    answer = signed_in(result, wanted or paths.link(paths.HOME), remember=False)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
    return answer


async def show_confirm(request: Request) -> Response:
    """Draw what is left to do: a code from the mailbox, or the password one has."""
    return await _confirm_page(request)


async def _confirm_page(request: Request, *problems: Problem, done: str = "") -> Response:
    browser = _browser(request)
    flow = await in_thread(lambda s: social.waiting(s, browser, utc_now()))
    if flow is None:
        return see(paths.SIGN_IN)
    return await plain.page(
        request,
        "identity/provider_confirm.html",
        title=_("Confirm your email address"),
        problems=problems,
        provider=label(flow.provider),
        email=flow.email,
        done=done,
    )


async def post_confirm(request: Request) -> Response:
    """Take an address, a code or a password; each counted before it is looked at."""
    if not await is_our_form(request):
        return await _confirm_page(request, Problem(_(STALE)))
    form, browser, now = await request.form(), _browser(request), utc_now()
    flow = await in_thread(lambda s: social.waiting(s, browser, now))
    if flow is None:
        return see(paths.SIGN_IN)
    act = text(form, "act")
    try:
        async with paced(limits.ANSWER_AFTER):
            if act == "address" and not flow.email:
                await count_form(request)
                typed = text(form, "email")
                await in_thread(lambda s: social.take_address(s, flow, typed, now))
                return await _confirm_page(request, done=_("We sent a code to this address."))
            if act == "again":
                await count_form(request)
                await in_thread(lambda s: social.send_code(s, flow, now))
                return await _confirm_page(request, done=_("We sent the email again."))
            if act == "password":
                return await _by_password(request, flow, text(form, "password"))
            return await _by_code(request, flow, text(form, "code"))
    except DomainError as error:
        return await _confirm_page(request, problem(error))


async def _by_code(request: Request, flow: Flow, code: str) -> Response:
    now = utc_now()
    # Counted in a transaction of its own: a wrong code rolls back, and stays counted.
    if not flow.email or not await in_thread(lambda s: mail_tokens.count_code(s, flow.email, now)):
        raise TooMany(N_("Too many wrong codes. Ask for a new one later, or use your password."))
    result = await in_thread(lambda s: social.confirm_by_code(s, flow, code, caller(request), now))
    return await _in(request, result, flow.next_path)


async def _by_password(request: Request, flow: Flow, password: str) -> Response:
    now, by = utc_now(), caller(request)
    admission, correct = await hashed_match(
        lambda s: sign_in.admit(s, flow.email, client_ip(request), now), password
    )

    def conclude(session: Session) -> Result:
        result = sign_in.conclude(session, admission, correct, now, user_agent=by.user_agent)
        social.confirm_by_password(session, flow, result, admission.user_id, by, now)
        return result

    result = await in_thread(conclude)
    if result.outcome not in (Outcome.SIGNED_IN, Outcome.SECOND_STEP):
        return await _confirm_page(request, Problem(refusal(result).sentence, "password"))
    return await _in(request, result, flow.next_path)


async def show_connections(request: Request) -> Response:
    """Draw the providers that open this sign-in, and those that may."""
    words = {"connected": _("Connected."), "removed": _("Removed.")}
    return await _connections_page(
        request, done=words.get(request.query_params.get("done", ""), "")
    )


async def _connections_page(request: Request, *problems: Problem, done: str = "") -> Response:
    actor = await actor_of(request)
    if not actor.is_resident:
        return see(paths.SIGN_IN, next=paths.link(paths.SETTINGS_CONNECTIONS))
    mine = await in_thread(lambda s: connections.of(s, actor))
    have = {one.provider for one in mine}
    return await plain.page(
        request,
        "identity/connections.html",
        title=_("Ways to sign in"),
        problems=problems,
        connections=[(one.id, label(one.provider), one.email) for one in mine],
        others=[one for one in providers() if one.name not in have],
        done=done,
    )


async def post_connections(request: Request) -> Response:
    """Remove a provider."""
    if not await is_our_form(request):
        return await _connections_page(request, Problem(_(STALE)))
    form, actor = await request.form(), await actor_of(request)
    if not actor.is_resident:
        return see(paths.SIGN_IN, next=paths.link(paths.SETTINGS_CONNECTIONS))
    try:
        await in_thread(lambda s: connections.remove(s, actor, text(form, "id"), utc_now()))
    except FreshSignInNeeded:
        return see(paths.SIGN_IN, next=paths.link(paths.SETTINGS_CONNECTIONS), done="again")
    except DomainError as error:
        return await _connections_page(request, problem(error))
    return see(paths.SETTINGS_CONNECTIONS, done="removed")


routes = [
    Route(paths.PROVIDER_START + "/{name}", start),
    Route(paths.PROVIDER_BACK + "/{name}", posted, methods=["POST"]),
    Route(paths.PROVIDER_BACK + "/{name}", back),
    Route(paths.PROVIDER_CONFIRM, show_confirm),
    Route(paths.PROVIDER_CONFIRM, post_confirm, methods=["POST"]),
    Route(paths.SETTINGS_CONNECTIONS, show_connections),
    Route(paths.SETTINGS_CONNECTIONS, post_connections, methods=["POST"]),
]
