"""Pages that the server draws: sign-in and its like, the card page, the demo's mail.

A form whose fields must never become events posts to the page's own path; a refusal draws the
same page again, 422, with what was typed (never a password) and the problems at the top and at
their fields. Templates stand in `portal/http/templates` and extend `frame.html`.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from portal import routes
from portal.cities import city
from portal.domain.cart.queries import count_items
from portal.domain.identity import profile
from portal.domain.identity.actor import Actor
from portal.gateways.providers import providers
from portal.http.request import CSRF_COOKIE, CSRF_FIELD, actor_of, cookie_of
from portal.kit.clock import utc_now
from portal.kit.db import in_thread
from portal.kit.errors import DomainError
from portal.kit.text import LANGUAGES, N_, _, language, moment, money, ngettext, say, speaking
from portal.secret import csrf_of_session, csrf_of_visitor
from portal.style import FONT, asset, city_logo, city_style, is_test_mode, telephone


@dataclass(frozen=True)
class Problem:
    """A sentence for the error summary, and the id of the field it stands at ("" for none)."""

    sentence: str
    field: str = ""


def problem(error: DomainError) -> Problem:
    """Return a domain error as a problem of this page, in the language being spoken."""
    return Problem(say(error), error.field)


STALE = N_(
    "This page was open for a long time, or was opened in another way. Nothing was done."
    " Please try once more."
)


async def stale(request: Request, template: str, *, title: str, **context: Any) -> HTMLResponse:
    """Draw the page again for a post that none of our open pages sent."""
    sentence = Problem(_(STALE))
    return await page(request, template, title=title, status=403, problems=[sentence], **context)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        _=_,
        ngettext=ngettext,
        money=money,
        routes=routes,
        providers=providers,
        link=routes.link,
        asset=asset,
        telephone=telephone,
        FONT=FONT,
    )
    return environment


@dataclass(frozen=True)
class _Frame:
    """What the frame of a server-drawn page shows."""

    title: str
    actor: Actor
    name: str
    csrf: str
    cart_items: int
    other_language: str
    other_href: str
    path: str
    # For paper; the query stays away from it: it may be a link that signs in.
    address: str
    drawn_at: str


async def page(
    request: Request,
    template: str,
    *,
    title: str,
    status: int = 200,
    problems: Sequence[Problem] = (),
    values: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    actor: Actor | None = None,
    **context: Any,
) -> HTMLResponse:
    """Draw `template` in the frame, in the language being spoken.

    `title`: the h1 and the document's title, translated already. `values`: what to fill the
    fields with. `headers` may name a Content-Security-Policy of the page's own. With problems the
    status is 422, unless another is given. `actor`: whom to draw for, where the database is not to
    be asked. `context` is the template's own.
    """
    actor = actor or await actor_of(request)
    name = await in_thread(lambda s: profile.first_name(s, actor)) if actor.user_id else ""
    nonce = cookie_of(request.headers.get("cookie", ""), CSRF_COOKIE)
    fresh = not actor.session_hash and not nonce
    if fresh:
        nonce = secrets.token_urlsafe(24)
    token = csrf_of_session(actor.session_hash) if actor.session_hash else csrf_of_visitor(nonce)
    other = next(code for code in LANGUAGES if code != language())
    with speaking(other):
        other_path = routes.localized(request.scope["path"])
    query = request.scope["query_string"].decode("latin-1")
    frame = _Frame(
        title=title,
        actor=actor,
        name=name,
        csrf=token,
        cart_items=await in_thread(lambda s: count_items(s, actor)) if actor.user_id else 0,
        other_language=other,
        other_href=other_path + (f"?{query}" if query and request.method == "GET" else ""),
        path=routes.localized(request.scope["path"]),
        address=routes.absolute(request.scope["path"]),
        drawn_at=moment(utc_now(), city().zone),
    )
    html = (
        _templates()
        .get_template(template)
        .render(
            frame=frame,
            city=city(),
            city_logo=city_logo(),
            city_style=Markup(city_style()),
            language=language(),
            problems=problems,
            errors={p.field: p.sentence for p in problems if p.field},
            values=values or {},
            test_mode=is_test_mode(),
            csrf_field=CSRF_FIELD,
            **context,
        )
    )
    if problems and status == 200:
        status = 422
    answer = HTMLResponse(html, status, {"cache-control": "no-store", **(headers or {})})
    if fresh:
        answer.set_cookie(CSRF_COOKIE, nonce, path="/", secure=True, httponly=True, samesite="lax")
    return answer
