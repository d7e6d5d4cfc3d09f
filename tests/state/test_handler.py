"""The handler decorator and the guard: who passes, what is shown, what never happens."""

from typing import Any

import pytest
from reflex_base.event import Event
from sqlalchemy import Engine

from portal.domain.identity import sessions
from portal.kit.clock import utc_now
from portal.kit.db import transaction
from portal.kit.errors import DomainError
from portal.state import base
from portal.state.base import ADMINISTRATOR, PUBLIC, RESIDENT, STAFF, PortalState, handler
from portal.state.guard import Guard, permission_of
from tests import factories
from tests.state.drive import drive, leads_to, run, sign_in, state_of


class SampleState(PortalState):
    """A State with one handler of every kind."""

    done: str = ""

    @handler(PUBLIC)
    async def anyone(self) -> None:
        """Do what anyone may."""
        self.done = "anyone"

    @handler(RESIDENT)
    async def resident(self, text: str, times: int) -> None:
        """Do what residents may."""
        self.done = text * times

    @handler(STAFF)
    async def staff(self) -> None:
        """Do what staff may."""
        self.done = self._actor().role

    @handler(ADMINISTRATOR)
    async def administrator(self) -> None:
        """Do what administrators may."""
        self.done = self._actor().role

    @handler(PUBLIC)
    async def form(self, form: dict[str, str]) -> None:
        """Refuse what was typed."""
        raise DomainError("Enter an amount up to %(most)s.", field="amount", most="$12.00")

    @handler(PUBLIC)
    async def broken(self) -> None:
        """Fail unexpectedly."""
        raise RuntimeError("secret detail")

    def helper(self, role: str = "admin") -> None:
        """Not a handler, though the framework registers it."""
        self.done = role


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (None, {"anyone"}),
        ("resident", {"anyone", "resident"}),
        ("viewer", {"anyone", "staff"}),
        ("administrator", {"anyone", "staff", "administrator"}),
    ],
)
async def test_each_role_passes_where_it_may(
    database: Engine, role: str | None, allowed: set[str]
) -> None:
    user = None
    if role:
        with transaction() as session:
            user = factories.user(session, role=role)
    for name in ("anyone", "resident", "staff", "administrator"):
        arguments = ("ab", 2) if name == "resident" else ()
        state = await drive(SampleState, name, *arguments, as_=user, url="/cart?a=1")
        assert bool(state.done) == (name in allowed), name
        if name not in allowed:
            staff = name != "resident"
            path = "/admin/sign-in" if staff else "/sign-in"
            assert leads_to(state._returned) == f"{path}?next=%2Fcart%3Fa%3D1"


async def test_staff_without_the_second_factor_is_nobody(database: Engine) -> None:
    with transaction() as session:
        user = factories.user(session, role="administrator")
    state = await drive(SampleState, "staff", as_=user, second_factor=False)
    assert state.done == ""


@pytest.mark.parametrize(
    "bad", [("ab", "2"), ("ab", True), (["ab"], 2), (None, 2), ("x" * 10001, 1)]
)
async def test_wrong_types_are_refused_before_the_handler(
    database: Engine, bad: tuple[Any, Any]
) -> None:
    with transaction() as session:
        user = factories.user(session)
    state = await drive(SampleState, "resident", *bad, as_=user)
    assert state.done == ""
    assert state.problems[0].sentence == "We could not read that. Check it and try again."


async def test_a_form_of_other_than_text_is_refused(database: Engine) -> None:
    state = await drive(SampleState, "form", {"amount": {"$ne": ""}})
    assert [p.field for p in state.problems] == [""]


async def test_a_refusal_is_shown_at_the_top_and_at_its_field(database: Engine) -> None:
    state = await drive(SampleState, "form", {"amount": "13"})
    assert [(p.sentence, p.field) for p in state.problems] == [
        ("Enter an amount up to $12.00.", "amount")
    ]
    assert state.field_errors == {"amount": "Enter an amount up to $12.00."}
    await run(state, "anyone")
    assert state.problems == []
    assert state.field_errors == {}


async def test_a_failure_shows_a_reference_and_no_detail(
    database: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    state = await drive(SampleState, "broken")
    sentence = state.problems[0].sentence
    reference = sentence.rstrip(".").rsplit(" ", 1)[-1]
    assert "secret detail" not in sentence
    assert reference in caplog.text
    assert "secret detail" in caplog.text


async def test_spanish_pages_hear_spanish(database: Engine) -> None:
    state = await drive(SampleState, "broken", url="/es/cart")
    assert state.problems[0].sentence.startswith("Algo falló de nuestro lado")


def test_a_handler_must_be_async_and_say_checked_types() -> None:
    with pytest.raises(TypeError, match="must be async"):

        @handler(PUBLIC)
        def plain(self: Any) -> None: ...

    with pytest.raises(TypeError, match="must be str"):

        @handler(PUBLIC)
        async def loose(self: Any, anything) -> None: ...  # type: ignore[no-untyped-def]


def _event(name: str) -> Event:
    return Event(name=f"{SampleState.get_full_name()}.{name}", payload={})


async def test_the_guard_refuses_what_no_handler_declares(database: Engine) -> None:
    state = await state_of(SampleState)
    guard = Guard()
    for name in ("helper", "setvar", "set_done", "reset", "_show", "__init__", "nothing"):
        assert await guard.preprocess(None, state, _event(name)) is not None, name
    assert await guard.preprocess(None, state, _event("anyone")) is None
    assert permission_of(f"{SampleState.get_full_name()}.helper") is None


async def test_the_guard_refuses_even_a_hydrate_of_an_ended_session(database: Engine) -> None:
    with transaction() as session:
        user = factories.user(session)
    hashed = sign_in(user)
    state = await state_of(SampleState, session_hash=hashed, url="/cart")
    hydrate = Event(name="reflex___state____state.hydrate", payload={})
    assert await Guard().preprocess(None, state, hydrate) is None
    with transaction() as session:
        sessions.revoke(session, hashed, utc_now())
    answer = await Guard().preprocess(None, state, hydrate)
    assert answer is not None
    assert answer.events[0].payload["path"] == "/sign-in?next=%2Fcart"


def test_a_form_means_what_a_browsers_form_means() -> None:
    sent = {"box": True, "empty_box": False, "not_drawn": None, "text": "", "kept": "x"}
    assert base._form(sent) == {"box": "on", "text": "", "kept": "x"}
    assert base._form({"nested": {"a": 1}}) == {"nested": {"a": 1}}  # refused after this
