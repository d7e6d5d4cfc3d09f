"""Signing up, in and out. Fields that are secrets come here by POST and go nowhere else."""

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import routes as paths
from portal.domain.identity import limits, sessions, sign_in, sign_up
from portal.domain.identity.sign_in import Outcome, Result
from portal.domain.settings import operations
from portal.http import passkeys, plain
from portal.http.forms import (
    Busy,
    count_form,
    hashed_match,
    link_secret,
    see,
    slowly,
    text,
    visitor,
)
from portal.http.plain import Problem, problem
from portal.http.request import (
    actor_of,
    client_ip,
    forget_cookies,
    has_ended,
    is_our_form,
    keep_step,
    path_only,
    session_hash,
    set_session_cookie,
)
from portal.kit.clock import utc_now
from portal.kit.db import in_thread
from portal.kit.errors import DomainError
from portal.kit.pace import paced
from portal.kit.text import N_, _

# Browsers drop what they keep of us. Not "cookies": the browser's own id would go with them, and
# each sign-in after a sign-out would be told to the owner as one from a new browser.
_FORGET = '"cache", "storage"'
NOT_THIS_PASSKEY = N_(
    "We could not sign you in with this passkey. It may have been removed. Try another way."
)


async def done(request: Request) -> str:
    """Return what the page that led here has to say, out of a fixed list."""
    named, wanted = request.query_params.get("done", ""), request.query_params.get("next", "")
    if wanted and not named and await has_ended(request):
        named = "ended"
    words = {
        "activated": _("Your account has been activated. Sign in with your email and password."),
        "reset": _("Your password is changed, and every browser was signed out. Sign in again."),
        "unlocked": _("Your account is unlocked. Sign in now."),
        "step-over": _("That took too long, or too many codes were wrong. Sign in again."),
        "again": _("To protect your account, sign in again to do this."),
        "ended": _(
            "You are no longer signed in here: the time was over, or you were signed out from"
            " another browser. Sign in to go on where you were."
        ),
        "signed-out": _("You are signed out."),
        "everywhere": _("You are signed out in every browser."),
        "email": _("Your email address is changed. Sign in with the new one."),
        "closed": _("Your account is closed, and you are signed out in every browser."),
        "enrolled": _("Your password and second factor are set. Sign in with both."),
    }
    return words.get(named, "")


async def show_sign_in(request: Request) -> Response:
    """Draw the sign-in; one who is signed in and was led nowhere goes home."""
    wanted = request.query_params.get("next", "")
    if not wanted and (await actor_of(request)).is_resident:
        return see(paths.HOME)
    if not wanted and link_secret(request, "invitation"):
        # Who signed up to accept an invitation comes back to it after all the mails.
        wanted = paths.link(paths.INVITATION)
    return await _sign_in_page(request, next_path=path_only(wanted, ""), done=await done(request))


async def _sign_in_page(
    request: Request,
    *,
    next_path: str,
    status: int = 200,
    done: str = "",
    problems: tuple[Problem, ...] = (),
    email: str = "",
    remember: bool = False,
) -> Response:
    return await plain.page(
        request,
        "identity/sign_in.html",
        title=_("Sign in to community access services."),
        status=status,
        problems=problems,
        values={"email": email, "remember": "on" if remember else ""},
        next_path=next_path,
        done=done,
    )


async def post_sign_in(request: Request) -> Response:
    """Sign in: count, hash, conclude; a new session each time, the old one ended."""
    form = await request.form()
    email, password = text(form, "email"), text(form, "password")
    wanted, remember = path_only(form.get("next"), ""), text(form, "remember") == "on"
    if not await is_our_form(request):
        return await plain.stale(
            request,
            "identity/sign_in.html",
            title=_("Sign in to community access services."),
            values={"email": email},
            next_path=wanted,
            done="",
        )
    if "credential" in form:
        return await _by_passkey(request, form, wanted, remember)
    if missing := _missing(email, password):
        return await _sign_in_page(
            request, next_path=wanted, problems=missing, email=email, remember=remember
        )
    try:
        async with paced(limits.ANSWER_AFTER):
            result = await attempt(request, email, password, remember=remember)
    except Busy as error:
        return await _sign_in_page(
            request,
            next_path=wanted,
            status=503,
            problems=(problem(error),),
            email=email,
            remember=remember,
        )
    if result.outcome is Outcome.UNVERIFIED:
        return await verify_page(request, email.strip())
    if result.outcome not in (Outcome.SIGNED_IN, Outcome.SECOND_STEP):
        return await _sign_in_page(
            request,
            next_path=wanted,
            problems=(refusal(result),),
            email=email,
            remember=remember,
        )
    return signed_in(result, wanted or paths.link(paths.HOME), remember)


async def _by_passkey(request: Request, form: FormData, wanted: str, remember: bool) -> Response:
    result = await passkeys.sign_in(request, form, remember=remember)
    if result.outcome is not Outcome.SIGNED_IN:
        return await _sign_in_page(
            request,
            next_path=wanted,
            problems=(Problem(_(NOT_THIS_PASSKEY)),),
            remember=remember,
        )
    await end_session_before(request)
    return signed_in(result, wanted or paths.link(paths.HOME), remember)


def _missing(email: str, password: str) -> tuple[Problem, ...]:
    found = []
    if not email.strip():
        found.append(Problem(_("Enter your email address."), "email"))
    if not password:
        found.append(Problem(_("Enter your password."), "password"))
    return tuple(found)


async def attempt(
    request: Request,
    email: str,
    password: str,
    *,
    remember: bool = False,
    staff: bool = False,
    code: str = "",
) -> Result:
    """Make one attempt to sign in, in its three steps; the session that was here ends with it.

    Raises Busy before the first.
    """
    ip, now = client_ip(request), utc_now()
    admission, correct = await hashed_match(
        lambda s: sign_in.admit(s, email, ip, now, staff=staff), password
    )
    agent = request.headers.get("user-agent", "")
    result = await in_thread(
        lambda s: sign_in.conclude(
            s, admission, correct, now, remember=remember, user_agent=agent, code=code
        )
    )
    if result.outcome is Outcome.SIGNED_IN:
        await end_session_before(request)
    return result


async def end_session_before(request: Request) -> None:
    """End the session that the browser had when it signed in anew."""
    before = session_hash(request.headers.get("cookie", ""))
    if before:
        await in_thread(lambda s: sessions.revoke(s, before, utc_now()))


def wait_words(minutes: int) -> str:
    """Return how long a lock still holds, for the end of a sentence."""
    if minutes <= 120:
        return _("in %(n)s minutes", n=minutes)
    return _("in %(n)s hours", n=-(-minutes // 60))


def refusal(result: Result, *, staff: bool = False) -> Problem:
    """Return the sentence of a refused attempt: one for every address, known or unknown."""
    if result.outcome is Outcome.LOCKED:
        wait = wait_words(result.minutes)
        if staff:
            return Problem(_("Too many wrong tries. Try again %(wait)s.", wait=wait))
        return Problem(
            _(
                "Too many wrong tries. Try again %(wait)s, or choose Unlock account? below to"
                " unlock it at once by email.",
                wait=wait,
            )
        )
    if staff:
        return Problem(_("The email address, password or code is not right."), "email")
    return Problem(_("The email address or password is not right."), "email")


def signed_in(result: Result, target: str, remember: bool) -> Response:
    """Lead on after the first factor: with a new session, or to the second step."""
    if result.outcome is Outcome.SECOND_STEP:
        answer = see(paths.SECOND_STEP, next=target)
        keep_step(answer, result.secret)
        return answer
    answer = see(paths.HOME)
    answer.headers["location"] = target
    month = int(limits.REMEMBERED_TOTAL.total_seconds())
    set_session_cookie(answer, result.secret, month if remember else None)
    return answer


async def post_sign_out(request: Request) -> Response:
    """End this session, or every one; tell the browser to forget what it kept."""
    if not await is_our_form(request):
        return await plain.stale(
            request,
            "identity/sign_in.html",
            title=_("Sign in to community access services."),
            next_path="",
            done="",
        )
    actor = await actor_of(request)
    everywhere = request.scope["path"] == paths.POST_SIGN_OUT_EVERYWHERE
    act = operations.sign_out_everywhere if everywhere else sign_in.sign_out
    await in_thread(lambda s: act(s, actor, utc_now()))
    staff = actor.role in sessions.STAFF_ROLES
    return gone(
        request,
        paths.ADMIN_SIGN_IN if staff else paths.SIGN_IN,
        done="everywhere" if everywhere else "signed-out",
    )


def gone(request: Request, path: str, done: str) -> Response:
    """Lead one whose session ended to a sign-in; the browser forgets what it kept of us."""
    answer = see(path, done=done)
    answer.headers["clear-site-data"] = _FORGET
    forget_cookies(request, answer)
    return answer


async def show_sign_up(request: Request) -> Response:
    """Draw the sign-up form."""
    return await _sign_up_page(request)


async def _sign_up_page(
    request: Request, values: dict[str, str] | None = None, *problems: Problem
) -> Response:
    return await plain.page(
        request,
        "identity/sign_up.html",
        title=_("Create an account"),
        problems=problems,
        values=values,
        shortest=limits.PASSWORD_MIN,
    )


async def post_sign_up(request: Request) -> Response:
    """Take a sign-up; known and unknown addresses are answered alike, by mail."""
    form = await request.form()
    kept = {name: text(form, name) for name in ("email", "first_name", "last_name")}
    if not await is_our_form(request):
        return await plain.stale(
            request,
            "identity/sign_up.html",
            title=_("Create an account"),
            values=kept,
            shortest=limits.PASSWORD_MIN,
        )
    try:
        async with paced(limits.ANSWER_AFTER):
            await count_form(request)
            newcomer = await slowly(
                sign_up.read_form,
                kept["email"],
                text(form, "password"),
                kept["first_name"],
                kept["last_name"],
            )
            now = utc_now()
            await in_thread(lambda s: sign_up.sign_up(s, visitor(request), newcomer, now))
    except DomainError as error:
        return await _sign_up_page(request, kept, *map(problem, error.each))
    return await verify_page(request, newcomer.email)


async def verify_page(request: Request, email: str, *problems: Problem, done: str = "") -> Response:
    """Say that the mail is on its way, with the button that sends it again."""
    return await plain.page(
        request,
        "identity/verify_email.html",
        title=_("Verification email sent") if email else _("Send the verification email again"),
        problems=problems,
        values={"email": email},
        done=done,
    )


async def show_verify(request: Request) -> Response:
    """Draw the form that asks for the activation mail again."""
    return await verify_page(request, "")


async def post_verify(request: Request) -> Response:
    """Send the activation mail again: one answer for every address."""
    form = await request.form()
    typed = text(form, "email")
    if not await is_our_form(request):
        return await plain.stale(
            request,
            "identity/verify_email.html",
            title=_("Send the verification email again"),
            values={"email": typed},
            done="",
        )
    try:
        async with paced(limits.ANSWER_AFTER):
            email = sign_up.email_of(typed)
            await count_form(request)
            now = utc_now()
            await in_thread(lambda s: sign_up.resend(s, visitor(request), email, now))
    except DomainError as error:
        return await verify_page(request, typed, problem(error))
    return await verify_page(request, email, done=_("We sent the email again."))


routes = [
    Route(paths.SIGN_IN, show_sign_in),
    Route(paths.SIGN_IN, post_sign_in, methods=["POST"]),
    Route(paths.POST_SIGN_OUT, post_sign_out, methods=["POST"]),
    Route(paths.POST_SIGN_OUT_EVERYWHERE, post_sign_out, methods=["POST"]),
    Route(paths.SIGN_UP, show_sign_up),
    Route(paths.SIGN_UP, post_sign_up, methods=["POST"]),
    Route(paths.VERIFY_EMAIL, show_verify),
    Route(paths.VERIFY_EMAIL, post_verify, methods=["POST"]),
]
