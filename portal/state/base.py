"""What every State is built on: permission first, the actor from the database, errors in the page.

A handler is declared with `@handler(PERMISSION)`, the one that loads a page with
`@loader(PERMISSION)`. It is async, and does at most three things: read its arguments, make one
domain call through `self._ask(...)`, assign a view. Without the decorator an event is refused (see
`portal/state/guard.py`), whoever sends it.

What a State variable may hold (tried on Reflex 0.10.1, see tests/state/test_var_types.py):
str, int, bool, `Optional` of them, frozen dataclasses of these, `list[...]` and `tuple[X, ...]` of
frozen dataclasses (both work in `rx.foreach`, nested ones too), `dict[str, str]`. Write `list` for
what `rx.foreach` walks; a dataclass's fields are read as attributes (`row.amount`), its properties
and methods are not sent. Never a table row, Decimal, float, datetime, UUID or secret: they are
sent to the browser, whether the page draws them or not. A name that starts with `_` stays here.
"""

import asyncio
import functools
import inspect
import logging
import secrets
import typing
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from dataclasses import dataclass
from typing import Any, TypeVar

import reflex as rx
from sqlmodel import Session

from portal import routes, secret
from portal.domain.identity import sessions
from portal.domain.identity.actor import ANONYMOUS, Actor
from portal.domain.identity.permission import (
    ADMINISTRATOR,
    PUBLIC,
    RESIDENT,
    STAFF,
    Permission,
)
from portal.kit.clock import utc_now
from portal.kit.db import in_thread
from portal.kit.errors import DomainError
from portal.kit.text import N_, say, speaking

__all__ = [
    "ADMINISTRATOR",
    "PUBLIC",
    "RESIDENT",
    "STAFF",
    "Permission",
    "PortalState",
    "Problem",
    "handler",
    "loader",
]

T = TypeVar("T")
_LOG = logging.getLogger("portal.state")
_actor: ContextVar[Actor] = ContextVar("actor", default=ANONYMOUS)
_LONGEST_TEXT = 10_000
_CONCEALED_LONGEST = 1_500  # of 200 characters of four bytes
_SEALED = "sid="
_UNREADABLE = N_("We could not read that. Check it and try again.")
_UNEXPECTED = N_(
    "Something went wrong on our side and this was not done. Try again in a few minutes. "
    "If it happens again, call us and give this reference: %(reference)s."
)


@dataclass(frozen=True)
class Problem:
    """A sentence of the error summary, and the id of the field it leads to ("" for none)."""

    sentence: str = ""
    field: str = ""


def _printable(claim: str) -> str:
    # Neither NUL nor half a surrogate pair can be stored or sent on.
    return "".join(c if c.isprintable() else " " for c in claim)


class PortalState(rx.State):
    """The State that pages' States derive from; it holds what the shell shows of any of them."""

    problems: list[Problem] = []
    field_errors: dict[str, str] = {}
    # Said politely and kept until the next act: "Saved."
    notice: str = ""
    # The address that was loaded last, "" while none is: what the tab holds, problems and notice
    # too, is about that address and drawn at no other.
    loaded_at: str = ""
    # What that address names was not found, or could not be read: nothing of it is drawn.
    missing: bool = False
    # A remembered session, which may look: a form of a sensitive act asks for the sign-in before
    # anything is typed into it, as the way there and back would lose that.
    only_looks: bool = False

    def _actor(self) -> Actor:
        """Return who makes this event, as the database said when it began."""
        return _actor.get()

    def _query(self, name: str, longest: int = 200) -> str:
        """Return a value of the page's URL query, "" where it is missing. It is a claim."""
        return _printable(str(self.router.url.query_parameters.get(name, ""))[:longest])

    def _searched(self, name: str) -> str:
        """Return searched words of the page's URL query, where they stand concealed. A claim."""
        return _printable(secret.reveal(self._query(name, _CONCEALED_LONGEST)))[:200]

    def _path(self) -> str:
        """Return the page's path with its query, to come back to."""
        return path_of(self)

    def _language(self) -> str:
        """Return the page's language, by its path."""
        return language_of(self.router.url.path)

    async def _ask(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Make a domain call `call(session, actor, *arguments)` in one transaction on a thread."""
        actor = self._actor()
        return await in_thread(lambda session: call(session, actor, *arguments, **named))

    async def _in_thread(self, work: Callable[[Session], T]) -> T:
        """Run `work(session)` in one transaction on a thread, where `_ask` does not fit."""
        return await in_thread(work)

    async def _off_loop(self, call: Callable[..., T], *arguments: Any) -> T:
        """Call `call(actor, *arguments)` on a thread; it opens its own transactions.

        For what asks somebody outside: no transaction may be open during such a call.
        """
        return await asyncio.to_thread(copy_context().run, call, self._actor(), *arguments)

    def _show(self, error: DomainError) -> None:
        """Show an expected refusal at the top and, where it names one, at its field."""
        for one in error.each:
            sentence = say(one)
            self.problems = [*self.problems, Problem(sentence, one.field)]
            if one.field:
                self.field_errors = {**self.field_errors, one.field: sentence}

    def _leave_other_page(self) -> None:
        """Forget what another page loaded, so that coming back to it shows nothing of then."""
        if self.loaded_at.partition("?")[0] != self.router.url.path:
            self.loaded_at = ""

    def _clear(self) -> None:
        """Forget what the last act had to say."""
        if self.problems:
            self.problems = []
        if self.field_errors:
            self.field_errors = {}
        if self.notice:
            self.notice = ""


async def actor_of(state: Any) -> Actor:
    """Return who a State's socket belongs to, asked of the database now."""
    # A hash of the session that the socket layer sealed into the headers, never the secret.
    id_hash = state.router.headers.cookie.removeprefix(_SEALED)
    if not id_hash:
        return ANONYMOUS
    now = utc_now()
    return await in_thread(lambda session: sessions.resolve(session, id_hash, now)) or ANONYMOUS


def language_of(path: str) -> str:
    """Return the language of a page, by its path."""
    return "es" if path == "/es" or path.startswith("/es/") else "en"


def path_of(state: Any) -> str:
    """Return the path with its query that a State's page is at. It is a claim."""
    url = state.router.url
    path: str = url.path + (f"?{url.query}" if url.query else "")
    return path.encode("utf-8", "replace").decode()


def refusal(permission: Permission, path: str) -> Any:
    """Return the event that leads to the sign-in that `permission` asks for.

    A public handler that is refused (its session ended) leads to the sign-in of its page.
    """
    public = permission is PUBLIC and "/admin" in path.partition("?")[0]
    staff = public or permission in (STAFF, ADMINISTRATOR)
    return rx.redirect(routes.link(routes.ADMIN_SIGN_IN if staff else routes.SIGN_IN, next=path))


def handler(
    permission: Permission, *, arriving: bool = False, aside: bool = False
) -> Callable[[Callable[..., Any]], Any]:
    """Declare an event handler and who may call it.

    `aside`: a look while typing and no act of its own, so what the last act had to say stays.

    Arguments are of type str, int, bool, `list[str]` or `dict[str, str]` (a form), each checked:
    the framework does not, and a browser may send anything.

    What is pressed acts on what the tab holds. It is not done where that is another address's data
    by now: somebody went back, and pressed before the answer came. `arriving` is part of a load.
    """

    def declare(fn: Callable[..., Any]) -> Any:
        if not inspect.iscoroutinefunction(fn):
            raise TypeError(f"{fn.__qualname__} must be async: a handler may not hold the loop")
        kinds, shape = _kinds(fn), inspect.signature(fn)

        @functools.wraps(fn)
        async def run(self: PortalState, *args: Any, **kwargs: Any) -> Any:
            with speaking(self._language()):
                args = tuple(_form(value) for value in args)
                kwargs = {name: _form(value) for name, value in kwargs.items()}
                if not _fits(shape, kinds, self, args, kwargs):
                    _LOG.warning("%s: arguments of a wrong number or type", fn.__qualname__)
                    self._show(DomainError(_UNREADABLE))
                    return None
                if not aside:
                    self._clear()
                actor = await actor_of(self)
                # An ended session on an open socket is refused even what is public.
                ended = actor.user_id is None and bool(self.router.headers.cookie)
                if ended or not permission.allows(actor):
                    return refusal(permission, self._path())
                if arriving:
                    self._leave_other_page()
                elif self.loaded_at not in ("", self._path()):
                    return None
                token = _actor.set(actor)
                try:
                    return await fn(self, *args, **kwargs)
                except sessions.FreshSignInNeeded:
                    # A session may look; for this act one signs in again and comes back.
                    door = routes.ADMIN_SIGN_IN if actor.is_staff else routes.SIGN_IN
                    return rx.redirect(routes.link(door, next=self._path(), done="again"))
                except DomainError as error:
                    self._show(error)
                except Exception:
                    self._show(_unexpected(fn))
                finally:
                    _actor.reset(token)
                return None

        run.__permission__ = permission  # type: ignore[attr-defined]
        return rx.event(run)

    return declare


def loader(permission: Permission) -> Callable[[Callable[..., Any]], Any]:
    """Declare the handler that loads a page, and who may call it.

    When it ends, what it assigned is drawn at the address it ran for, and only there. When it
    raises, nothing is drawn but what `handler` says of it.
    """

    def declare(fn: Callable[..., Any]) -> Any:
        @functools.wraps(fn)
        async def load(self: PortalState, *args: Any, **kwargs: Any) -> Any:
            # The framework cancels a load when its reader goes on: then this stands.
            self.loaded_at = ""
            try:
                answer = await fn(self, *args, **kwargs)
            except Exception:
                self.loaded_at, self.missing = self._path(), True
                raise
            self.loaded_at, self.missing = self._path(), False
            self.only_looks = sessions.only_looks(self._actor(), utc_now())
            return answer

        return handler(permission, arriving=True)(load)

    return declare


def _unexpected(fn: Callable[..., Any]) -> DomainError:
    reference = secrets.token_hex(4).upper()
    _LOG.exception("%s failed, reference %s", fn.__qualname__, reference)
    return DomainError(_UNEXPECTED, reference=reference)


def _kinds(fn: Callable[..., Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(fn)
    kinds = {name: hints.get(name) for name in list(inspect.signature(fn).parameters)[1:]}
    for name, kind in kinds.items():
        if kind not in (str, int, bool, list[str], dict[str, str]):
            raise TypeError(f"{fn.__qualname__}: {name} must be str, int, bool, list or form")
    return kinds


def _form(value: Any) -> Any:
    # Reflex's script reads a ticked box as true, one that is not as false, and a field that is
    # not drawn just now as null. A form says "on", and nothing for the other two.
    if not isinstance(value, dict):
        return value
    return {
        name: "on" if field is True else field
        for name, field in value.items()
        if field is not None and field is not False
    }


def _fits(shape: inspect.Signature, kinds: dict[str, Any], *call: Any) -> bool:
    state, args, kwargs = call
    try:
        bound = shape.bind(state, *args, **kwargs)
    except TypeError:
        return False
    return all(_is(bound.arguments[n], kind) for n, kind in kinds.items() if n in bound.arguments)


def _is_text(value: str) -> bool:
    # JSON may carry NUL and half a surrogate pair, which no column and no link can.
    return "\x00" not in value and not any("\ud800" <= c <= "\udfff" for c in value)


def _is(value: Any, kind: Any) -> bool:
    if kind is str:
        return isinstance(value, str) and len(value) <= _LONGEST_TEXT and _is_text(value)
    if kind is int:
        return type(value) is int and abs(value) < 2**63
    if kind is bool:
        return type(value) is bool
    if kind == list[str]:
        return isinstance(value, list) and len(value) <= 500 and all(_is(v, str) for v in value)
    return isinstance(value, dict) and all(_is(k, str) and _is(v, str) for k, v in value.items())
