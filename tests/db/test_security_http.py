"""Second factors as a browser sets them up and uses them, on the real layers."""

import json
import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select, update
from starlette.testclient import TestClient

from portal.domain.identity import passwords, totp
from portal.http.request import COOKIE, STEP_COOKIE
from portal.kit.clock import utc_now
from portal.models.audit import AuditEvent
from portal.models.factors import Passkey, RecoveryCode, TotpFactor
from portal.models.identity import User, UserSession
from portal.models.outbox import Mail
from tests import factories
from tests.authenticator import Key
from tests.posting import browser, fill, problems, quick

PASSWORD = "kettle under seven bridges"
SHORT = "kettle#garden"
ANA = "ana.rivera@example.com"
SECURITY = "/settings/security"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)


def resident(database: Engine, **given: Any) -> User:
    """Add a resident who signs in with PASSWORD."""
    fields = {"email": ANA, "password_hash": passwords.hash_of(PASSWORD)}
    with Session(database, expire_on_commit=False) as db, db.begin():
        return factories.user(db, **(fields | given))


def signed_in(password: str = PASSWORD, path: str = "/sign-in", email: str = ANA) -> TestClient:
    """Return a browser that passed the first factor."""
    client = browser()
    answer = fill(client, path, email=email, password=password)
    assert answer.status_code == 303
    return client


def send(client: TestClient, page: str, path: str, **fields: str) -> Any:
    """Post to `path` with the token of the form on `page`."""
    token = re.search(r'name="csrf" value="([^"]+)"', client.get(page).text)
    assert token is not None
    return client.post(path, data={"csrf": token[1], **fields})


def options(client: TestClient, page: str, purpose: str) -> str:
    """Ask for options as the page's script does."""
    return json.dumps(send(client, page, "/auth/passkey", purpose=purpose).json()["options"])


def add_key(client: TestClient, name: str = "My phone") -> Key:
    """Add a passkey to the sign-in."""
    key = Key()
    answer = key.create(options(client, SECURITY, "register"))
    done = send(client, SECURITY, SECURITY, name=name, credential=answer)
    assert done.headers["location"] == f"{SECURITY}?done=passkey"
    return key


def add_app(client: TestClient) -> pyotp.TOTP:
    """Set up an authenticator app; its code of this moment is used by it."""
    shown = send(client, SECURITY, f"{SECURITY}/app", act="begin")
    seed = re.search(r"<code>([A-Z2-7 ]+)</code>", shown.text)
    assert seed is not None
    assert "<svg" in shown.text
    app = pyotp.TOTP(seed[1].replace(" ", ""))
    done = send(client, SECURITY, f"{SECURITY}/app", act="confirm", code=app.now())
    assert done.headers["location"] == f"{SECURITY}?done=app"
    return app


def use_key(client: TestClient, key: Key, page: str = "/sign-in") -> Any:
    """Sign in with a passkey alone."""
    return send(client, page, page, credential=key.get(options(client, page, "sign_in")))


def make_codes(client: TestClient) -> list[str]:
    """Make ten recovery codes and return what the page shows."""
    shown = send(client, SECURITY, f"{SECURITY}/codes")
    return re.findall(r"<li><code>([a-z0-9-]+)</code>", shown.text)


def kinds(database: Engine) -> list[str]:
    """Return the kinds of mail that were written, but that the browser is a new one."""
    with Session(database) as db:
        return sorted(db.exec(select(Mail.kind).where(Mail.kind != "new_browser")).all())


def test_an_app_is_set_up_and_asked_for_before_the_session(database: Engine) -> None:
    resident(database)
    app = add_app(signed_in())
    client = browser()
    answer = fill(client, "/sign-in?next=/cart%3Fx%3D1", email=ANA, password=PASSWORD)
    assert answer.headers["location"] == "/sign-in/second-step?next=%2Fcart%3Fx%3D1"
    cookie = answer.headers["set-cookie"]
    for part in (f"{STEP_COOKIE}=", "HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=600"):
        assert part in cookie
    assert COOKIE not in client.cookies
    step = answer.headers["location"]
    used = fill(client, step, code=app.now())
    assert problems(used) == ["The code is not right. Enter the six digits your app shows now."]
    later = app.at(utc_now(), counter_offset=1)
    done = fill(client, step, code=later)
    assert (done.status_code, done.headers["location"]) == (303, "/cart?x=1")
    assert STEP_COOKIE not in client.cookies
    assert COOKIE in client.cookies
    assert client.get(step).headers["location"].startswith("/sign-in?")
    assert kinds(database) == ["app_added"]


def test_the_step_keeps_remember_me_and_is_nobodys_without_its_cookie(database: Engine) -> None:
    resident(database)
    app = add_app(signed_in())
    client = browser()
    fill(client, "/sign-in", email=ANA, password=PASSWORD, remember="on")
    lost = browser().get("/sign-in/second-step")
    assert lost.headers["location"] == "/sign-in?done=step-over"
    done = fill(client, "/sign-in/second-step", code=app.at(utc_now(), counter_offset=1))
    assert "Max-Age=2592000" in done.headers["set-cookie"]


def test_the_fifth_wrong_code_leads_back_to_the_password(database: Engine) -> None:
    resident(database)
    add_app(signed_in())
    client = signed_in()
    for _ in range(4):
        assert fill(client, "/sign-in/second-step", code="12345").status_code == 422
    back = fill(client, "/sign-in/second-step", code="12345")
    assert back.headers["location"] == "/sign-in?done=step-over"
    assert COOKIE not in client.cookies


def test_wrong_passwords_say_the_same_with_and_without_a_second_factor(database: Engine) -> None:
    resident(database)
    add_app(signed_in())
    answers = [
        fill(browser(), "/sign-in", email=email, password="wrong one")
        for email in (ANA, "nobody@example.com")
    ]
    texts = [re.sub(r'value="[^"]*"', "", answer.text) for answer in answers]
    assert texts[0] == texts[1]
    assert [answer.status_code for answer in answers] == [422, 422]


def test_a_passkey_signs_in_alone_and_no_more_when_removed(database: Engine) -> None:
    resident(database)
    client = signed_in()
    key = add_key(client)
    page = client.get(SECURITY).text
    assert "My phone" in page
    done = use_key(browser(), key)
    assert (done.status_code, done.headers["location"]) == (303, "/")
    # As the second step, too.
    second = signed_in()
    asked = options(second, "/sign-in/second-step", "second_step")
    step = send(second, "/sign-in/second-step", "/sign-in/second-step", credential=key.get(asked))
    assert step.headers["location"] == "/"

    with Session(database) as db:
        row = str(db.exec(select(Passkey.id)).one())
    one = f"{SECURITY}/passkey"
    renamed = send(client, f"{one}?id={row}", one, id=row, name=" Old  phone ")
    assert renamed.headers["location"] == f"{SECURITY}?done=renamed"
    assert "Old phone" in client.get(f"{one}?id={row}").text
    gone = send(client, f"{one}?id={row}", one, id=row, act="remove", current=PASSWORD)
    assert gone.headers["location"] == f"{SECURITY}?done=removed"
    refused = use_key(browser(), key)
    assert refused.status_code == 422
    assert "It may have been removed." in problems(refused)[0]
    assert kinds(database) == ["passkey_added", "passkey_removed"]
    with Session(database) as db:
        acts = set(db.exec(select(AuditEvent.act)).all())
    assert {"passkey.add", "passkey.rename", "passkey.remove", "session.wrong_passkey"} <= acts


def test_a_short_password_is_never_left_alone(database: Engine) -> None:
    resident(database, password_hash=passwords.hash_of(SHORT))
    client = signed_in(SHORT)
    app = add_app(client)

    def remove(**fields: str) -> Any:
        return send(client, f"{SECURITY}/app", f"{SECURITY}/app", act="remove", **fields)

    assert problems(remove()) == ["Enter your password."]
    assert problems(remove(current="not this one")) == ["The current password is not right."]
    assert problems(remove(current=SHORT)) == [
        "Alone your password is too short. Choose one of at least 15 characters, then remove this."
    ]
    key = add_key(client)
    codes = make_codes(client)
    # Beside another factor it goes without more ado.
    assert remove().headers["location"] == f"{SECURITY}?done=app-removed"
    step = signed_in(SHORT)
    later = app.at(utc_now(), counter_offset=2)
    assert fill(step, "/sign-in/second-step", recovery_code=codes[0]).status_code == 303
    assert 'name="code"' not in signed_in(SHORT).get("/sign-in/second-step").text
    assert send(signed_in(SHORT), "/sign-in/second-step", "/sign-in/second-step",
                code=later).status_code == 422  # fmt: skip
    assert use_key(browser(), key).status_code == 303


def test_the_last_factor_takes_the_recovery_codes_along(database: Engine) -> None:
    resident(database)
    client = signed_in()
    add_app(client)
    assert len(make_codes(client)) == 10
    gone = send(client, f"{SECURITY}/app", f"{SECURITY}/app", act="remove", current=PASSWORD)
    assert gone.headers["location"] == f"{SECURITY}?done=app-removed"
    with Session(database) as db:
        assert db.exec(select(RecoveryCode)).all() == []
    assert COOKIE in signed_in().cookies
    assert kinds(database) == ["app_added", "app_removed", "recovery_codes_made"]


def test_anothers_passkey_is_not_there(database: Engine) -> None:
    resident(database)
    resident(database, email="bob@example.com")
    add_key(signed_in())
    with Session(database) as db:
        row = str(db.exec(select(Passkey.id)).one())
    bob = signed_in(email="bob@example.com")
    one = f"{SECURITY}/passkey"
    for answer in (
        bob.get(f"{one}?id={row}"),
        bob.get(f"{one}?id=junk"),
        send(bob, SECURITY, one, id=row, name="Mine"),
        send(bob, SECURITY, one, id=row, act="remove"),
    ):
        assert answer.status_code == 422
        assert problems(answer) == [
            "We could not find that passkey. It may have been removed already."
        ]
    with Session(database) as db:
        assert db.exec(select(Passkey.name)).one() == "My phone"


def test_recovery_codes_are_shown_once_and_sign_in_once(database: Engine) -> None:
    resident(database)
    client = signed_in()
    early = send(client, SECURITY, f"{SECURITY}/codes")
    assert "Set one up first." in problems(early)[0]
    add_key(client)
    codes = make_codes(client)
    assert len(codes) == 10
    page = client.get(SECURITY)
    assert "10 of 10 codes are left." in page.text
    assert not any(code in page.text for code in codes)
    assert client.get(f"{SECURITY}/codes").status_code == 303
    other = signed_in()
    wrong = fill(other, "/sign-in/second-step", recovery_code="aaaa-bbbb-cccc")
    assert problems(wrong) == ["This recovery code is not right, or was used already."]
    done = send(other, "/sign-in/second-step", "/sign-in/second-step", recovery_code=codes[0])
    assert done.headers["location"] == "/"
    again = signed_in()
    used = send(again, "/sign-in/second-step", "/sign-in/second-step", recovery_code=codes[0])
    assert used.status_code == 422
    assert kinds(database) == ["passkey_added", "recovery_code_used", "recovery_codes_made"]


def test_a_session_that_is_not_fresh_changes_nothing(database: Engine) -> None:
    resident(database)
    client = signed_in()
    key = add_key(client)
    asked = options(client, SECURITY, "register")
    with Session(database) as db, db.begin():
        db.exec(update(UserSession).values(authenticated_at=utc_now() - timedelta(minutes=16)))
        row = str(db.exec(select(Passkey.id)).one())
    assert client.get(SECURITY).status_code == 200
    back = "/sign-in?next=%2Fsettings%2Fsecurity&done=again"
    told = send(client, SECURITY, "/auth/passkey", purpose="register").json()
    assert told == {"go": back}
    for path, fields in (
        (SECURITY, {"name": "x", "credential": Key().create(asked)}),
        (f"{SECURITY}/passkey", {"id": row, "act": "remove"}),
        (f"{SECURITY}/app", {"act": "begin"}),
        (f"{SECURITY}/app", {"act": "confirm", "code": "123456"}),
        (f"{SECURITY}/app", {"act": "remove"}),
        (f"{SECURITY}/codes", {}),
    ):
        assert send(client, SECURITY, path, **fields).headers["location"] == back
    with Session(database) as db:
        assert db.exec(select(Passkey.credential_id)).all() == [key.id]
        assert db.exec(select(TotpFactor)).all() == []
        assert db.exec(select(RecoveryCode)).all() == []


def test_nobody_sees_it_without_a_session_or_posts_from_elsewhere(database: Engine) -> None:
    resident(database)
    for path in (SECURITY, f"{SECURITY}/app", f"{SECURITY}/passkey", f"{SECURITY}/codes"):
        stranger = browser()
        assert stranger.get(path).headers["location"].startswith("/sign-in?next=")
        assert stranger.post(path).headers["location"].startswith("/sign-in?next=")
    client = signed_in()
    for path in (SECURITY, f"{SECURITY}/app", f"{SECURITY}/codes"):
        forged = client.post(path, data={"act": "begin"})
        assert "Nothing was done." in problems(forged)[0]
    assert client.post("/auth/passkey", data={"purpose": "register"}).status_code == 403


def test_staff_use_a_passkey_at_their_door_and_never_lose_the_last_factor(
    database: Engine,
) -> None:
    email = "clerk@pleasanton.example"
    with Session(database, expire_on_commit=False) as db, db.begin():
        factories.user(
            db, email=email, role="administrator", password_hash=passwords.hash_of(SHORT)
        )
        seed = pyotp.random_base32()
        clerk = db.exec(select(User)).one()
        db.add(TotpFactor(user_id=clerk.id, seed_encrypted=totp.seal(seed), confirmed_at=utc_now()))
    client = browser()
    code = pyotp.TOTP(seed).now()
    door = "/admin/sign-in"
    assert fill(client, door, email=email, password=SHORT, code=code).status_code == 303
    kept = send(client, SECURITY, f"{SECURITY}/app", act="remove", current=SHORT)
    assert "Set up another one before this goes." in problems(kept)[0]
    key = add_key(client)
    assert use_key(browser(), key).status_code == 422  # the residents' door knows no staff
    entered = use_key(browser(), key, door)
    assert entered.headers["location"] == "/admin"
    gone = send(client, SECURITY, f"{SECURITY}/app", act="remove")
    assert gone.headers["location"] == f"{SECURITY}?done=app-removed"
    assert fill(browser(), door, email=email, password=SHORT, code=code).status_code == 422
    with Session(database) as db, db.begin():
        row = str(db.exec(select(Passkey.id)).one())
        db.exec(update(UserSession).values(authenticated_at=utc_now() - timedelta(minutes=16)))
    one = f"{SECURITY}/passkey"
    stale = send(client, SECURITY, one, id=row, act="remove")
    assert stale.headers["location"].startswith("/admin/sign-in?next=")
