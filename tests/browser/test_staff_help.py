"""What an administrator does for somebody who calls: each act, and what the caller meets then."""

import re
import time
from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from portal.domain.identity import sign_up, totp
from portal.domain.identity.actor import Actor
from portal.kit.clock import utc_now
from portal.models.factors import TotpFactor
from portal.models.identity import User
from tests.browser.checks import check_page, ready, told
from tests.browser.conftest import Running
from tests.browser.people import PASSWORD, books, link_in, mailed, somebody, visit
from tests.browser.test_coming_back import age


def address(name: str) -> str:
    """Return an address that nobody has yet."""
    return f"{name}{time.time_ns()}@example.com"


@pytest.fixture
def clerk(portal: Running) -> User:
    """Add an administrator of this test's own."""
    return somebody(portal, email=address("clerk"), role="administrator")


@pytest.fixture
def desk(browser: Browser, portal: Running, clerk: User) -> Iterator[Page]:
    """Yield the administrator's page."""
    with visit(browser, portal, clerk) as page:
        yield page


def show(desk: Page, user: User) -> None:
    """Open a sign-in's page."""
    desk.goto(f"/admin/resident?id={user.id}")
    ready(desk)


def test_numbers_are_asked_for_and_the_list_is_settled(
    phone: Page, desk: Page, browser: Browser, portal: Running
) -> None:
    lost = somebody(portal, email=address("lost"), first_name="Lotte")
    with visit(browser, portal, lost, on="phone") as page:
        page.goto("/utility-billing/link")
        ready(page)
        page.get_by_role("link", name="I don't have my numbers").click()
        page.get_by_label("Name on the bill").fill("Lotte Lost")
        page.get_by_label("Service address", exact=True).fill("12 Oak St")
        page.get_by_role("radio", name="Mail my numbers").check()
        page.get_by_role("button", name="Send request").click()
        answer = page.locator("main [role=status]")
        expect(answer).to_contain_text("NR-")
        found = re.search(r"NR-[\w-]*\w", answer.inner_text())
        assert found is not None
    desk.goto("/admin")
    ready(desk)
    desk.get_by_role("main").get_by_role("link", name=re.compile("request", re.I)).first.click()
    card = desk.get_by_role("article").filter(has_text=found.group())
    expect(card).to_contain_text("Lotte Lost")
    expect(card).to_contain_text("Mail them to the service address")
    check_page(desk, title="Requests")
    card.get_by_role("button", name="Done").click()
    told(desk, "Taken off the list.")
    expect(card).to_have_count(0)
    assert found.group() in mailed(portal, lost.email, "numbers_requested")


def test_an_activation_that_did_not_arrive_is_sent_again(
    page: Page, desk: Page, portal: Running
) -> None:
    email = address("waits")
    with books(portal) as session:
        new = sign_up.read_form(email, PASSWORD, "Wanda", "Waits")
        sign_up.sign_up(session, Actor(ip="192.0.2.7"), new, utc_now())
        user = sign_up.find(session, email)
        assert user is not None
    first = link_in(portal, email, "activate")
    show(desk, user)
    desk.get_by_role("button", name="Resend activation").click()
    told(desk, f"The activation email is on its way to {email}.")
    page.goto(first)
    page.get_by_role("button", name="Activate account").click()
    expect(page.get_by_role("alert")).to_contain_text("A newer link was sent to you since.")
    page.goto(link_in(portal, email, "activate"))
    page.get_by_role("button", name="Activate account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Your account now has been activated."
    )
    desk.reload()
    ready(desk)
    expect(desk.get_by_role("button", name="Resend activation")).to_have_count(0)


def test_a_second_step_that_was_lost_is_taken_off(
    desk: Page, browser: Browser, portal: Running, clerk: User
) -> None:
    lost = somebody(portal, email=address("phone.lost"))
    with books(portal) as session:
        sealed = totp.seal(pyotp.random_base32())
        session.add(TotpFactor(user_id=lost.id, seed_encrypted=sealed, confirmed_at=utc_now()))
    with visit(browser, portal, lost, on="phone") as page:
        page.goto("/settings")
        ready(page)
        show(desk, lost)
        age(portal, clerk.email)
        desk.get_by_text("They lost their second step").click()
        desk.get_by_role("button", name="Remove the second step").click()
        # For this a member of staff signs in anew, and comes back to the same person.
        expect(desk).to_have_url(re.compile(r"/admin/sign-in\?next=.*resident.*&done=again"))
        told(desk, "sign in again to do this")
        with visit(browser, portal, clerk) as again:
            show(again, lost)
            again.get_by_text("They lost their second step").click()
            check_page(again, title="Sign-in")
            again.get_by_role("button", name="Remove the second step").click()
            told(again, f"{lost.email} has no second step and no password now.")
        page.get_by_role("button", name="Save language").click()
        expect(page).to_have_url(re.compile(r"/sign-in\?next="))
        page.get_by_label("Email address").fill(lost.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("alert")).to_contain_text("is not right")
        # The mailbox is the way back in.
        page.get_by_role("link", name="Forgot password?").click()
        page.get_by_label("Email address").fill(lost.email)
        page.get_by_role("button", name="Send the link").click()
        page.goto(link_in(portal, lost.email, "reset"))
        page.get_by_label("New password", exact=True).fill("nine lanterns over a slow river")
        page.get_by_role("button", name="Save password").click()
        told(page, "Your password is changed")
    assert "removed the passkeys" in mailed(portal, lost.email, "factors_removed")


def test_staff_stand_in_for_a_mailbox_that_is_lost(
    desk: Page, browser: Browser, portal: Running
) -> None:
    moved = somebody(portal, email=address("old.mailbox"))
    fresh = address("new.mailbox")
    with visit(browser, portal, moved, on="phone") as page:
        page.goto("/settings/email")
        page.get_by_label("New email address").fill(fresh)
        page.get_by_label("Current password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Change E-Mail Address").click()
        page.wait_for_url("**/settings?done=email")
        page.goto("/settings/email")
        expect(
            page.get_by_role("heading", name="You no longer have the old mailbox?")
        ).to_be_visible()
        check_page(page, title="Change E-Mail Address")
        show(desk, moved)
        expect(desk.get_by_role("main")).to_contain_text(fresh)
        check_page(desk, title="Sign-in")
        desk.get_by_role("button", name="Confirm in place of the old mailbox").click()
        told(desk, f"Confirmed in place of the old mailbox {moved.email}.")
        # The new one proves itself all the same.
        page.reload()
        expect(page.get_by_role("main")).to_contain_text(f"You sign in with {moved.email}.")
        page.goto(link_in(portal, fresh, "email_new"))
        page.get_by_role("button", name="Confirm the change").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Your email address is changed")
    assert fresh not in mailed(portal, moved.email, "email_changed")  # masked
