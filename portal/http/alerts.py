"""What the mails of alerts lead to: confirm an address, stop, get alerts again. GET shows a page.

Nobody needs a sign-in here: the link in the mail says whose mailbox it is. POST on the address
that List-Unsubscribe names acts without a form of ours (RFC 8058), because a mail program sends it.
"""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from portal import routes as paths
from portal.cities import city
from portal.domain.alerts import addresses
from portal.domain.alerts.addresses import BadAlertLink, Invitation
from portal.http import plain
from portal.http.forms import (
    count_link,
    link_secret,
    see,
    take_off_address_bar,
    text,
    visitor,
)
from portal.http.plain import STALE, Problem, problem
from portal.http.request import is_our_form
from portal.kit.clock import utc_now
from portal.kit.db import in_thread
from portal.kit.errors import DomainError
from portal.kit.text import _, clock_time

_CONFIRM, _STOP = "alert-confirm", "alert-stop"


async def show_confirm(request: Request) -> Response:
    """Draw the question; opening it confirms nothing."""
    if answer := take_off_address_bar(request, _CONFIRM, paths.ALERT_CONFIRM):
        return answer
    return await _confirm_page(request)


async def _confirm_page(request: Request, *problems: Problem) -> Response:
    secret, asked = link_secret(request, _CONFIRM), None
    if secret and not problems:
        try:
            asked = await in_thread(lambda s: addresses.invitation(s, secret, utc_now()))
        except DomainError as error:
            problems = (problem(error),)
    done = asked is not None and asked.confirmed
    return await plain.page(
        request,
        "alerts/confirm.html",
        title=_("This address is confirmed") if done else _("Confirm this address"),
        problems=problems,
        asked=asked,
        alerts_at=clock_time(city().usage.alerts_at),
    )


async def post_confirm(request: Request) -> Response:
    """Let alerts go to the address whose mail held the link. Signs nobody in."""
    if not await is_our_form(request):
        return await _confirm_page(request, Problem(_(STALE)))
    secret = link_secret(request, _CONFIRM)
    try:
        await count_link(request)
        await in_thread(lambda s: addresses.confirm(s, visitor(request), secret, utc_now()))
    except DomainError as error:
        return await _confirm_page(request, problem(error))
    return see(paths.ALERT_CONFIRM)


async def show_stop(request: Request) -> Response:
    """Draw the page with the button that stops; opening it stops nothing."""
    if answer := take_off_address_bar(request, _STOP, paths.ALERT_STOP):
        return answer
    return await _stop_page(request)


async def _stop_page(request: Request, *problems: Problem) -> Response:
    secret = link_secret(request, _STOP)
    asked: Invitation | None = None
    if secret and not problems:
        try:
            asked = await in_thread(lambda s: addresses.stoppable(s, secret))
        except DomainError as error:
            problems = (problem(error),)
    done = asked is not None and asked.stopped
    return await plain.page(
        request,
        "alerts/stop.html",
        title=_("These messages have stopped") if done else _("Stop these messages"),
        problems=problems,
        asked=asked,
        started=request.query_params.get("done") == "started",
    )


async def post_stop(request: Request) -> Response:
    """Stop or start by our page's button, or stop at once for a mail program."""
    form = await request.form()
    if text(form, "List-Unsubscribe") == "One-Click":
        return await _one_click(request)
    if not await is_our_form(request):
        return await _stop_page(request, Problem(_(STALE)))
    secret, starts = link_secret(request, _STOP), text(form, "act") == "start"
    act = addresses.start if starts else addresses.stop
    try:
        await in_thread(lambda s: act(s, visitor(request), secret, utc_now()))
    except DomainError as error:
        return await _stop_page(request, problem(error))
    return see(paths.ALERT_STOP, done="started" if starts else "")


async def _one_click(request: Request) -> Response:
    # The address itself is the proof. Not counted by network: one mail provider sends for all.
    secret = request.query_params.get("token", "")
    try:
        await in_thread(lambda s: addresses.stop(s, visitor(request), secret, utc_now()))
    except BadAlertLink as error:
        return PlainTextResponse(problem(error).sentence, 404)
    return PlainTextResponse(_("These messages have stopped"))


routes = [
    Route(paths.ALERT_CONFIRM, show_confirm),
    Route(paths.ALERT_CONFIRM, post_confirm, methods=["POST"]),
    Route(paths.ALERT_STOP, show_stop),
    Route(paths.ALERT_STOP, post_stop, methods=["POST"]),
]
