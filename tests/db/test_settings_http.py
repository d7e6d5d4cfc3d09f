"""The server-drawn pages of Account Settings, as a browser sends them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from starlette.testclient import TestClient

from portal.domain.identity import passwords
from portal.http.request import BROWSER_COOKIE, COOKIE
from portal.models.identity import User, UserSession
from portal.models.outbox import Mail
from tests import factories
from tests.posting import browser, fill, problems, quick

PASSWORD = "garden-kettle-9"
NEW = "kettle under seven bridges"
ANA = "ana.rivera@example.com"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)


@pytest.fixture
def ana(database: Engine) -> Iterator[User]:
    with Session(database, expire_on_commit=False) as db, db.begin():
        return factories.user(db, email=ANA, password_hash=passwords.hash_of(PASSWORD))


def signed_in(client: TestClient | None = None, email: str = ANA) -> TestClient:
    """Return a browser in which Ana is signed in."""
    client = client or browser()
    assert fill(client, "/sign-in", email=email, password=PASSWORD).status_code == 303
    return client


def kinds(database: Engine) -> list[str]:
    with Session(database) as db:
        return sorted(db.exec(select(Mail.kind)).all())


def test_a_password_is_changed_and_other_browsers_are_out(database: Engine, ana: User) -> None:
    here, other = signed_in(), signed_in()
    before = here.cookies[COOKIE]
    page = here.get("/settings/password")
    for words in ("Current password", "New password", "At least 15 characters"):
        assert words in page.text
    wrong = fill(here, "/settings/password", current="not it at all", password=NEW)
    assert problems(wrong) == ["The current password is not right."]
    assert NEW not in wrong.text
    weak = fill(here, "/settings/password", current=PASSWORD, password="short")
    assert problems(weak) == ["Use at least 15 characters. Four or five unrelated words work well."]
    done = fill(here, "/settings/password", current=PASSWORD, password=NEW)
    assert done.headers["location"] == "/settings?done=password"
    assert here.cookies[COOKIE] != before
    assert here.get("/settings/password").status_code == 200
    assert other.get("/settings/password").headers["location"].startswith("/sign-in?next=")
    assert kinds(database) == ["new_browser", "password_changed"]
    assert fill(browser(), "/sign-in", email=ANA, password=NEW).status_code == 303


def test_five_wrong_current_passwords_lock_the_sign_in(database: Engine, ana: User) -> None:
    client = signed_in()
    for _ in range(5):
        fill(client, "/settings/password", current="wrong", password=NEW)
    locked = fill(client, "/settings/password", current=PASSWORD, password=NEW)
    assert problems(locked) == ["Too many wrong tries. Try again in 15 minutes."]
    assert "locked" in kinds(database)


def test_no_form_is_taken_without_its_token_or_session(database: Engine, ana: User) -> None:
    client = signed_in()
    fields = {"current": PASSWORD, "password": NEW}
    answer = client.post("/settings/password", data=fields)
    assert "Nothing was done" in answer.text
    assert browser().post("/settings/password", data=fields).status_code == 303
    with Session(database) as db:
        kept = db.exec(select(User.password_hash)).one()
    assert passwords.matches(kept, PASSWORD)


def test_out_everywhere_is_out_here_too(database: Engine, ana: User) -> None:
    client, other = signed_in(), signed_in()
    device = client.cookies[BROWSER_COOKIE]
    token = _token(client)
    out = client.post("/auth/sign-out-everywhere", data={"csrf": token})
    assert out.headers["location"] == "/sign-in?done=everywhere"
    assert "You are signed out in every browser." in client.get("/sign-in?done=everywhere").text
    assert COOKIE not in client.cookies
    assert client.cookies[BROWSER_COOKIE] == device  # or the next sign-in would be news
    assert other.get("/settings/password").status_code == 303
    with Session(database) as db:
        assert None not in db.exec(select(UserSession.revoked_at)).all()
    foreign = signed_in()
    assert foreign.post("/auth/sign-out-everywhere", data={"csrf": "x"}).status_code == 403


def _token(client: TestClient) -> str:
    page = client.get("/settings/password").text
    return page.split('name="csrf" value="')[1].split('"')[0]


def test_the_second_browser_is_news_and_the_first_is_not(database: Engine, ana: User) -> None:
    first = signed_in()
    device = first.cookies[BROWSER_COOKIE]
    first.post("/auth/sign-out", data={"csrf": _token(first)})
    signed_in(first)
    assert first.cookies[BROWSER_COOKIE] == device
    assert kinds(database) == []
    signed_in()
    assert kinds(database) == ["new_browser"]


def test_a_user_id_signs_in_by_the_form(database: Engine, ana: User) -> None:
    with Session(database) as db, db.begin():
        db.exec(select(User).where(col(User.email) == ANA)).one().username = "Ana7"
    assert signed_in(email="ana7").cookies[COOKIE]
    known = fill(browser(), "/sign-in", email="ana7", password="wrong")
    unknown = fill(browser(), "/sign-in", email="nobody7", password="wrong")
    assert problems(known) == problems(unknown) == ["The email address or password is not right."]
