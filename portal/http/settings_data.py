"""Export my data and Close my account."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import routes as paths
from portal.cities import city
from portal.domain.identity import limits
from portal.domain.identity.actor import Actor
from portal.domain.identity.sessions import FreshSignInNeeded
from portal.domain.settings import closing, proof
from portal.domain.settings.export import export
from portal.http import plain
from portal.http.forms import see, text
from portal.http.identity import gone
from portal.http.plain import STALE, Problem, problem
from portal.http.request import actor_of, is_our_form
from portal.http.settings import Unproven, prove, sign_in_first
from portal.kit.clock import local_date, utc_now
from portal.kit.db import in_thread
from portal.kit.errors import DomainError
from portal.kit.pace import paced
from portal.kit.text import _, say


async def send_data(request: Request) -> Response:
    """Send a resident's own data as a ZIP, to a page of ours alone: it is audited and mailed."""
    actor = await actor_of(request)
    if not actor.is_resident:
        return sign_in_first(paths.SETTINGS_EXPORT)
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return see(paths.SETTINGS)
    try:
        packed = await in_thread(lambda s: export(s, actor, utc_now()))
    except FreshSignInNeeded:
        return sign_in_first(paths.SETTINGS_EXPORT, again=True)
    if isinstance(packed, DomainError):
        return await plain.page(
            request, "failed.html", title=_("Export my data"), status=429, sentence=say(packed)
        )
    name = f"my-data-{local_date(utc_now(), city().zone).isoformat()}.zip"
    return Response(
        packed,
        media_type="application/zip",
        headers={
            "cache-control": "private, no-store",
            "content-disposition": f'attachment; filename="{name}"',
        },
    )


async def show_close(request: Request) -> Response:
    """Draw what closing ends and what stays."""
    actor = await actor_of(request)
    if not actor.is_resident:
        return sign_in_first(paths.SETTINGS_CLOSE)
    return await _close_page(request, actor)


async def _close_page(request: Request, actor: Actor, *problems: Problem) -> Response:
    return await plain.page(
        request,
        "settings/close.html",
        title=_("Close my account"),
        problems=problems,
        word=closing.word(),
        has_password=await in_thread(lambda s: proof.has_password(s, actor)),
    )


async def post_close(request: Request) -> Response:
    """Close the account for good, after its password and the typed word."""
    actor, form = await actor_of(request), await request.form()
    if not actor.is_resident:
        return sign_in_first(paths.SETTINGS_CLOSE)
    if not await is_our_form(request):
        return await _close_page(request, actor, Problem(_(STALE)))
    try:
        closing.check(text(form, "confirmation"))
        await in_thread(lambda s: closing.demand_settled(s, actor))
        async with paced(limits.ANSWER_AFTER):
            await prove(actor, text(form, "current"))
        await in_thread(lambda s: closing.close(s, actor, utc_now()))
    except FreshSignInNeeded:
        return sign_in_first(paths.SETTINGS_CLOSE, again=True)
    except Unproven as wrong:
        return await _close_page(request, actor, wrong.problem)
    except DomainError as error:
        return await _close_page(request, actor, problem(error))
    return gone(request, paths.SIGN_IN, "closed")


routes = [
    Route(paths.SETTINGS_EXPORT, send_data),
    Route(paths.SETTINGS_CLOSE, show_close),
    Route(paths.SETTINGS_CLOSE, post_close, methods=["POST"]),
]
