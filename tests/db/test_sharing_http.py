"""The page behind a mailed invitation, as browsers, scanners and strangers use it."""

import re

import pytest
from sqlalchemy import Engine
from sqlmodel import select
from starlette.testclient import TestClient

from portal.domain.identity import limits, sessions
from portal.domain.sharing import invitations
from portal.http.request import COOKIE
from portal.kit.clock import utc_now
from portal.kit.db import transaction
from portal.models.identity import AccountLink, User
from portal.models.outbox import Mail
from portal.models.sharing import Invitation
from tests import factories
from tests.db.test_sharing import Home, fresh
from tests.posting import browser, fill, problems


class Invited:
    """A committed invitation to a resident, and what its mail holds."""

    def __init__(self) -> None:
        with transaction() as session:
            self.home = Home(session)
            self.link = "/invitation?token=" + self.home.invite(session)
            self.stranger = factories.user(session)

    def ties(self) -> list[tuple[object, str]]:
        with transaction() as session:
            rows = session.exec(select(AccountLink).where(AccountLink.rights != "hold")).all()
            return [(row.user_id, row.rights) for row in rows]


@pytest.fixture
def invited(database: Engine) -> Invited:
    return Invited()


def test_opening_the_link_accepts_nothing_and_signs_nobody_in(invited: Invited) -> None:
    client = browser()
    for method in (client.get, client.head, client.get):
        opened = method(invited.link)
        assert (opened.status_code, opened.headers["location"]) == (303, "/invitation")
    page = client.get("/invitation")
    assert "would like to share a utility account with you" in page.text
    assert "Quince Way" in page.text
    for hidden in ("517 Quince", "00881234", invited.home.holder.email, "guest@example.org"):
        assert hidden not in page.text
    assert 'href="/sign-in?next=%2Finvitation"' in page.text
    refused = client.post("/invitation", data={})
    assert refused.headers["location"] == "/sign-in?next=%2Finvitation"
    assert invited.ties() == []
    assert "__Host-portal" not in client.cookies
    # Who goes the way over sign-up comes back here after the sign-in.
    assert 'name="next" value="/invitation"' in client.get("/sign-in").text


def signed_in(user: User) -> TestClient:
    """Return a browser in which `user` is signed in."""
    with transaction() as session:
        secret = sessions.create(session, user, False, "192.0.2.1", "test", utc_now())
    client = browser()
    client.cookies.set(COOKIE, secret)
    return client


def test_the_invited_resident_accepts_with_one_button(invited: Invited) -> None:
    client = signed_in(invited.home.guest)
    client.get(invited.link)
    stale = client.post("/invitation", data={})
    assert stale.status_code == 422
    assert invited.ties() == []
    done = fill(client, "/invitation")
    account = invited.home.account.id
    assert done.headers["location"] == f"/utility-billing/summary?account={account}"
    assert invited.ties() == [(invited.home.guest.id, "view")]
    client.get(invited.link)
    again = client.get("/invitation")
    assert problems(again)[0].startswith("This invitation was accepted already.")


def test_another_address_types_the_code_that_was_mailed(invited: Invited) -> None:
    client = signed_in(invited.stranger)
    client.get(invited.link)
    assert "You are signed in with another address" in client.get("/invitation").text
    wrong = fill(client, "/invitation", act="", code="123 456")
    assert problems(wrong)[0].startswith("This code is not right or too old.")
    sent = fill(client, "/invitation", act="send")
    assert sent.headers["location"] == "/invitation?done=sent"
    assert "on its way to g***@example.org" in client.get("/invitation?done=sent").text
    with transaction() as session:
        mail = session.exec(select(Mail).where(Mail.kind == "share_code")).one()
    (digits,) = re.findall(r"\b\d{6}\b", mail.text_body)
    assert fill(client, "/invitation", act="", code=digits).status_code == 303
    assert invited.ties() == [(invited.stranger.id, "view")]


def test_wrong_codes_lock(invited: Invited) -> None:
    client = signed_in(invited.stranger)
    client.get(invited.link)
    for _ in range(limits.WRONG_CODES):
        fill(client, "/invitation", act="", code="000000")
    locked = fill(client, "/invitation", act="", code="000000")
    assert problems(locked) == ["Too many wrong codes. Try again in 15 minutes."]


def test_what_does_not_hold_says_so_in_both_languages(invited: Invited) -> None:
    client = signed_in(invited.home.guest)
    assert "Open the link in the message" in client.get("/invitation").text
    client.get("/invitation?token=made-up")
    assert problems(client.get("/invitation"))[0].startswith("This link is not complete.")
    with transaction() as session:
        row = session.exec(select(Invitation)).one()
        # Not of this module's NOW: a whole run takes longer than a sign-in is fresh.
        holder = fresh(invited.home.holder, authenticated_at=utc_now())
        invitations.withdraw(session, holder, str(row.id), utc_now())
    client.get("/es" + invited.link)
    over = client.get("/es/invitation")
    assert over.status_code == 422
    assert problems(over)[0].startswith("Esta invitación ya no es válida.")
