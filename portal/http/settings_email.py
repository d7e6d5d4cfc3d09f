"""Change E-Mail Address: the form, and what the two mails lead to. GET shows a page, POST acts."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import routes as paths
from portal.cities import city
from portal.domain.identity import limits
from portal.domain.identity.actor import Actor
from portal.domain.identity.sessions import FreshSignInNeeded, demand_recent
from portal.domain.settings import email_change, proof
from portal.http import plain
from portal.http.forms import (
    count_form,
    count_link,
    drop_link_secret,
    link_secret,
    see,
    take_off_address_bar,
    text,
    visitor,
)
from portal.http.plain import STALE, Problem, problem
from portal.http.request import actor_of, is_our_form
from portal.http.settings import Unproven, prove, sign_in_first
from portal.kit.clock import utc_now
from portal.kit.db import in_thread
from portal.kit.errors import DomainError
from portal.kit.pace import paced
from portal.kit.text import _

_LINK = "email-change"


async def show(request: Request) -> Response:
    """Draw the form, and a change that waits; a sign-in that is not fresh comes first."""
    actor = await actor_of(request)
    if not actor.is_resident:
        return sign_in_first(paths.SETTINGS_EMAIL)
    try:
        demand_recent(actor, utc_now())
    except FreshSignInNeeded:
        return sign_in_first(paths.SETTINGS_EMAIL, again=True)
    return await _page(request, actor)


async def _page(request: Request, actor: Actor, *problems: Problem, email: str = "") -> Response:
    waiting = await in_thread(lambda s: email_change.waiting(s, actor, utc_now()))
    contact = city().contact
    return await plain.page(
        request,
        "settings/email.html",
        title=_("Change E-Mail Address"),
        problems=problems,
        values={"email": email},
        present=(await in_thread(lambda s: proof.owner(s, actor))).email,
        has_password=await in_thread(lambda s: proof.has_password(s, actor)),
        waiting=waiting,
        second_factor=actor.second_factor,
        office=contact.office.say(),
        phone=contact.phone,
    )


async def post(request: Request) -> Response:
    """Ask both mailboxes, or end or help on a change that waits."""
    actor, form = await actor_of(request), await request.form()
    if not actor.is_resident:
        return sign_in_first(paths.SETTINGS_EMAIL)
    typed, act = text(form, "email"), text(form, "act")
    if not await is_our_form(request):
        return await _page(request, actor, Problem(_(STALE)), email=typed)
    try:
        if act == "end":
            await in_thread(lambda s: email_change.end(s, proof.owner(s, actor), utc_now()))
        elif act == "second-factor":
            await in_thread(lambda s: email_change.by_second_factor(s, actor, utc_now()))
        else:
            async with paced(limits.ANSWER_AFTER):
                await _ask(request, actor, typed, text(form, "current"))
            return see(paths.SETTINGS, done="email")
    except FreshSignInNeeded:
        return sign_in_first(paths.SETTINGS_EMAIL, again=True)
    except Unproven as wrong:
        return await _page(request, actor, wrong.problem, email=typed)
    except DomainError as error:
        return await _page(request, actor, problem(error), email=typed)
    return see(paths.SETTINGS)


async def _ask(request: Request, actor: Actor, typed: str, current: str) -> None:
    demand_recent(actor, utc_now())
    email = await in_thread(lambda s: email_change.check(proof.owner(s, actor), typed))
    await count_form(request)
    await prove(actor, current)
    refused = await in_thread(lambda s: email_change.ask(s, actor, email, utc_now()))
    if refused is not None:
        raise refused


async def show_confirm(request: Request) -> Response:
    """Draw what a mail's link is about; opening it confirms nothing."""
    if answer := take_off_address_bar(request, _LINK, paths.SETTINGS_EMAIL_CONFIRM):
        return answer
    return await _confirm_page(request)


async def _confirm_page(request: Request, *problems: Problem) -> Response:
    secret, asked = link_secret(request, _LINK), None
    if secret and not problems:
        try:
            asked = await in_thread(lambda s: email_change.look(s, secret, utc_now()))
        except DomainError as error:
            problems = (problem(error),)
    done = request.query_params.get("done", "")
    return await plain.page(
        request,
        "settings/email_confirm.html",
        title=_("Your email address is changed") if asked and asked.done
        else _("Confirm the change of your email address"),
        problems=problems,
        asked=asked,
        called_off=done == "off" and asked is None and not problems,
    )  # fmt: skip


async def post_confirm(request: Request) -> Response:
    """Say yes from this mailbox, or call the change off. Signs nobody in."""
    form, secret = await request.form(), link_secret(request, _LINK)
    if not await is_our_form(request):
        return await _confirm_page(request, Problem(_(STALE)))
    off = text(form, "act") == "off"
    act = email_change.call_off if off else email_change.confirm
    try:
        await count_link(request)
        await in_thread(lambda s: act(s, visitor(request), secret, utc_now()))
    except DomainError as error:
        return await _confirm_page(request, problem(error))
    answer = see(paths.SETTINGS_EMAIL_CONFIRM, done="off" if off else "")
    if off:
        drop_link_secret(answer, _LINK)
    return answer


routes = [
    Route(paths.SETTINGS_EMAIL, show),
    Route(paths.SETTINGS_EMAIL, post, methods=["POST"]),
    Route(paths.SETTINGS_EMAIL_CONFIRM, show_confirm),
    Route(paths.SETTINGS_EMAIL_CONFIRM, post_confirm, methods=["POST"]),
]
