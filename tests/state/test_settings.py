"""Account Settings by role: what each handler shows and changes, and for whom."""

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from portal.domain.settings.queries import handle
from portal.kit.db import transaction
from portal.models.identity import User, UserSession
from portal.state.settings import SettingsState
from tests import factories
from tests.state.drive import drive, leads_to, run, sign_in, state_of


@pytest.fixture
def resident(database: Engine) -> User:
    with transaction() as session:
        return factories.household(session, account_no="00028624")[0]


async def test_the_owner_sees_the_settings(resident: User) -> None:
    state = await drive(SettingsState, "load", as_=resident, url="/settings?done=password")
    assert state.logged_in_as == state.email == resident.email
    assert (state.last_success, state.last_failure) == ("This is your first sign-in", "Never")
    assert [row.account_no for row in state.links] == ["00028624"]
    assert [row.is_this for row in state.browsers] == [True]
    assert state.notice == "Your password is changed. Every other browser was signed out."


@pytest.mark.parametrize(
    ("handler", "arguments"),
    [("load", ()), ("save_user_id", ({"user_id": "x"},)), ("save_language", ({"language": "es"},)),
     ("end_browser", ("x",))],
)  # fmt: skip
async def test_nobody_else_does(database: Engine, handler: str, arguments: tuple[object]) -> None:
    with transaction() as session:
        staff = factories.user(session, role="administrator")
    for person in (None, staff):
        state = await drive(SettingsState, handler, *arguments, as_=person, url="/settings")
        assert leads_to(state._returned).startswith("/sign-in")
        assert state.email == ""


async def test_the_owner_changes_what_is_theirs(database: Engine, resident: User) -> None:
    other = sign_in(resident)
    state = await state_of(SettingsState, session_hash=sign_in(resident), url="/settings")
    await run(state, "save_user_id", {"user_id": "ana7"})
    assert (state.user_id, state.logged_in_as) == ("ana7", "ana7")
    await run(state, "save_user_id", {"user_id": "a b"})
    assert state.field_errors["user_id"].startswith("Use 1 to 20 letters")
    await run(state, "save_user_id", {"user_id": ""})
    assert state.notice == "You have no User ID now."
    await run(state, "save_language", {"language": "es"})
    await run(state, "end_browser", handle(other))
    assert state.notice == "That browser is signed out."
    assert [row.is_this for row in state.browsers] == [True]
    with Session(database) as session:
        assert session.get_one(User, resident.id).language == "es"
        assert session.get_one(UserSession, other).revoked_at is not None


async def test_a_taken_user_id_stays_counted(database: Engine, resident: User) -> None:
    with transaction() as session:
        factories.user(session, username="taken")
    state = await drive(
        SettingsState, "save_user_id", {"user_id": "taken"}, as_=resident, url="/settings"
    )
    assert state.field_errors["user_id"] == "This User ID is taken. Choose another."
    for _ in range(10):
        await run(state, "save_user_id", {"user_id": "taken"})
    assert state.field_errors["user_id"].startswith("You tried many")
