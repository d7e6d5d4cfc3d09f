"""Other providers in Account Settings: connected by one who is signed in, and removed."""

import re

from sqlalchemy import Engine
from sqlmodel import Session, select

from portal.domain.identity import mail_tokens, passwords, recovery
from portal.domain.identity.actor import ANONYMOUS
from portal.domain.identity.states import UserStatus
from portal.http.request import COOKIE
from portal.kit.clock import utc_now
from portal.models.identity import User
from portal.models.settings import KnownBrowser
from portal.models.social import ExternalIdentity
from tests import factories
from tests.posting import browser, fill, problems
from tests.providers import arrive, code_of, confirm, issuer, provider_ready

__all__ = ["issuer", "provider_ready"]
PASSWORD = "garden-kettle-9"


def test_connecting_from_settings_and_removing(database: Engine) -> None:
    with Session(database, expire_on_commit=False) as db, db.begin():
        factories.user(db, email="ana@example.com", password_hash=passwords.hash_of(PASSWORD))
    client = browser()
    fill(client, "/sign-in", email="ana@example.com", password=PASSWORD)
    assert "Connect Google" in client.get("/settings/connections").text
    answer = arrive(client, "google", query="?connect=1")
    assert answer.headers["location"] == "/settings/connections?done=connected"
    page = client.get("/settings/connections")
    assert "Connect Google" not in page.text
    other = browser()
    with Session(database, expire_on_commit=False) as db, db.begin():
        factories.user(db, email="eve@example.com", password_hash=passwords.hash_of(PASSWORD))
    fill(other, "/sign-in", email="eve@example.com", password=PASSWORD)
    taken = arrive(other, "google", query="?connect=1")
    assert problems(taken) == ["This account is connected to another sign-in here."]
    with Session(database) as db:
        (tie,) = db.exec(select(ExternalIdentity)).all()
    page = other.get("/settings/connections")
    token = re.search(r'name="csrf" value="([^"]*)"', page.text)
    assert token is not None
    foreign = other.post("/settings/connections", data={"csrf": token[1], "id": str(tie.id)})
    assert problems(foreign) == ["This connection is not there any more."]
    gone = fill(client, "/settings/connections", id=str(tie.id))
    assert gone.headers["location"] == "/settings/connections?done=removed"
    with Session(database) as db:
        assert db.exec(select(ExternalIdentity)).all() == []


def test_a_password_set_by_the_mailbox_unties_every_provider(database: Engine) -> None:
    client = browser()
    arrive(client, "google")
    confirm(client, act="code", code=code_of(database))
    with Session(database, expire_on_commit=False) as db, db.begin():
        person = db.exec(select(User)).one()
        secret = mail_tokens.issue(db, person, "reset", utc_now()).secret
        recovery.reset(db, ANONYMOUS, secret, passwords.hash_of(PASSWORD), utc_now())
    with Session(database) as db:
        assert db.exec(select(ExternalIdentity)).all() == []
    again = browser()
    assert arrive(again, "google").headers["location"] == "/sign-in/confirm"
    assert COOKIE not in again.cookies


def test_a_new_browser_that_comes_by_a_provider_is_news(database: Engine) -> None:
    client = browser()
    arrive(client, "google")
    confirm(client, act="code", code=code_of(database))
    with Session(database) as db:
        before = len(db.exec(select(KnownBrowser)).all())
    arrive(browser(), "google")
    with Session(database) as db:
        assert len(db.exec(select(KnownBrowser)).all()) == before + 1


def test_the_last_way_in_stays(database: Engine) -> None:
    client = browser()
    arrive(client, "google")
    confirm(client, act="code", code=code_of(database))
    with Session(database) as db:
        (tie,) = db.exec(select(ExternalIdentity)).all()
    refused = fill(client, "/settings/connections", id=str(tie.id))
    assert problems(refused) == [
        "This is your only way to sign in. Choose a password first, then remove it."
    ]


def test_a_closed_sign_in_is_not_entered(database: Engine) -> None:
    client = browser()
    arrive(client, "google")
    confirm(client, act="code", code=code_of(database))
    with Session(database) as db, db.begin():
        db.exec(select(User)).one().status = UserStatus.CLOSED
    again = browser()
    assert arrive(again, "google").headers["location"] == "/sign-in/confirm"
    assert COOKIE not in again.cookies
