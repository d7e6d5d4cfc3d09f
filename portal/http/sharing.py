"""What a mailed invitation leads to. GET shows a page; accepting takes a button and a sign-in."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import routes as paths
from portal.domain.identity.actor import Actor
from portal.domain.sharing import accepting
from portal.domain.sharing.accepting import BadInvitation, Offer
from portal.http import plain
from portal.http.forms import (
    TooMany,
    count_form,
    count_link,
    drop_link_secret,
    link_secret,
    see,
    take_off_address_bar,
    text,
)
from portal.http.plain import STALE, Problem, problem
from portal.http.request import actor_of, is_our_form
from portal.kit.clock import utc_now
from portal.kit.db import in_thread
from portal.kit.errors import DomainError
from portal.kit.text import N_, _, day, language

INVITATION = "invitation"


async def show(request: Request) -> Response:
    """Draw the invitation; opening it accepts nothing."""
    if answer := take_off_address_bar(request, INVITATION, paths.INVITATION):
        return answer
    return await _page(request, await actor_of(request))


async def _page(request: Request, actor: Actor, *problems: Problem) -> Response:
    secret, offer = link_secret(request, INVITATION), None
    if secret:
        try:
            offer = await in_thread(lambda s: accepting.offer(s, actor, secret, utc_now()))
        except BadInvitation as error:
            problems = (problem(error),)
    sent = request.query_params.get("done") == "sent" and not problems
    return await plain.page(
        request,
        "sharing/invitation.html",
        title=_("An account is shared with you"),
        problems=problems,
        actor=actor,
        offer=offer,
        last_day=_last_day(offer),
        code_sent=sent,
    )


def _last_day(offer: Offer | None) -> str:
    return day(offer.last_day) if offer is not None and offer.last_day is not None else ""


async def post(request: Request) -> Response:
    """Accept, or send the code that the invited mailbox proves itself with."""
    actor, form = await actor_of(request), await request.form()
    if not actor.is_resident:
        return see(paths.SIGN_IN, next=paths.link(paths.INVITATION))
    if not await is_our_form(request):
        return await _page(request, actor, Problem(_(STALE)))
    secret = link_secret(request, INVITATION)
    try:
        if text(form, "act") == "send":
            return await _send(request, actor, secret)
        account = await _accept(request, actor, secret, text(form, "code"))
    except DomainError as error:
        return await _page(request, actor, problem(error))
    answer = see(paths.SUMMARY, account=account)
    drop_link_secret(answer, INVITATION)
    return answer


async def _send(request: Request, actor: Actor, secret: str) -> Response:
    await count_form(request)
    speaks = language()
    await in_thread(lambda s: accepting.send_code(s, actor, secret, utc_now(), speaks))
    return see(paths.INVITATION, done="sent")


async def _accept(request: Request, actor: Actor, secret: str, code: str) -> str:
    await count_link(request)
    # Counted in a transaction of its own: a wrong code rolls back, and stays counted.
    if code and not await in_thread(lambda s: accepting.count_code(s, actor, utc_now())):
        raise TooMany(N_("Too many wrong codes. Try again in 15 minutes."))
    return str(await in_thread(lambda s: accepting.accept(s, actor, secret, utc_now(), code=code)))


routes = [
    Route(paths.INVITATION, show),
    Route(paths.INVITATION, post, methods=["POST"]),
]
