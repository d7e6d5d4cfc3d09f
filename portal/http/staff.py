"""The staff's door: password and second factor at once, and the enrolment that sets both."""

from markupsafe import Markup
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import routes as paths
from portal.domain.identity import limits, staff
from portal.domain.identity.sign_in import Outcome
from portal.domain.identity.sign_up import NO_PASSWORD, BadField
from portal.domain.identity.totp import AppKey
from portal.http import passkeys, plain
from portal.http.forms import (
    Busy,
    count_link,
    drop_link_secret,
    link_secret,
    see,
    slowly,
    take_off_address_bar,
    text,
    visitor,
)
from portal.http.identity import (
    NOT_THIS_PASSKEY,
    attempt,
    done,
    end_session_before,
    refusal,
    signed_in,
)
from portal.http.plain import STALE, Problem, problem
from portal.http.request import actor_of, is_our_form, path_only
from portal.kit.clock import utc_now
from portal.kit.db import in_thread
from portal.kit.errors import DomainError
from portal.kit.pace import paced
from portal.kit.text import _


async def show_sign_in(request: Request) -> Response:
    """Draw the staff's sign-in; staff who are signed in go on."""
    wanted = path_only(request.query_params.get("next"), "")
    if (await actor_of(request)).is_staff and not wanted:
        return see(paths.ADMIN)
    return await _sign_in_page(request, wanted, done=await done(request))


async def _sign_in_page(
    request: Request, next_path: str, *problems: Problem, email: str = "", done: str = ""
) -> Response:
    return await plain.page(
        request,
        "identity/admin_sign_in.html",
        title=_("Staff sign in"),
        problems=problems,
        values={"email": email},
        next_path=next_path,
        done=done,
    )


async def post_sign_in(request: Request) -> Response:
    """Sign a member of staff in with password and code; never remembered."""
    form = await request.form()
    email, password, code = text(form, "email"), text(form, "password"), text(form, "code")
    wanted = path_only(form.get("next"), "")
    if not await is_our_form(request):
        return await _sign_in_page(request, wanted, Problem(_(STALE)), email=email)
    if "credential" in form:
        return await _by_passkey(request, form, wanted)
    missing = [
        Problem(sentence, field)
        for field, value, sentence in (
            ("email", email.strip(), _("Enter your email address.")),
            ("password", password, _("Enter your password.")),
            ("code", code.strip(), _("Enter the code from your authenticator app.")),
        )
        if not value
    ]
    if missing:
        return await _sign_in_page(request, wanted, *missing, email=email)
    try:
        async with paced(limits.ANSWER_AFTER):
            result = await attempt(request, email, password, staff=True, code=code)
    except Busy as error:
        return await _sign_in_page(request, wanted, problem(error), email=email)
    if result.outcome is not Outcome.SIGNED_IN:
        return await _sign_in_page(request, wanted, refusal(result, staff=True), email=email)
    return signed_in(result, wanted or paths.link(paths.ADMIN), remember=False)


async def _by_passkey(request: Request, form: FormData, wanted: str) -> Response:
    result = await passkeys.sign_in(request, form, staff=True)
    if result.outcome is not Outcome.SIGNED_IN:
        return await _sign_in_page(request, wanted, Problem(_(NOT_THIS_PASSKEY)))
    await end_session_before(request)
    return signed_in(result, wanted or paths.link(paths.ADMIN), remember=False)


async def show_enrol(request: Request) -> Response:
    """Draw the first page of an enrolment link; opening it changes nothing."""
    if answer := take_off_address_bar(request, "enrol", paths.ADMIN_ENROL):
        return answer
    return await _enrol_page(request)


async def _enrol_page(
    request: Request, *problems: Problem, enrolment: AppKey | None = None
) -> Response:
    return await plain.page(
        request,
        "identity/admin_enrol.html",
        title=_("Set up your staff sign-in"),
        problems=problems,
        has_link=bool(link_secret(request, "enrol")),
        enrolment=enrolment,
        qr=Markup(enrolment.qr_svg) if enrolment is not None else "",
        shortest=limits.PASSWORD_MIN_WITH_SECOND_FACTOR,
    )


async def post_enrol(request: Request) -> Response:
    """Show the QR and key of the new second factor, then take password and first code."""
    if not await is_our_form(request):
        return await _enrol_page(request, Problem(_(STALE)))
    form, secret = await request.form(), link_secret(request, "enrol")
    try:
        await count_link(request)
        enrolment = await in_thread(lambda s: staff.begin_enrolment(s, secret, utc_now()))
    except DomainError as error:
        return await _enrol_page(request, problem(error))
    if text(form, "act") != "finish":
        return await _enrol_page(request, enrolment=enrolment)
    try:
        await _finish(request, enrolment.email, secret)
    except DomainError as error:
        return await _enrol_page(request, problem(error), enrolment=enrolment)
    answer = see(paths.ADMIN_SIGN_IN, done="enrolled")
    drop_link_secret(answer, "enrol")
    return answer


async def _finish(request: Request, email: str, secret: str) -> None:
    form = await request.form()
    password, code = text(form, "password"), text(form, "code")
    if not password:
        raise BadField(NO_PASSWORD, field="password")
    hashed = await slowly(staff.check_new, email, password)
    await in_thread(
        lambda s: staff.finish_enrolment(s, visitor(request), secret, hashed, code, utc_now())
    )


routes = [
    Route(paths.ADMIN_SIGN_IN, show_sign_in),
    Route(paths.ADMIN_SIGN_IN, post_sign_in, methods=["POST"]),
    Route(paths.ADMIN_ENROL, show_enrol),
    Route(paths.ADMIN_ENROL, post_enrol, methods=["POST"]),
]
