"""Drive a State's handler as the framework would: with a URL, a sealed session, a payload."""

from typing import Any, TypeVar
from uuid import uuid4

import reflex as rx
from reflex.istate.data import RouterData

from portal.domain.identity import sessions
from portal.kit.clock import utc_now
from portal.kit.db import transaction
from portal.models.identity import User

S = TypeVar("S", bound=rx.State)


def sign_in(user: User, *, second_factor: bool = False) -> str:
    """Return the hash of a new session of `user`, committed in the bound database."""
    with transaction() as session:
        secret = sessions.create(
            session, user, False, "192.0.2.1", "test", utc_now(), second_factor=second_factor
        )
    return sessions.hash_of(secret)


async def state_of(kind: type[S], *, session_hash: str = "", url: str = "/") -> S:
    """Return a fresh State of `kind` in a tab at `url`, of the session with that hash."""
    root = rx.State(_reflex_internal_init=True)  # type: ignore[call-arg]
    root.router_data = {
        **_place(url),
        "token": str(uuid4()),
        "headers": {
            "origin": "http://localhost:3000",
            **({"cookie": f"sid={session_hash}"} if session_hash else {}),
        },
    }
    root._update_router_vars(root.router_data, {})
    assert RouterData  # the router is rebuilt from the data above
    return await root.get_state(kind)


async def drive(
    kind: type[S],
    handler: str,
    *arguments: Any,
    as_: User | None = None,
    second_factor: bool | None = None,
    url: str = "/",
) -> S:
    """Return the State after its `handler` ran with `arguments`, `as_` a user or nobody.

    Staff pass the second factor unless `second_factor` says otherwise. What the handler returned
    (a redirect, say) is `state._returned`. The changed variables are serialised, as for a browser.
    """
    hashed = ""
    if as_ is not None:
        staff = as_.role in ("viewer", "administrator")
        hashed = sign_in(as_, second_factor=staff if second_factor is None else second_factor)
    state = await state_of(kind, session_hash=hashed, url=url)
    await run(state, handler, *arguments)
    return state


def go(state: rx.State, url: str) -> str:
    """Navigate the State's tab to `url`, as the next event would; return it."""
    root = state._get_root_state()
    root.router_data = root._update_router_vars(_place(url), root.router_data)
    return url


def _place(url: str) -> dict[str, Any]:
    path, _, query = url.partition("?")
    return {
        "pathname": path,
        "asPath": url,
        "query": dict(pair.split("=", 1) for pair in query.split("&") if pair),
    }


async def run(state: rx.State, handler: str, *arguments: Any) -> Any:
    """Run one more handler of `state`; return what it returned."""
    returned = await type(state).event_handlers[handler].fn(state, *arguments)
    object.__setattr__(state, "_returned", returned)
    state._get_root_state().get_delta()
    return returned


def leads_to(returned: Any) -> str:
    """Return the path that a handler redirects to, or ""."""
    if returned is None:
        return ""
    for name, value in returned.args:
        if str(name) == "path":
            return str(value._var_value)
    return ""
