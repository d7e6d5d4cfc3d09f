"""The pages behind the mails of alerts, as browsers, scanners and mail programs use them."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from portal.kit.clock import utc_now
from portal.kit.db import transaction
from portal.models.usage import AlertAddress
from tests.db.test_alert_addresses import BEN, questions, secret_in
from tests.db.test_alerts import own, save
from tests.db.usage.test_queries import House
from tests.posting import browser, fill, problems

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


class Asked:
    """A resident who named Ben, and what Ben's mail holds."""

    def __init__(self, database: Engine) -> None:
        with transaction() as session:
            house = House(session)
            save(house, emails=[own(house), BEN], now=utc_now())
            (mail,) = questions(session)
            self.asker = own(house)
            self.confirm = "/alerts/confirm?token=" + secret_in(mail)
            self.stop = "/alerts/stop?token=" + secret_in(mail, "/alerts/stop")

    def row(self) -> AlertAddress:
        with transaction() as session:
            return session.exec(select(AlertAddress).where(AlertAddress.email == BEN)).one()


@pytest.fixture
def asked(database: Engine) -> Asked:
    return Asked(database)


def test_opening_the_link_confirms_nothing_and_the_button_does(asked: Asked) -> None:
    client = browser()
    opened = client.get(asked.confirm)
    assert (opened.status_code, opened.headers["location"]) == (303, "/alerts/confirm")
    page = client.get("/alerts/confirm")
    assert asked.row().confirmed_at is None
    masked = f"{asked.asker[0]}***@example.com"
    assert f"{masked} asked us to send alerts of high water use to b***@example.com." in page.text
    assert asked.asker not in page.text
    assert "City of Pleasanton" in page.text
    done = fill(client, "/alerts/confirm")
    assert (done.status_code, done.headers["location"]) == (303, "/alerts/confirm")
    assert "<h1>This address is confirmed</h1>" in client.get("/alerts/confirm").text
    assert asked.row().confirmed_at is not None
    assert "__Host-portal" not in client.cookies  # confirming never signs in


def test_a_link_that_is_too_old_or_made_up_says_so(asked: Asked) -> None:
    client = browser()
    with transaction() as session:
        row = session.exec(select(AlertAddress).where(AlertAddress.email == BEN)).one()
        row.expires_at = utc_now() - timedelta(seconds=1)
    client.get(asked.confirm)
    old = client.get("/alerts/confirm")
    assert old.status_code == 422
    assert problems(old) == ["This link is too old. Ask the person who named you to send it again."]
    assert client.post("/alerts/confirm", data={}).status_code == 422
    client.get("/alerts/confirm?token=nonsense")
    assert problems(client.get("/alerts/confirm"))[0].startswith("This link no longer works.")
    assert "Open the link in the message" in browser().get("/alerts/confirm").text
    assert asked.row().confirmed_at is None


def test_stopping_and_starting_by_the_pages_button(asked: Asked) -> None:
    client = browser()
    opened = client.get(asked.stop)
    assert (opened.status_code, opened.headers["location"]) == (303, "/alerts/stop")
    assert ">Stop these messages</button>" in client.get("/alerts/stop").text
    assert asked.row().stopped_at is None
    assert fill(client, "/alerts/stop").headers["location"] == "/alerts/stop"
    assert asked.row().stopped_at is not None
    page = client.get("/alerts/stop")
    assert "<h1>These messages have stopped</h1>" in page.text
    assert fill(client, "/alerts/stop").headers["location"] == "/alerts/stop?done=started"
    row = asked.row()
    assert (row.stopped_at, row.confirmed_at is None) == (None, False)
    assert "go to b***@example.com from now on" in client.get("/alerts/stop?done=started").text


def test_a_mail_program_stops_by_one_post_without_cookies_or_our_form(asked: Asked) -> None:
    client = browser()
    foreign = {"origin": "https://mail.example.net", "sec-fetch-site": "cross-site"}
    for _ in range(2):
        answer = client.post(asked.stop, data=ONE_CLICK, headers=foreign)
        assert (answer.status_code, answer.text) == (200, "These messages have stopped")
    assert asked.row().stopped_at is not None
    # Also as multipart/form-data, which RFC 8058 names first, and in the mail's language.
    answer = client.post("/es" + asked.stop, files={"List-Unsubscribe": (None, "One-Click")})
    assert (answer.status_code, answer.text) == (200, "Estos mensajes ya no se envían")


@pytest.mark.parametrize("path", ["/alerts/stop", "/alerts/stop?token=" + "0" * 64])
def test_one_click_on_a_made_up_link_is_not_found(asked: Asked, path: str) -> None:
    assert browser().post(path, data=ONE_CLICK).status_code == 404
    assert asked.row().stopped_at is None


@pytest.mark.parametrize("what", ["confirm", "stop"])
def test_no_other_post_is_taken_from_elsewhere(asked: Asked, what: str) -> None:
    client = browser()
    client.get(getattr(asked, what))
    foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    for headers in ({}, foreign):
        assert client.post(getattr(asked, what), data={}, headers=headers).status_code == 422
    row = asked.row()
    assert (row.confirmed_at, row.stopped_at) == (None, None)


def test_spanish_is_spoken_and_kept(asked: Asked) -> None:
    client = browser()
    assert client.get("/es" + asked.confirm).headers["location"] == "/es/alerts/confirm"
    assert "Confirmar esta dirección</button>" in client.get("/es/alerts/confirm").text
    fill(client, "/es/alerts/confirm")
    assert asked.row().language == "es"
