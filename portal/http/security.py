"""Sign-in and security: passkeys, authenticator app, recovery codes. Secrets, so drawn here."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import wraps
from urllib.parse import quote

from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from portal import routes as paths
from portal.cities import city
from portal.domain.identity import security
from portal.domain.identity.actor import Actor
from portal.domain.identity.sessions import FreshSignInNeeded, demand_recent
from portal.domain.identity.totp import AppKey
from portal.http import plain
from portal.http.forms import again_path, see, text
from portal.http.passkeys import answer_of
from portal.http.plain import STALE, Problem, problem
from portal.http.request import actor_of, is_our_form
from portal.http.settings import Unproven, prove
from portal.kit.clock import local_date, utc_now
from portal.kit.db import in_thread
from portal.kit.errors import DomainError
from portal.kit.text import _, day

Handler = Callable[[Request, Actor], Awaitable[Response]]


def _signed_in(work: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Let only who is signed in through; who is for too long signs in again and comes back."""

    @wraps(work)
    async def run(request: Request) -> Response:
        actor = await actor_of(request)
        if not (actor.is_resident or actor.is_staff):
            return see(paths.SIGN_IN, next=paths.link(paths.SETTINGS_SECURITY))
        try:
            if request.method == "POST":
                demand_recent(actor, utc_now())
            return await work(request, actor)
        except FreshSignInNeeded:
            target = await again_path(request, paths.SETTINGS_SECURITY)
            return RedirectResponse(target, 303, {"cache-control": "no-store"})

    return run


def _on(at: datetime | None) -> str:
    return day(local_date(at, city().zone)) if at is not None else ""


def _done(request: Request) -> str:
    words = {
        "passkey": _("Your passkey is added. You can sign in with it now."),
        "renamed": _("Saved."),
        "removed": _("The passkey is removed. It no longer signs in."),
        "app": _("Your authenticator app is set up. After your password we ask for its code."),
        "app-removed": _("The authenticator app is removed."),
    }
    return words.get(request.query_params.get("done", ""), "")


@_signed_in
async def show(request: Request, actor: Actor) -> Response:
    """Draw what protects the sign-in."""
    return await _page(request, actor, done=_done(request))


async def _page(
    request: Request, actor: Actor, *problems: Problem, done: str = "", name: str = ""
) -> Response:
    found = await in_thread(lambda s: security.overview(s, actor))
    contact = city().contact
    return await plain.page(
        request,
        "identity/security.html",
        title=_("Sign-in and security"),
        problems=problems,
        values={"name": name},
        actor=actor,
        found=found,
        on=_on,
        done=done,
        office=contact.office.say(),
        phone=contact.phone,
    )


@_signed_in
async def post(request: Request, actor: Actor) -> Response:
    """Add the passkey that the browser has made."""
    form = await request.form()
    name, answer, now = text(form, "name"), answer_of(form), utc_now()
    if not await is_our_form(request):
        return await _page(request, actor, Problem(_(STALE)), name=name)
    try:
        challenge = await in_thread(lambda s: security.challenge(s, actor, answer, now))
        await in_thread(lambda s: security.add_passkey(s, actor, name, answer, challenge, now))
    except DomainError as error:
        return await _page(request, actor, problem(error), name=name)
    return see(paths.SETTINGS_SECURITY, done="passkey")


@_signed_in
async def show_passkey(request: Request, actor: Actor) -> Response:
    """Draw one passkey: its name, and the way to remove it."""
    return await _passkey_page(request, actor, request.query_params.get("id"))


async def _passkey_page(
    request: Request, actor: Actor, claim: object, *problems: Problem, name: str | None = None
) -> Response:
    try:
        row = await in_thread(lambda s: security.passkey(s, actor, claim))
    except DomainError as error:
        return await _page(request, actor, problem(error))
    return await plain.page(
        request,
        "identity/passkey.html",
        title=row.name,
        problems=problems,
        values={"name": row.name if name is None else name},
        actor=actor,
        row=row,
        on=_on,
        found=await in_thread(lambda s: security.overview(s, actor)),
    )


@_signed_in
async def post_passkey(request: Request, actor: Actor) -> Response:
    """Rename or remove one passkey."""
    form = await request.form()
    claim, name = text(form, "id"), text(form, "name")
    if not await is_our_form(request):
        return await _passkey_page(request, actor, claim, Problem(_(STALE)))
    if text(form, "act") == "remove":
        return await _remove_passkey(request, actor, form, claim)
    try:
        await in_thread(lambda s: security.rename_passkey(s, actor, claim, name, utc_now()))
    except DomainError as error:
        return await _passkey_page(request, actor, claim, problem(error), name=name)
    return see(paths.SETTINGS_SECURITY, done="renamed")


async def _remove_passkey(request: Request, actor: Actor, form: FormData, claim: str) -> Response:
    try:
        proven = await _proven(actor, form)
        await in_thread(lambda s: security.remove_passkey(s, actor, claim, utc_now(), proven))
    except Unproven as wrong:
        return await _passkey_page(request, actor, claim, wrong.problem)
    except DomainError as error:
        return await _passkey_page(request, actor, claim, problem(error))
    return see(paths.SETTINGS_SECURITY, done="removed")


async def _proven(actor: Actor, form: FormData) -> str:
    """Return the password that will stand alone after this act, "" where none will.

    Raises Unproven, and Busy.
    """
    found = await in_thread(lambda s: security.overview(s, actor))
    if found.staff or not found.one or not found.has_password:
        return ""
    typed = text(form, "current")
    if not typed:
        raise Unproven(Problem(_("Enter your password."), "current"))
    await prove(actor, typed)
    return typed


@_signed_in
async def show_app(request: Request, actor: Actor) -> Response:
    """Draw the page of the authenticator app; opening it shows no key."""
    return await _app_page(request, actor)


async def _app_page(
    request: Request, actor: Actor, *problems: Problem, key: AppKey | None = None
) -> Response:
    return await plain.page(
        request,
        "identity/app.html",
        title=_("Authenticator app"),
        problems=problems,
        actor=actor,
        key=key,
        qr=Markup(key.qr_svg) if key is not None else "",
        on=_on,
        found=await in_thread(lambda s: security.overview(s, actor)),
    )


@_signed_in
async def post_app(request: Request, actor: Actor) -> Response:
    """Show a new key, confirm it by its first code, or remove the app."""
    form = await request.form()
    if not await is_our_form(request):
        return await _app_page(request, actor, Problem(_(STALE)))
    act = text(form, "act")
    if act == "begin":
        key = await in_thread(lambda s: security.begin_app(s, actor, utc_now()))
        return await _app_page(request, actor, key=key)
    if act == "remove":
        return await _remove_app(request, actor, form)
    return await _confirm_app(request, actor, form)


async def _confirm_app(request: Request, actor: Actor, form: FormData) -> Response:
    code = text(form, "code")
    if await in_thread(lambda s: security.confirm_app(s, actor, code, utc_now())):
        return see(paths.SETTINGS_SECURITY, done="app")
    wrong = Problem(_("The code is not right. Enter the six digits your app shows now."), "code")
    key = await in_thread(lambda s: security.waiting_app(s, actor, utc_now()))
    return await _app_page(request, actor, wrong, key=key)


async def _remove_app(request: Request, actor: Actor, form: FormData) -> Response:
    try:
        proven = await _proven(actor, form)
        await in_thread(lambda s: security.remove_app(s, actor, utc_now(), proven))
    except Unproven as wrong:
        return await _app_page(request, actor, wrong.problem)
    except DomainError as error:
        return await _app_page(request, actor, problem(error))
    return see(paths.SETTINGS_SECURITY, done="app-removed")


@_signed_in
async def post_codes(request: Request, actor: Actor) -> Response:
    """Make ten recovery codes and show them, this once."""
    if not await is_our_form(request):
        return await _page(request, actor, Problem(_(STALE)))
    try:
        codes = await in_thread(lambda s: security.make_codes(s, actor, utc_now()))
    except DomainError as error:
        return await _page(request, actor, problem(error))
    lines = [_("Recovery codes"), paths.absolute(paths.HOME), "", *codes, ""]
    return await plain.page(
        request,
        "identity/recovery_codes.html",
        title=_("Your recovery codes"),
        actor=actor,
        codes=codes,
        file="data:text/plain;charset=utf-8," + quote("\r\n".join(lines)),
        made=_on(utc_now()),
    )


@_signed_in
async def show_codes(request: Request, actor: Actor) -> Response:
    """Lead back: codes are shown once, by the button that makes them."""
    return see(paths.SETTINGS_SECURITY)


routes = [
    Route(paths.SETTINGS_SECURITY, show),
    Route(paths.SETTINGS_SECURITY, post, methods=["POST"]),
    Route(paths.SETTINGS_PASSKEY, show_passkey),
    Route(paths.SETTINGS_PASSKEY, post_passkey, methods=["POST"]),
    Route(paths.SETTINGS_APP, show_app),
    Route(paths.SETTINGS_APP, post_app, methods=["POST"]),
    Route(paths.SETTINGS_CODES, show_codes),
    Route(paths.SETTINGS_CODES, post_codes, methods=["POST"]),
]
