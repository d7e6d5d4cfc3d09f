"""The server-drawn pages of Account Settings, as a browser sends them."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from starlette.testclient import TestClient

from portal.domain.identity import limits, passwords, sessions
from portal.http.request import BROWSER_COOKIE, COOKIE
from portal.kit.clock import utc_now
from portal.kit.ids import UserId
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


def test_who_was_signed_out_from_elsewhere_is_told_where_the_sign_in_comes_up(
    database: Engine, ana: User
) -> None:
    client, words = browser(), "You are no longer signed in here"
    assert words not in client.get("/sign-in?next=/cart").text
    signed_in(client)
    assert words not in client.get("/sign-in?next=/cart").text  # still signed in
    with Session(database) as db, db.begin():
        sessions.revoke_all(db, UserId(ana.id), utc_now())
    assert words in client.get("/sign-in?next=/cart").text
    assert words in client.get("/admin/sign-in?next=/admin").text
    assert words not in client.get("/sign-in").text
    assert "sign in again to do this" in client.get("/sign-in?next=/cart&done=again").text


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


# --- the address


def mailed(database: Engine, kind: str, to: str) -> str:
    """Return path and query of the link in a mail."""
    with Session(database) as db:
        body = db.exec(select(Mail.text_body).where(Mail.kind == kind, Mail.to_address == to)).one()
    parts = urlsplit(next(line for line in body.splitlines() if "token=" in line))
    return f"{parts.path}?{parts.query}"


def test_an_address_is_changed_by_the_buttons_in_both_mailboxes(
    database: Engine, ana: User
) -> None:
    here, other = signed_in(), signed_in()
    fresh = "ana@example.org"
    wrong = fill(here, "/settings/email", email=fresh, current="wrong")
    assert problems(wrong) == ["The current password is not right."]
    assert f'value="{fresh}"' in wrong.text
    same = fill(here, "/settings/email", email=ANA, current=PASSWORD)
    assert problems(same) == ["This is your address already."]
    done = fill(here, "/settings/email", email=fresh, current=PASSWORD)
    assert done.headers["location"] == "/settings?done=email"
    assert here.get("/settings/email").text.count("Waiting for confirmation") == 2
    for kind, to in (("email_new", fresh), ("email_old", ANA)):
        box = browser()
        link = mailed(database, kind, to)
        for _ in range(2):  # a scanner opens it, twice
            assert box.get(link).headers["location"] == "/settings/email/confirm"
            assert box.head(link).status_code == 303
        page = box.get("/settings/email/confirm")
        assert ">Confirm the change</button>" in page.text
        with Session(database) as db:
            assert db.exec(select(User.email)).one() == ANA
        assert box.post("/settings/email/confirm").status_code in (403, 422)
        pressed = box.post("/settings/email/confirm", data={"csrf": _csrf(page.text)})
        assert pressed.headers["location"] == "/settings/email/confirm"
        assert COOKIE not in box.cookies  # confirming never signs in
    assert "Both addresses have confirmed." in box.get("/settings/email/confirm").text
    with Session(database) as db:
        assert db.exec(select(User.email)).one() == fresh
    assert here.get("/settings/password").status_code == 200
    assert other.get("/settings/password").status_code == 303
    assert signed_in(email=fresh).cookies[COOKIE]
    old = fill(browser(), "/sign-in", email=ANA, password=PASSWORD)
    assert problems(old) == ["The email address or password is not right."]


def _csrf(page: str) -> str:
    return page.split('name="csrf" value="')[1].split('"')[0]


def test_an_address_that_has_a_sign_in_gets_the_same_answer(database: Engine, ana: User) -> None:
    with Session(database) as db, db.begin():
        factories.user(db, email="known@example.org")

    def answer(email: str) -> tuple[int, str, str]:
        client = signed_in()
        got = fill(client, "/settings/email", email=email, current=PASSWORD)
        page = client.get("/settings/email").text.replace(email, "")
        fill(client, "/settings/email")  # the form that calls it off
        return got.status_code, got.headers["location"], page.replace(_csrf(page), "")

    assert answer("known@example.org") == answer("unknown@example.org")


def test_a_mailbox_calls_the_change_off(database: Engine, ana: User) -> None:
    fill(signed_in(), "/settings/email", email="thief@example.org", current=PASSWORD)
    box = browser()
    box.get(mailed(database, "email_old", ANA))
    page = box.get("/settings/email/confirm")
    off = box.post("/settings/email/confirm", data={"csrf": _csrf(page.text), "act": "off"})
    assert "The change is called off." in box.get(off.headers["location"]).text
    late = browser()
    late.get(mailed(database, "email_new", "thief@example.org"))
    assert "called off" in problems(late.get("/settings/email/confirm"))[0]


def test_a_stale_sign_in_comes_again_for_address_and_copy(database: Engine, ana: User) -> None:
    client = signed_in()
    with Session(database) as db, db.begin():
        row = db.exec(select(UserSession)).one()
        row.authenticated_at -= limits.FRESH
    for path in ("email", "export"):
        led = client.get(f"/settings/{path}").headers["location"]
        assert led == f"/sign-in?next=%2Fsettings%2F{path}&done=again"


# --- the copy, and the end


def test_the_copy_is_sent_to_our_own_page_alone(database: Engine, ana: User) -> None:
    client = signed_in()
    foreign = client.get("/settings/export", headers={"sec-fetch-site": "cross-site"})
    assert foreign.headers["location"] == "/settings"
    assert "data_exported" not in kinds(database)
    sent = client.get("/settings/export")
    assert sent.headers["content-type"] == "application/zip"
    assert sent.headers["cache-control"] == "private, no-store"
    assert sent.headers["content-disposition"].startswith('attachment; filename="my-data-')
    assert sent.content[:2] == b"PK"
    assert "data_exported" in kinds(database)
    while sent.status_code == 200:
        sent = client.get("/settings/export")
    assert (sent.status_code, sent.headers["cache-control"]) == (429, "no-store")
    assert "You exported your data several times today." in sent.text
    assert kinds(database).count("data_exported") == limits.EXPORTS_A_DAY == 5
    assert browser().get("/settings/export").headers["location"].startswith("/sign-in")


def test_an_account_is_closed_with_its_password_and_the_word(database: Engine, ana: User) -> None:
    client = signed_in()
    assert "What ends" in client.get("/settings/close").text
    no_word = fill(client, "/settings/close", confirmation="yes", current=PASSWORD)
    assert problems(no_word) == ["Type CLOSE to close your account."]
    wrong = fill(client, "/settings/close", confirmation="CLOSE", current="wrong")
    assert problems(wrong) == ["The current password is not right."]
    closed = fill(client, "/settings/close", confirmation="close", current=PASSWORD)
    assert closed.headers["location"] == "/sign-in?done=closed"
    assert COOKIE not in client.cookies
    assert "Your account is closed" in client.get("/sign-in?done=closed").text
    again = fill(client, "/sign-in", email=ANA, password=PASSWORD)
    assert problems(again) == ["The email address or password is not right."]
    assert kinds(database) == ["account_closed"]


@pytest.mark.parametrize("path", ["password", "email", "close"])
def test_visitors_are_led_to_the_sign_in(database: Engine, path: str) -> None:
    for answer in (browser().get(f"/settings/{path}"), browser().post(f"/settings/{path}")):
        assert answer.headers["location"] == f"/sign-in?next=%2Fsettings%2F{path}"
