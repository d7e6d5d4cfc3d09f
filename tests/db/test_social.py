"""Signing in with another provider, against one that really answers on loopback."""

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import Engine
from sqlmodel import Session, select

from portal.demo.oidc.issuer import PARTS, Issuer, subject
from portal.domain.identity import limits, passwords, totp
from portal.gateways import oidc, providers
from portal.http.request import COOKIE
from portal.kit.clock import utc_now
from portal.models.audit import AuditEvent
from portal.models.factors import TotpFactor
from portal.models.identity import User
from portal.models.outbox import Mail
from portal.models.social import ExternalIdentity, ProviderFlow
from tests import factories
from tests.posting import browser, fill, problems
from tests.providers import (
    ROBIN,
    arrive,
    code_of,
    confirm,
    consent,
    follow,
    issuer,
    provider_ready,
    users,
)

__all__ = ["issuer", "provider_ready"]

PASSWORD = "garden-kettle-9"
REPEAT = "This way to sign in took too long or was used already. Start again."


@pytest.mark.parametrize("part", PARTS)
def test_a_newcomer_confirms_the_mailbox_once_and_is_known_from_then_on(
    database: Engine, issuer: Issuer, part: str
) -> None:
    client = browser()
    assert f"Sign in with {part.capitalize()}" in client.get("/sign-in").text
    answer = arrive(client, part)
    assert answer.headers["location"] == "/sign-in/confirm"
    assert users(database) == []
    assert COOKIE not in client.cookies
    assert problems(confirm(client, act="code", code="000000"))
    done = confirm(client, act="code", code=code_of(database))
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert COOKIE in client.cookies
    assert users(database) == [(ROBIN["email"], "active")]
    with Session(database) as db:
        (tie,) = db.exec(select(ExternalIdentity)).all()
        (person,) = db.exec(select(User)).all()
        acts = set(db.exec(select(AuditEvent.act)).all())
    assert (tie.subject, tie.provider) == (subject(part, ROBIN), part)
    assert tie.issuer.startswith(issuer.address(part))
    assert (person.first_name, person.password_hash) == ("Robin", "")
    assert {"user.sign_up", "user.active", "provider.connect", "session.sign_in"} <= acts
    again = browser()
    back = arrive(again, part, query="?next=/utility-billing/accounts")
    assert back.headers["location"] == "/utility-billing/accounts"
    assert COOKIE in again.cookies


def test_an_existing_sign_in_is_joined_after_its_password_and_never_by_the_address(
    database: Engine,
) -> None:
    with Session(database, expire_on_commit=False) as db, db.begin():
        factories.user(db, email=ROBIN["email"], password_hash=passwords.hash_of(PASSWORD))
    client = browser()
    arrive(client, "google")
    assert COOKIE not in client.cookies
    refused = confirm(client, act="password", password="not the password")
    assert problems(refused) == ["The email address or password is not right."]
    with Session(database) as db:
        assert db.exec(select(ExternalIdentity)).all() == []
    assert confirm(client, act="password", password=PASSWORD).headers["location"] == "/"
    assert COOKIE in client.cookies
    with Session(database) as db:
        assert len(db.exec(select(ExternalIdentity)).all()) == 1
        kinds = db.exec(select(Mail.kind)).all()
    assert "provider_connected" in kinds


def test_the_confirm_page_says_the_same_of_known_and_unknown_addresses(database: Engine) -> None:
    with Session(database, expire_on_commit=False) as db, db.begin():
        factories.user(db, email=ROBIN["email"], password_hash=passwords.hash_of(PASSWORD))
        factories.user(db, email="clerk@example.net", role="viewer")
    pages = []
    for email in (ROBIN["email"], "clerk@example.net", "nobody@example.net"):
        client = browser()
        arrive(client, "google", ROBIN | {"email": email})
        text = client.get("/sign-in/confirm").text.replace(email, "X")
        pages.append(re.sub(r'value="[^"]*"', "", text))
        wrong = confirm(client, act="password", password="not the password")
        assert problems(wrong) == ["The email address or password is not right."]
    assert pages[0] == pages[1] == pages[2]


def test_staff_are_never_joined(database: Engine) -> None:
    with Session(database, expire_on_commit=False) as db, db.begin():
        factories.user(db, email=ROBIN["email"], role="viewer")
    client = browser()
    arrive(client, "google")
    with Session(database) as db:
        assert db.exec(select(Mail.kind)).all() == ["no_account"]
        assert db.exec(select(ProviderFlow.code_hash)).all() == [""]
    assert confirm(client, act="code", code="000000").status_code == 422
    assert COOKIE not in client.cookies


def test_who_signed_up_with_the_address_unproven_keeps_no_password(database: Engine) -> None:
    with Session(database, expire_on_commit=False) as db, db.begin():
        factories.user(
            db,
            email=ROBIN["email"],
            status="unverified",
            password_hash=passwords.hash_of(PASSWORD),
            first_name="Mallory",
        )
    client = browser()
    arrive(client, "google")
    confirm(client, act="code", code=code_of(database))
    with Session(database) as db:
        (person,) = db.exec(select(User)).all()
    assert (person.status, person.password_hash, person.first_name) == ("active", "", "Robin")
    assert fill(browser(), "/sign-in", email=ROBIN["email"], password=PASSWORD).status_code == 422


def test_one_with_a_second_factor_takes_that_step_and_is_not_joined_before(
    database: Engine,
) -> None:
    with Session(database, expire_on_commit=False) as db, db.begin():
        person = factories.user(db, email=ROBIN["email"], password_hash=passwords.hash_of(PASSWORD))
        db.add(
            TotpFactor(
                user_id=person.id, seed_encrypted=totp.seal("JBSWY3DP"), confirmed_at=utc_now()
            )
        )
    client = browser()
    arrive(client, "google")
    answer = confirm(client, act="password", password=PASSWORD)
    assert answer.headers["location"].startswith("/sign-in/second-step")
    assert COOKIE not in client.cookies
    with Session(database) as db:
        assert db.exec(select(ExternalIdentity)).all() == []


def test_facebook_without_an_address_asks_for_one(database: Engine) -> None:
    client = browser()
    arrive(client, "facebook", ROBIN | {"email": ""})
    assert "did not give us one" in client.get("/sign-in/confirm").text
    assert problems(confirm(client, act="address", email="no address"))
    assert confirm(client, act="address", email="robin@example.org").status_code == 200
    done = confirm(client, act="code", code=code_of(database, "robin@example.org"))
    assert done.status_code == 303
    assert users(database) == [("robin@example.org", "active")]


def test_an_answer_is_taken_once_in_its_own_browser_and_in_time(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, stranger = browser(), browser()
    begun = client.get("/auth/with/google")
    where, _ = consent(begun.headers["location"])
    stranger.get("/auth/with/google")
    assert problems(follow(stranger, where, {})) == [REPEAT]
    assert follow(client, where, {}).headers["location"] == "/sign-in/confirm"
    assert problems(follow(client, where, {})) == [REPEAT]
    forged = "/auth/back/google?" + urlencode({"state": "x" * 43, "code": "y"})
    assert problems(client.get(forged)) == [REPEAT]
    late = browser()
    begun = late.get("/auth/with/google")
    where, _ = consent(begun.headers["location"])
    with Session(database) as db, db.begin():
        for flow in db.exec(select(ProviderFlow)).all():
            flow.expires_at = utc_now()
            assert flow.created_at is not None
    assert problems(follow(late, where, {})) == [REPEAT]
    assert limits.PROVIDER_FLOW_LIFE.total_seconds() == 600
    assert limits.PROVIDER_CONFIRM_LIFE.total_seconds() == 1800
    assert limits.PROVIDER_FLOWS_AN_HOUR_IP == 200


def test_another_parts_answer_is_not_taken(database: Engine) -> None:
    client = browser()
    begun = client.get("/auth/with/google")
    where, _ = consent(begun.headers["location"])
    assert problems(follow(client, where.replace("/back/google", "/back/microsoft"), {})) == [
        REPEAT
    ]


def test_a_no_at_the_provider_leads_back_and_says_nothing(database: Engine) -> None:
    client = browser()
    begun = client.get("/auth/with/google?next=/cart")
    answer = httpx.post(begun.headers["location"], data={"act": "cancel"})
    back = follow(client, answer.headers["location"], {})
    assert back.headers["location"] == "/sign-in?next=%2Fcart"


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "someone-else"},
        {"iss": "http://127.0.0.1/other"},
        {"nonce": "another"},
        {"exp": 1_000_000_000},
        {"iat": 4_000_000_000},
        {"azp": "someone-else", "aud": ["portal-at-google", "someone-else"]},
        {"sub": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_token_that_is_not_for_us_opens_nothing(
    database: Engine, issuer: Issuer, change: dict[str, Any]
) -> None:
    issuer.changes |= change
    client = browser()
    answer = arrive(client, "google")
    assert "did not confirm who you are" in problems(answer)[0]
    assert COOKIE not in client.cookies
    with Session(database) as db:
        assert db.exec(select(Mail)).all() == []


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_signed_with_nothing_or_with_our_own_secret_is_refused(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, algorithm: str, database: Engine
) -> None:
    real = Issuer._id_token

    def forged(self: Issuer, grant: Any) -> str:
        claims = jwt.decode(real(self, grant), self.key, algorithms=["RS256"]).claims
        header, key = {"alg": algorithm}, OctKey.import_key(self.client_secret)
        if algorithm == "none":
            head, body, _ = jwt.encode({"alg": "HS256"}, claims, key).split(".")
            return f"eyJhbGciOiJub25lIn0.{body}." if head else ""
        return jwt.encode(header, claims, key)

    monkeypatch.setattr(Issuer, "_id_token", forged)
    client = browser()
    assert "did not confirm who you are" in problems(arrive(client, "google"))[0]
    assert COOKIE not in client.cookies


def test_a_code_without_our_verifier_is_refused_by_the_provider(issuer: Issuer) -> None:
    google = providers.provider("google")
    assert google is not None
    back = "http://localhost:3000/auth/back/google"
    address = oidc.authorize_url(google, state="s", nonce="n", verifier="v" * 43, back=back)
    assert parse_qs(urlsplit(address).query)["code_challenge_method"] == ["S256"]
    where, _ = consent(address)
    code = parse_qs(urlsplit(where).query)["code"][0]
    with pytest.raises(oidc.ProviderFault):
        oidc.finish(google, code=code, nonce="n", verifier="w" * 43, back=back)


def test_an_answer_that_names_another_issuer_is_refused(issuer: Issuer) -> None:
    google = providers.provider("google")
    assert google is not None
    with pytest.raises(oidc.ProviderFault):
        oidc.finish(google, code="c", nonce="n", verifier="v", back="b", issuer="https://evil.test")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"google": {"CLIENT_ID": "x"}}, ["OIDC_GOOGLE_CLIENT_SECRET is missing"]),
        (
            {"apple": {"CLIENT_ID": "x"}},
            [f"OIDC_APPLE_{key} is missing" for key in ("TEAM_ID", "KEY_ID", "PRIVATE_KEY")],
        ),
        ({"county": {"CLIENT_ID": "x", "CLIENT_SECRET": "y"}}, ["OIDC_COUNTY_ISSUER is missing"]),
        (
            {"county": {"CLIENT_ID": "x", "CLIENT_SECRET": "y", "ISSUER": "http://idp.example"}},
            ["OIDC_COUNTY_ISSUER is an https address"],
        ),
        ({"county": {"CLIENT_ID": "x", "CLIENT_SECRET": "y", "ISSUER": "https://idp.example"}}, []),
    ],
)
def test_incomplete_settings_are_named(given: dict[str, dict[str, str]], said: list[str]) -> None:
    found, wrong = providers.read(given)
    assert wrong == said
    assert len(found) == (0 if said else 1)
