"""What mailed links lead to: activate, reset, unlock. GET shows a page, its button posts."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import routes as paths
from portal.domain.identity import limits, recovery, sign_up
from portal.http import plain
from portal.http.forms import (
    count_form,
    count_link,
    drop_link_secret,
    keep_link_secret,
    link_secret,
    secret_of_code,
    see,
    slowly,
    take_off_address_bar,
    text,
    visitor,
)
from portal.http.plain import STALE, Problem, problem
from portal.http.request import is_our_form
from portal.kit.clock import utc_now
from portal.kit.db import in_thread
from portal.kit.errors import DomainError
from portal.kit.pace import paced
from portal.kit.text import _


async def show_activate(request: Request) -> Response:
    """Draw the page of an activation link; opening it activates nothing."""
    if answer := take_off_address_bar(request, "activate", paths.ACTIVATE):
        return answer
    return await _activate_page(request)


async def _activate_page(request: Request, *problems: Problem, email: str = "") -> Response:
    done = request.query_params.get("done") == "activated" and not problems
    return await plain.page(
        request,
        "identity/activate.html",
        title=_("Your account now has been activated.") if done else _("Activate account"),
        problems=problems,
        values={"email": email},
        has_link=bool(link_secret(request, "activate")),
        done=done,
    )


async def post_activate(request: Request) -> Response:
    """Activate by the link this browser holds, or a typed code; nobody is signed in by it."""
    form = await request.form()
    email = text(form, "email")
    if not await is_our_form(request):
        return await _activate_page(request, Problem(_(STALE)), email=email)
    try:
        if "code" in form:
            secret = await secret_of_code(request, form, "activate")
        else:
            secret = link_secret(request, "activate")
            await count_link(request)
        await in_thread(lambda s: sign_up.activate(s, visitor(request), secret, utc_now()))
    except DomainError as error:
        return await _activate_page(request, problem(error), email=email)
    answer = see(paths.ACTIVATE, done="activated")
    drop_link_secret(answer, "activate")
    return answer


async def show_forgot(request: Request) -> Response:
    """Draw the form for a forgotten password."""
    return await _forgot_page(request)


async def _forgot_page(
    request: Request, *problems: Problem, email: str = "", sent: bool = False
) -> Response:
    return await plain.page(
        request,
        "identity/forgot_password.html",
        title=_("Check your email") if sent else _("Forgot password?"),
        problems=problems,
        values={"email": email},
        sent=sent,
    )


async def post_forgot(request: Request) -> Response:
    """Send the link to a new password: one answer for every address."""
    typed = text(await request.form(), "email")
    if not await is_our_form(request):
        return await _forgot_page(request, Problem(_(STALE)), email=typed)
    try:
        async with paced(limits.ANSWER_AFTER):
            email = sign_up.email_of(typed)
            await count_form(request)
            await in_thread(lambda s: recovery.forgot(s, visitor(request), email, utc_now()))
    except DomainError as error:
        return await _forgot_page(request, problem(error), email=typed)
    return await _forgot_page(request, email=email, sent=True)


async def show_reset(request: Request) -> Response:
    """Draw the form for a new password; opening the link uses nothing up."""
    if answer := take_off_address_bar(request, "reset", paths.RESET_PASSWORD):
        return answer
    return await _reset_page(request)


async def _reset_page(request: Request, *problems: Problem, email: str = "") -> Response:
    secret, shortest = link_secret(request, "reset"), 0
    if secret and not email:
        try:
            shortest = await in_thread(lambda s: recovery.shortest(s, secret, utc_now()))
        except DomainError as error:
            # Said before anybody thinks of a new password for a link that is over.
            problems = problems or (problem(error),)
    return await plain.page(
        request,
        "identity/reset_password.html",
        title=_("Choose a new password"),
        problems=problems,
        values={"email": email},
        shortest=shortest,
        over=bool(secret) and not email and not shortest,
    )


async def post_reset(request: Request) -> Response:
    """Set the new password and end every session; a refused password leaves the link good."""
    if not await is_our_form(request):
        return await _reset_page(request, Problem(_(STALE)))
    form = await request.form()
    if "code" in form:
        return await _code_for_reset(request, form)
    secret, password = link_secret(request, "reset"), text(form, "password")
    try:
        if not password:
            raise sign_up.BadField(sign_up.NO_PASSWORD, field="password")
        await count_link(request)
        user = await in_thread(lambda s: recovery.whose_reset(s, secret, utc_now()))
        at_least = await in_thread(lambda s: recovery.shortest(s, secret, utc_now()))
        hashed = await slowly(recovery.check_new, user, password, at_least)
        await in_thread(lambda s: recovery.reset(s, visitor(request), secret, hashed, utc_now()))
    except DomainError as error:
        return await _reset_page(request, problem(error))
    answer = see(paths.SIGN_IN, done="reset")
    drop_link_secret(answer, "reset")
    return answer


async def _code_for_reset(request: Request, form: FormData) -> Response:
    try:
        secret = await secret_of_code(request, form, "reset")
    except DomainError as error:
        return await _reset_page(request, problem(error), email=text(form, "email"))
    answer = see(paths.RESET_PASSWORD)
    keep_link_secret(answer, "reset", secret)
    return answer


async def show_unlock(request: Request) -> Response:
    """Draw the form that asks for the link, or the page of a link that was opened."""
    if answer := take_off_address_bar(request, "unlock", paths.UNLOCK_ACCOUNT):
        return answer
    return await _unlock_page(request)


async def _unlock_page(
    request: Request,
    *problems: Problem,
    email: str = "",
    sent: bool = False,
    by_code: bool = False,
) -> Response:
    return await plain.page(
        request,
        "identity/unlock_account.html",
        title=_("Check your email") if sent else _("Unlock account"),
        problems=problems,
        values={"email": email},
        has_link=bool(link_secret(request, "unlock")) and not sent,
        sent=sent,
        by_code=by_code,
    )


async def post_unlock(request: Request) -> Response:
    """Send the link that unlocks (one answer for every address), or unlock by it at once."""
    form = await request.form()
    typed, secret = text(form, "email"), link_secret(request, "unlock")
    if not await is_our_form(request):
        return await _unlock_page(request, Problem(_(STALE)), email=typed)
    if "code" in form:
        return await _unlock_by_code(request, form)
    if text(form, "act") == "unlock":
        return await _unlock(request, secret)
    try:
        async with paced(limits.ANSWER_AFTER):
            email = sign_up.email_of(typed)
            await count_form(request)
            await in_thread(lambda s: recovery.ask_to_unlock(s, visitor(request), email, utc_now()))
    except DomainError as error:
        return await _unlock_page(request, problem(error), email=typed)
    return await _unlock_page(request, email=email, sent=True)


async def _unlock_by_code(request: Request, form: FormData) -> Response:
    try:
        secret = await secret_of_code(request, form, "unlock")
    except DomainError as error:
        return await _unlock_page(request, problem(error), email=text(form, "email"), by_code=True)
    return await _unlock(request, secret)


async def _unlock(request: Request, secret: str) -> Response:
    try:
        await count_link(request)
        await in_thread(lambda s: recovery.unlock(s, visitor(request), secret, utc_now()))
    except DomainError as error:
        return await _unlock_page(request, problem(error))
    answer = see(paths.SIGN_IN, done="unlocked")
    drop_link_secret(answer, "unlock")
    return answer


routes = [
    Route(paths.ACTIVATE, show_activate),
    Route(paths.ACTIVATE, post_activate, methods=["POST"]),
    Route(paths.FORGOT_PASSWORD, show_forgot),
    Route(paths.FORGOT_PASSWORD, post_forgot, methods=["POST"]),
    Route(paths.RESET_PASSWORD, show_reset),
    Route(paths.RESET_PASSWORD, post_reset, methods=["POST"]),
    Route(paths.UNLOCK_ACCOUNT, show_unlock),
    Route(paths.UNLOCK_ACCOUNT, post_unlock, methods=["POST"]),
]
