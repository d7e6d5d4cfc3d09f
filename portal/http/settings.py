"""Account Settings, what asks for a secret: Change Password. The page's own forms are Reflex's."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import routes as paths
from portal.domain.identity import limits, passwords, sign_up
from portal.domain.identity.actor import Actor
from portal.domain.identity.sessions import FreshSignInNeeded
from portal.domain.identity.sign_in import Outcome
from portal.domain.settings import password as passwords_of
from portal.domain.settings import proof
from portal.http import plain
from portal.http.forms import a_place, hashed, see, slowly, text
from portal.http.identity import refusal
from portal.http.plain import STALE, Problem, problem
from portal.http.request import actor_of, is_our_form, set_session_cookie
from portal.kit.clock import utc_now
from portal.kit.db import in_thread
from portal.kit.errors import DomainError
from portal.kit.pace import paced
from portal.kit.text import _


class Unproven(Exception):
    """The password that was typed is not the actor's; the problem says so at its field."""

    def __init__(self, problem: Problem) -> None:
        """Keep the problem."""
        super().__init__(problem.sentence)
        self.problem = problem


def sign_in_first(path: str, *, again: bool = False) -> Response:
    """Lead to the sign-in and back to `path`."""
    return see(paths.SIGN_IN, next=paths.link(path), done="again" if again else "")


async def prove(actor: Actor, typed: str) -> None:
    """Check the actor's own password, counted like a sign-in.

    Raises Unproven and Busy, and FreshSignInNeeded where there is no password to check and the
    sign-in is not fresh.
    """
    now = utc_now()
    async with a_place():
        admission = await in_thread(lambda s: proof.admit(s, actor, now))
        if admission is None:
            return
        correct = admission.admitted and await hashed(
            passwords.matches, admission.password_hash, typed
        )
    wrong = await in_thread(lambda s: proof.conclude(s, actor, admission, correct, now))
    if wrong is None:
        return
    if wrong.outcome is Outcome.LOCKED:
        raise Unproven(refusal(wrong, staff=True))
    raise Unproven(Problem(_("The current password is not right."), "current"))


async def show_password(request: Request) -> Response:
    """Draw Change Password."""
    actor = await actor_of(request)
    if not actor.is_resident:
        return sign_in_first(paths.SETTINGS_PASSWORD)
    return await _password_page(request, actor)


async def _password_page(request: Request, actor: Actor, *problems: Problem) -> Response:
    return await plain.page(
        request,
        "settings/password.html",
        title=_("Change Password"),
        problems=problems,
        shortest=await in_thread(lambda s: passwords_of.shortest(s, actor)),
        has_password=await in_thread(lambda s: proof.has_password(s, actor)),
    )


async def post_password(request: Request) -> Response:
    """Set the new password: this browser stays signed in under a new secret, all others end."""
    actor, form = await actor_of(request), await request.form()
    if not actor.is_resident:
        return sign_in_first(paths.SETTINGS_PASSWORD)
    if not await is_our_form(request):
        return await _password_page(request, actor, Problem(_(STALE)))
    try:
        async with paced(limits.ANSWER_AFTER):
            secret = await _new_password(actor, text(form, "current"), text(form, "password"))
    except FreshSignInNeeded:
        return sign_in_first(paths.SETTINGS_PASSWORD, again=True)
    except Unproven as wrong:
        return await _password_page(request, actor, wrong.problem)
    except DomainError as error:
        return await _password_page(request, actor, problem(error))
    answer = see(paths.SETTINGS, done="password")
    month = int(limits.REMEMBERED_TOTAL.total_seconds())
    set_session_cookie(answer, secret, month if actor.remembered else None)
    return answer


async def _new_password(actor: Actor, current: str, new: str) -> str:
    if not new:
        raise sign_up.BadField(sign_up.NO_PASSWORD, field="password")
    user = await in_thread(lambda s: proof.owner(s, actor))
    at_least = await in_thread(lambda s: passwords_of.shortest(s, actor))
    # What may be had is said first: a new password that is refused costs no try at the old one.
    digest = await slowly(passwords_of.check_new, user, current, new, at_least)
    await prove(actor, current)
    return await in_thread(lambda s: passwords_of.change(s, actor, digest, utc_now()))


routes = [
    Route(paths.SETTINGS_PASSWORD, show_password),
    Route(paths.SETTINGS_PASSWORD, post_password, methods=["POST"]),
]
