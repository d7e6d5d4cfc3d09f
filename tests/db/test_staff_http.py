"""The staff's door: enrolment by link, password and code at once, each code once."""

import re
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from portal.domain.identity import passwords, staff
from portal.kit.clock import utc_now
from portal.models.audit import AuditEvent
from portal.models.factors import TotpFactor
from portal.models.identity import UserSession
from tests import factories
from tests.posting import browser, fill, problems, quick

PASSWORD = "garden-kettle-9"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)


def test_staff_enrol_by_link_and_sign_in_with_both_factors(database: Engine) -> None:
    with Session(database) as db, db.begin():
        address = staff.add(db, "clerk@pleasanton.example", "administrator", utc_now())
    parts = urlsplit(address)
    client = browser()
    assert client.get(f"{parts.path}?{parts.query}").headers["location"] == "/admin/enrol"
    assert "Continue" in client.get("/admin/enrol").text
    shown = fill(client, "/admin/enrol")
    assert "<svg" in shown.text
    grouped = re.search(r"<code>([A-Z2-7 ]+)</code>", shown.text)
    assert grouped is not None
    seed = grouped[1].replace(" ", "")
    with Session(database) as db:
        sealed = db.exec(select(TotpFactor.seed_encrypted)).one()
    assert seed.encode() not in sealed

    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', shown.text))
    wrong = client.post("/admin/enrol", data=hidden | {"password": "kettle#garden", "code": "12"})
    assert problems(wrong) == ["The code is not right. Enter the six digits your app shows now."]
    assert grouped[1] in wrong.text  # the scan stays good
    code = pyotp.TOTP(seed).now()
    done = client.post("/admin/enrol", data=hidden | {"password": "kettle#garden", "code": code})
    assert done.headers["location"] == "/admin/sign-in?done=enrolled"

    def sign_in(code: str, password: str = "kettle#garden", path: str = "/admin/sign-in") -> Any:
        return fill(browser(), path, email="clerk@pleasanton.example", password=password, code=code)

    assert sign_in(code).status_code == 422  # used at enrolment: a code works once
    later = pyotp.TOTP(seed).at(utc_now(), counter_offset=1)
    assert problems(sign_in(later, "wrong one")) == [
        "The email address, password or code is not right."
    ]
    assert sign_in(later, path="/sign-in").status_code == 422  # the residents' door knows no staff
    entered = sign_in(later)
    assert entered.headers["location"] == "/admin"
    assert "Max-Age" not in entered.headers.get_list("set-cookie")[0]
    assert sign_in(later).status_code == 422
    with Session(database) as db:
        row = db.exec(select(UserSession)).one()
        assert (row.second_factor, row.remembered) == (True, False)
        acts = set(db.exec(select(AuditEvent.act)).all())
    assert {"staff.add", "staff.enrol", "session.sign_in", "session.wrong_password"} <= acts
    # The link is used up.
    client.get(f"{parts.path}?{parts.query}")
    assert problems(fill(client, "/admin/enrol")) == [
        "This link was already used. Ask for a new one if you need it again."
    ]


def test_residents_are_unknown_at_the_staff_door(database: Engine) -> None:
    with Session(database) as db, db.begin():
        factories.user(db, email="ana@example.com", password_hash=passwords.hash_of(PASSWORD))
    answer = fill(
        browser(), "/admin/sign-in", email="ana@example.com", password=PASSWORD, code="123456"
    )
    assert problems(answer) == ["The email address, password or code is not right."]
