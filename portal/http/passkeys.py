"""What a browser's passkey dialogue asks of us: options to start with; and signing in with one."""

import json

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from portal import routes as paths
from portal.domain.identity import (
    limits,
    passkey_sign_in,
    passkeys,
    second_step,
    security,
    throttles,
)
from portal.domain.identity.addresses import ip_key
from portal.domain.identity.passkey_sign_in import Caller
from portal.domain.identity.sessions import FreshSignInNeeded
from portal.domain.identity.sign_in import Result
from portal.http.forms import again_path, text
from portal.http.plain import STALE
from portal.http.request import actor_of, client_ip, is_our_form, step_secret
from portal.kit.clock import utc_now
from portal.kit.db import in_thread
from portal.kit.errors import DomainError
from portal.kit.text import N_, _, say

# A passkey's answer with the largest key and signature in use is a third of this.
_LONGEST = 8_000


def caller(request: Request) -> Caller:
    """Return the browser that signs in."""
    return Caller(client_ip(request), request.headers.get("user-agent", ""))


def answer_of(form: FormData) -> str:
    """Return what the device answered, "" where there is nothing or too much."""
    value = form.get("credential", "")
    return value if isinstance(value, str) and len(value) <= _LONGEST else ""


async def sign_in(
    request: Request, form: FormData, *, remember: bool = False, staff: bool = False
) -> Result:
    """Sign in with a passkey alone."""
    answer, now = answer_of(form), utc_now()
    challenge = await in_thread(lambda s: passkeys.challenge_to_sign(s, None, answer, now))
    return await in_thread(
        lambda s: passkey_sign_in.by_passkey(
            s, answer, challenge, caller(request), now, remember=remember, staff=staff
        )
    )


async def post_options(request: Request) -> Response:
    """Give the page's script what it hands to the browser; counted for the network."""
    if not await is_our_form(request):
        return JSONResponse({"problem": _(STALE)}, 403)
    form, now = await request.form(), utc_now()
    bucket = f"passkey:{ip_key(client_ip(request))}"
    if not await in_thread(
        lambda s: throttles.take(s, bucket, limits.CHALLENGES_AN_HOUR_IP, limits.FORMS_WINDOW, now)
    ):
        return _problem(
            DomainError(
                N_("Too many requests came from your network. Try again in an hour, or call us.")
            )
        )
    try:
        options = await _options(request, text(form, "purpose"))
    except FreshSignInNeeded:
        return JSONResponse({"go": await again_path(request, paths.SETTINGS_SECURITY)})
    except DomainError as error:
        return _problem(error)
    return JSONResponse({"options": json.loads(options)})


async def _options(request: Request, purpose: str) -> str:
    now = utc_now()
    if purpose == "register":
        actor = await actor_of(request)
        return await in_thread(lambda s: security.options(s, actor, now))
    if purpose == "second_step":
        secret = step_secret(request)
        return await in_thread(lambda s: second_step.options(s, secret, now))
    return await in_thread(lambda s: passkeys.options_to_sign(s, None, now))


def _problem(error: DomainError) -> Response:
    return JSONResponse({"problem": say(error)}, 422)


routes = [Route(paths.POST_PASSKEY, post_options, methods=["POST"])]
