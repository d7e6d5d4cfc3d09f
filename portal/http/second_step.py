"""The second step of a resident's sign-in: after the password, before the session."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import routes as paths
from portal.cities import city
from portal.domain.identity import second_step
from portal.domain.identity.sign_in import Outcome, Result
from portal.http import plain
from portal.http.forms import see, text
from portal.http.identity import NOT_THIS_PASSKEY, end_session_before, signed_in, wait_words
from portal.http.passkeys import answer_of, caller
from portal.http.plain import STALE, Problem
from portal.http.request import drop_step, is_our_form, path_only, step_secret
from portal.kit.clock import utc_now
from portal.kit.db import in_thread
from portal.kit.text import _


async def show(request: Request) -> Response:
    """Draw the step for a browser that passed the first factor; any other goes back to it."""
    return await _page(request, path_only(request.query_params.get("next"), ""))


async def _page(request: Request, wanted: str, *problems: Problem) -> Response:
    secret = step_secret(request)
    factors = await in_thread(lambda s: second_step.look(s, secret, utc_now()))
    if factors is None:
        return _over(wanted)
    contact = city().contact
    return await plain.page(
        request,
        "identity/second_step.html",
        title=_("Confirm that it is you"),
        problems=problems,
        factors=factors,
        next_path=wanted,
        office=contact.office.say(),
        phone=contact.phone,
    )


def _over(wanted: str) -> Response:
    answer = see(paths.SIGN_IN, next=wanted, done="step-over")
    drop_step(answer)
    return answer


async def post(request: Request) -> Response:
    """Take the step with a code; the fifth wrong one leads back to the password."""
    form = await request.form()
    wanted = path_only(form.get("next"), "")
    if not await is_our_form(request):
        return await _page(request, wanted, Problem(_(STALE)))
    if "credential" in form:
        return await _by_passkey(request, form, wanted)
    field = "recovery_code" if "recovery_code" in form else "code"
    typed, secret, now = text(form, field), step_secret(request), utc_now()
    if not typed.strip():
        return await _page(request, wanted, Problem(_("Enter the code."), field))
    take = second_step.by_recovery_code if field == "recovery_code" else second_step.by_code
    result = await in_thread(lambda s: take(s, secret, typed, caller(request), now))
    return await _answer(request, result, wanted, field)


async def _by_passkey(request: Request, form: FormData, wanted: str) -> Response:
    answer, secret, now = answer_of(form), step_secret(request), utc_now()
    challenge = await in_thread(lambda s: second_step.challenge(s, secret, answer, now))
    result = await in_thread(
        lambda s: second_step.by_passkey(s, secret, answer, challenge, caller(request), now)
    )
    return await _answer(request, result, wanted, "")


async def _answer(request: Request, result: Result, wanted: str, field: str) -> Response:
    if result.outcome is Outcome.OVER:
        return _over(wanted)
    if result.outcome is not Outcome.SIGNED_IN:
        return await _page(request, wanted, _refusal(result, field))
    await end_session_before(request)
    answer = signed_in(result, wanted or paths.link(paths.HOME), result.remembered)
    drop_step(answer)
    return answer


def _refusal(result: Result, field: str) -> Problem:
    if result.outcome is Outcome.LOCKED:
        wait = wait_words(result.minutes)
        return Problem(_("Too many wrong codes. Try again %(wait)s.", wait=wait), field)
    if not field:
        return Problem(_(NOT_THIS_PASSKEY))
    if field == "recovery_code":
        return Problem(_("This recovery code is not right, or was used already."), field)
    return Problem(_("The code is not right. Enter the six digits your app shows now."), field)


routes = [
    Route(paths.SECOND_STEP, show),
    Route(paths.SECOND_STEP, post, methods=["POST"]),
]
