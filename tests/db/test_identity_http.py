"""The posted forms of identity, as a browser sends them, on the real layers."""

import logging
import re
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from starlette.testclient import TestClient

from portal.domain.identity import limits, passwords
from portal.http.request import COOKIE
from portal.models.audit import AuditEvent
from portal.models.identity import MailToken, User, UserSession
from portal.models.outbox import Mail
from tests import factories
from tests.posting import browser, fill, problems, quick

PASSWORD = "garden-kettle-9"
CANARY = "canary-zebra-lamp-77"
ANA = "ana.rivera@example.com"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)


@pytest.fixture
def ana(database: Engine) -> Iterator[User]:
    with Session(database, expire_on_commit=False) as db, db.begin():
        return factories.user(db, email=ANA, password_hash=passwords.hash_of(PASSWORD))


def mail_link(database: Engine, kind: str, to: str = ANA) -> str:
    """Return path and query of the link in the newest mail of its kind."""
    with Session(database) as db:
        mail = db.exec(
            select(Mail)
            .where(Mail.kind == kind, Mail.to_address == to)
            .order_by(col(Mail.created_at).desc())
        ).first()
    assert mail is not None
    found = next(line for line in mail.text_body.splitlines() if "token=" in line)
    parts = urlsplit(found)
    return f"{parts.path}?{parts.query}"


def test_the_way_of_the_guide_from_sign_up_to_sign_in(database: Engine) -> None:
    client = browser()
    sent = fill(
        client, "/sign-up", email=ANA, password=PASSWORD, first_name="Ana", last_name="Rivera"
    )
    assert sent.status_code == 200
    assert "Verification email sent" in sent.text
    assert "To finish signing in, check your email." in sent.text
    early = fill(client, "/sign-in", email=ANA, password=PASSWORD)
    assert "Verification email sent" in early.text
    assert COOKIE not in client.cookies

    opened = client.get(mail_link(database, "activate"))
    assert (opened.status_code, opened.headers["location"]) == (303, "/activate")
    page = client.get("/activate")
    assert ">Activate account</button>" in page.text
    with Session(database) as db:
        assert db.exec(select(User.status)).one() == "unverified"  # a GET proved nothing
    done = fill(client, "/activate")
    assert done.headers["location"] == "/activate?done=activated"
    assert "Your account now has been activated." in client.get("/activate?done=activated").text
    assert COOKIE not in client.cookies  # confirming never signs in

    signed_in = fill(client, "/sign-in?next=/cart%3Fx%3D1", email=ANA, password=PASSWORD)
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/cart?x=1")
    # The other one names the browser, and lets nobody in.
    cookie, _ = signed_in.headers.get_list("set-cookie")
    for part in (f"{COOKIE}=", "HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert part in cookie
    assert "Max-Age" not in cookie
    assert client.get("/sign-in").headers["location"] == "/"


def test_remember_me_keeps_the_cookie_a_month(ana: User) -> None:
    answer = fill(browser(), "/sign-in", email=ANA, password=PASSWORD, remember="on")
    assert "Max-Age=2592000" in answer.headers["set-cookie"]


def test_a_wrong_password_keeps_the_address_and_says_one_thing(ana: User) -> None:
    client = browser()
    answers = [
        fill(client, "/sign-in", email=ANA, password="wrong one"),
        fill(client, "/sign-in", email="nobody@example.com", password="wrong one"),
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert problems(answer) == ["The email address or password is not right."]
        assert "wrong one" not in answer.text
        assert str(answer.url) == "https://localhost:3000/sign-in"
        assert "<title>Problem: " in answer.text
    assert f'value="{ANA}"' in answers[0].text
    same = [re.sub(r'value="[^"]*"', "", a.text) for a in answers]
    assert same[0] == same[1]


def test_the_sixth_try_says_how_long_and_how_to_get_out(database: Engine, ana: User) -> None:
    client = browser()
    for _ in range(5):
        fill(client, "/sign-in", email=ANA, password="wrong one")
    locked = fill(client, "/sign-in", email=ANA, password=PASSWORD)
    assert problems(locked) == [
        (
            "Too many wrong tries. Try again in 15 minutes, or choose Unlock account? below to"
            " unlock it at once by email."
        )
    ]
    asked = fill(client, "/unlock-account", email=ANA)
    assert "Check your email" in asked.text
    client.get(mail_link(database, "unlock"))
    assert fill(client, "/unlock-account").headers["location"] == "/sign-in?done=unlocked"
    assert fill(client, "/sign-in", email=ANA, password=PASSWORD).status_code == 303


def test_a_new_session_each_time_and_the_old_one_ends(database: Engine, ana: User) -> None:
    client = browser()
    fill(client, "/sign-in", email=ANA, password=PASSWORD)
    first = client.cookies[COOKIE]
    again = client.post(
        "/sign-in",
        data={"csrf": form_token(client), "email": ANA, "password": PASSWORD, "next": "/cart"},
    )
    assert again.status_code == 303
    assert client.cookies[COOKIE] != first
    with Session(database) as db:
        revoked = [row.revoked_at is not None for row in db.exec(select(UserSession)).all()]
    assert sorted(revoked) == [False, True]


def form_token(client: TestClient) -> str:
    page = client.get("/sign-in?next=/cart")
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def test_sign_out_ends_the_session_and_clears_the_browser(database: Engine, ana: User) -> None:
    client = browser()
    fill(client, "/sign-in", email=ANA, password=PASSWORD)
    out = client.post("/auth/sign-out", data={"csrf": form_token(client)})
    assert out.headers["location"] == "/sign-in?done=signed-out"
    assert out.headers["clear-site-data"] == '"cache", "storage"'
    assert COOKIE not in client.cookies
    assert "You are signed out." in client.get("/sign-in?done=signed-out").text
    with Session(database) as db:
        assert db.exec(select(UserSession.revoked_at)).one() is not None


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "cart"],
)
def test_nobody_is_led_away(ana: User, target: str) -> None:
    client = browser()
    token = form_token(client)
    answer = client.post(
        "/sign-in", data={"csrf": token, "email": ANA, "password": PASSWORD, "next": target}
    )
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize(
    "path",
    ["/sign-in", "/sign-up", "/verify-email", "/forgot-password", "/reset-password", "/activate",
     "/unlock-account", "/admin/sign-in", "/admin/enrol"],
)  # fmt: skip
def test_no_form_is_taken_without_its_token_or_from_elsewhere(
    database: Engine, ana: User, path: str
) -> None:
    fields = {"email": ANA, "password": PASSWORD, "first_name": "A", "last_name": "B", "code": "1"}
    client = browser()
    assert client.post(path, data=fields).status_code in (403, 422)
    token = form_token(client)
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    answer = client.post(path, data=fields | {"csrf": token}, headers=foreign)
    assert answer.status_code in (403, 422)
    assert "Nothing was done" in answer.text
    assert COOKIE not in client.cookies
    with Session(database) as db:
        assert db.exec(select(Mail)).all() == []
        assert db.exec(select(UserSession)).all() == []


@pytest.mark.parametrize("path", ["/sign-up", "/forgot-password", "/unlock-account"])
def test_known_and_unknown_addresses_get_the_same_page(ana: User, path: str) -> None:
    def answer(email: str) -> tuple[int, str]:
        got = fill(browser(), path, email=email, password=PASSWORD, first_name="A", last_name="B")
        return got.status_code, re.sub(r'value="[^"]*"', "", got.text).replace(email, "")

    assert answer(ANA) == answer("nobody@example.com")
    assert answer(ANA)[0] == 200


def test_every_answer_takes_a_whole_number_of_paces(
    ana: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    took = []
    for email in (ANA, "nobody@example.com"):
        client = browser()
        token = form_token(client)
        started = time.monotonic()
        client.post("/forgot-password", data={"csrf": token, "email": email})
        took.append(time.monotonic() - started)
    assert min(took) >= limits.ANSWER_AFTER.total_seconds() == 0.25


def test_a_forgotten_password_is_replaced(database: Engine, ana: User) -> None:
    client = browser()
    fill(client, "/forgot-password", email=ANA)
    link = mail_link(database, "reset")
    assert client.get(link).headers["location"] == "/reset-password"
    weak = fill(client, "/reset-password", password="short")
    assert problems(weak) == ["Use at least 15 characters. Four or five unrelated words work well."]
    new = fill(client, "/reset-password", password="kettle under seven bridges")
    assert new.headers["location"] == "/sign-in?done=reset"
    replay = browser()
    replay.get(link)
    page = replay.get("/reset-password")
    used = ["This link was already used. Ask for a new one if you need it again."]
    assert problems(page) == used
    assert 'name="password"' not in page.text
    token = re.findall(r'name="csrf" value="([^"]+)"', page.text)[0]
    assert problems(replay.post("/reset-password", data={"csrf": token, "password": "x"})) == used
    assert fill(client, "/sign-in", email=ANA, password=PASSWORD).status_code == 422
    signed_in = fill(client, "/sign-in", email=ANA, password="kettle under seven bridges")
    assert signed_in.status_code == 303


def test_a_scanner_may_open_every_link_ten_times(database: Engine) -> None:
    client = browser()
    fill(client, "/sign-up", email=ANA, password=PASSWORD, first_name="A", last_name="B")
    link = mail_link(database, "activate")
    scanner = browser()
    for _ in range(10):
        scanner.get(link, follow_redirects=True)
        scanner.head(link)
    with Session(database) as db:
        assert db.exec(select(MailToken.used_at)).one() is None
    assert COOKIE not in scanner.cookies
    client.get(link)
    assert fill(client, "/activate").headers["location"] == "/activate?done=activated"
    client.get(link)
    assert problems(fill(client, "/activate")) == [
        "This link was already used. Ask for a new one if you need it again."
    ]


def test_the_same_in_spanish(database: Engine, ana: User) -> None:
    client = browser()
    page = client.get("/es/sign-in")
    assert '<html lang="es">' in page.text
    assert 'action="/es/sign-in"' in page.text
    wrong = fill(client, "/es/sign-in", email=ANA, password="wrong one")
    assert problems(wrong) != ["The email address or password is not right."]
    fill(client, "/es/forgot-password", email=ANA)
    assert fill(client, "/es/sign-in", email=ANA, password=PASSWORD).headers["location"] == "/es"


def test_forms_from_one_network_are_counted(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "FORMS_AN_HOUR_IP", 2)
    client = browser()
    statuses = [
        fill(client, "/forgot-password", email=f"p{i}@example.com").status_code for i in range(3)
    ]
    assert statuses == [200, 200, 422]


# --- the code beside the link


def mail_code(database: Engine, kind: str) -> str:
    """Return the 6-digit code in the newest mail of its kind."""
    with Session(database) as db:
        mail = db.exec(
            select(Mail).where(Mail.kind == kind).order_by(col(Mail.created_at).desc())
        ).first()
    assert mail is not None
    (code,) = re.findall(r": (\d{6})$", mail.text_body, re.M)
    assert code in mail.html_body
    return str(code)


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_code_activates_once_and_ends_the_link_with_it(database: Engine) -> None:
    client = browser()
    fill(client, "/sign-up", email=ANA, password=PASSWORD, first_name="Ana", last_name="R")
    code, link = mail_code(database, "activate"), mail_link(database, "activate")
    with Session(database) as db:
        assert code not in repr(db.exec(select(MailToken)).all())
    wrong = fill(client, "/activate", email=ANA, code=other_than(code))
    assert problems(wrong) == [
        "This code is not right, or too old. Use the one in the newest email."
    ] * len(problems(wrong))
    spaced = f"{code[:3]} {code[3:]}"
    done = fill(client, "/activate", email=ANA.upper(), code=spaced)
    assert done.headers["location"] == "/activate?done=activated"
    assert COOKIE not in client.cookies
    assert fill(client, "/activate", email=ANA, code=code).status_code == 422
    client.get(link)
    assert "already used" in problems(fill(client, "/activate"))[0]


def test_the_code_leads_to_a_new_password(database: Engine, ana: User) -> None:
    client = browser()
    fill(client, "/forgot-password", email=ANA)
    old = mail_code(database, "reset")
    fill(client, "/forgot-password", email=ANA)
    code = mail_code(database, "reset")
    if old != code:
        assert fill(client, "/reset-password", email=ANA, code=old).status_code == 422
    assert fill(client, "/unlock-account", email=ANA, code=code).status_code == 422
    led = fill(client, "/reset-password", email=ANA, code=code)
    assert led.headers["location"] == "/reset-password"
    saved = fill(client, "/reset-password", password=CANARY)
    assert saved.headers["location"] == "/sign-in?done=reset"
    assert fill(client, "/sign-in", email=ANA, password=CANARY).headers["location"] == "/"


def test_the_code_unlocks(database: Engine, ana: User) -> None:
    client = browser()
    fill(client, "/unlock-account", email=ANA)
    done = fill(client, "/unlock-account", email=ANA, code=mail_code(database, "unlock"))
    assert done.headers["location"] == "/sign-in?done=unlocked"


@pytest.mark.parametrize("known", [True, False])
def test_the_sixth_code_is_not_looked_at_and_the_link_still_works(
    database: Engine, ana: User, known: bool
) -> None:
    client = browser()
    fill(client, "/forgot-password", email=ANA)
    code, link = mail_code(database, "reset"), mail_link(database, "reset")
    email = ANA if known else "nobody@example.com"
    said = [
        problems(fill(client, "/reset-password", email=email, code=other_than(code)))[0]
        for _ in range(limits.WRONG_CODES)
    ]
    assert set(said) == {"This code is not right, or too old. Use the one in the newest email."}
    sixth = fill(client, "/reset-password", email=email, code=code)
    assert problems(sixth)[0].startswith("Too many wrong codes.")
    client.get(link)
    assert (
        fill(client, "/reset-password", password=CANARY).headers["location"].startswith("/sign-in")
    )


# --- canaries


def test_no_secret_reaches_a_log_or_an_address(
    database: Engine, ana: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    client = browser()
    client.event_hooks = {
        "response": [
            lambda answer: seen.append(
                f"{answer.url.path} {answer.headers.get('location', '')}"
                + str(answer.url.query if "token" not in answer.request.url.query.decode() else "")
            )
        ]
    }
    fill(client, "/sign-up", email="new@example.com", password=CANARY, first_name="A", last_name="")
    fill(client, "/sign-in", email=ANA, password=CANARY)
    fill(client, "/forgot-password", email=ANA)
    link = mail_link(database, "reset")
    token = parse_qs(urlsplit(link).query)["token"][0]
    client.get(link)
    fill(client, "/reset-password", password=CANARY)
    fill(client, "/sign-in", email=ANA, password=CANARY)
    session_secret = client.cookies[COOKIE]
    logged = "\n".join(
        record.getMessage() for record in caplog.records if not record.name.startswith("httpx")
    )
    for canary in (CANARY, token, session_secret, ANA):
        assert canary not in logged
        assert not any(canary in address for address in seen)
    with Session(database) as db:
        for table in (User, UserSession, MailToken, AuditEvent):
            for row in db.exec(select(table)).all():
                assert CANARY not in repr(row)
                assert token not in repr(row)
                assert session_secret not in repr(row)
