"""A household by mail, and a landlord's list: invite, accept, view, pay or not, end."""

import re

from playwright.sync_api import Browser, Locator, Page, expect

from portal.models.identity import User
from tests import factories
from tests.browser.checks import check_page, ready
from tests.browser.conftest import Running, cookie
from tests.browser.people import books, link_in, mailed, somebody, visit

GUEST = "guest.of.maria@example.org"
TO_LOOK_AT = "This account is shared with you to look at, not to pay."


def test_a_holder_invites_and_the_guest_views_pays_and_loses_it_again(
    page: Page, browser: Browser, portal: Running
) -> None:
    with books(portal) as session:
        holder, place, payer = factories.household(session)
        bills = [factories.bill(session, place, payer, cents) for cents in (4100, 5200)]
        cookie(page.context, session, holder, portal.url)
    with visit(browser, portal, somebody(portal, email=GUEST), on="phone") as guest:
        _invite_to_view(page, portal)
        account = _accept(guest, portal)
        _only_look(guest, account)
        _let_pay(page, portal)
        _pay(guest, account)
        page.goto(f"/utility-billing/summary?account={account}")
        paid = page.get_by_role("table", name="About Your Payments")
        for bill, sum_ in zip(bills, ("$41.00", "$52.00"), strict=True):
            row = paid.get_by_role("row").filter(has_text=bill.bill_no)
            expect(row).to_contain_text(sum_)
            expect(row).to_contain_text("On its way to the city's books")
        # The receipt and the card are the payer's alone.
        paid.get_by_role("link", name=re.compile("details")).first.click()
        page.wait_for_url("**/bill?id=*")
        ready(page)
        expect(page.get_by_role("main")).to_contain_text("Payment accepted")
        expect(page.get_by_role("main")).not_to_contain_text("4242")
        page.goto(f"/utility-billing/people?account={account}")
        ready(page)
        _end(page)
        guest.goto(f"/utility-billing/summary?account={account}")
        expect(guest.get_by_role("alert")).to_contain_text("could not find that account")


def _invite_to_view(page: Page, portal: Running) -> None:
    page.goto("/utility-billing/accounts")
    ready(page)
    page.get_by_role("link", name=re.compile("^People")).first.click()
    page.wait_for_url("**/people?account=*")
    check_page(page, title="People with access")
    page.get_by_label("Their email address").fill("nobody")
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter one email address")
    page.get_by_label("Their email address").fill(GUEST)
    page.get_by_role("button", name="Send invitation").click()
    expect(page.locator("main [role=status]")).to_contain_text("is on its way to " + GUEST)
    expect(page.get_by_role("table", name="Invitations that wait")).to_contain_text("View only")
    check_page(page)


def _accept(guest: Page, portal: Running) -> str:
    guest.goto(link_in(portal, GUEST, "share_invitation"))
    assert guest.url.endswith("/invitation"), "the secret leaves the address bar"
    expect(guest.get_by_role("heading", level=1)).to_have_text("An account is shared with you")
    guest.get_by_role("button", name="Accept").click()
    guest.wait_for_url("**/summary?account=*")
    ready(guest)
    return guest.url.partition("account=")[2]


def _only_look(guest: Page, account: str) -> None:
    expect(guest.get_by_text(TO_LOOK_AT)).to_have_count(1)
    expect(guest.get_by_role("button", name="Pay Now")).to_have_count(0)
    guest.goto(f"/utility-billing/bills?account={account}")
    check_page(guest, title="Manage Bills")
    expect(guest.get_by_role("main").get_by_role("row")).to_have_count(4)  # two bills, the total
    expect(guest.get_by_text(TO_LOOK_AT)).to_have_count(1)
    expect(guest.get_by_role("checkbox")).to_have_count(0)
    expect(guest.get_by_role("button", name="Add to Cart")).to_have_count(0)
    guest.get_by_role("link", name=re.compile("^Bill Details")).first.click()
    guest.wait_for_url("**/bill?id=*")
    ready(guest)
    expect(guest.get_by_role("button", name="Add to Cart")).to_have_count(0)
    guest.goto(f"/utility-billing/people?account={account}")
    expect(guest.get_by_role("alert")).to_contain_text("Only those who hold it can do this.")
    guest.goto("/es/utility-billing/accounts")
    ready(guest)
    expect(guest.get_by_role("table")).to_contain_text("Compartida: solo ver")


def _let_pay(page: Page, portal: Running) -> None:
    page.reload()
    ready(page)
    page.get_by_role("link", name=re.compile("^Change access")).click()
    page.get_by_label("They may").select_option("pay")
    page.get_by_label("Last day").fill("2030-01-31")
    check_page(page)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main [role=status]")).to_contain_text("We have told this person.")
    expect(page.get_by_role("table")).to_contain_text("1/31/2030")
    assert "January 31, 2030" in mailed(portal, GUEST, "share_changed")


def _pay(guest: Page, account: str) -> None:
    guest.goto(f"/utility-billing/bills?account={account}")
    ready(guest)
    expect(guest.get_by_text(TO_LOOK_AT)).to_have_count(0)
    guest.get_by_role("button", name="Add to Cart").click()
    guest.get_by_role("link", name="My Cart (2 items)").first.click()
    guest.get_by_role("button", name="Checkout").click()
    expect(guest.get_by_role("heading", level=1, name="Pay Bills")).to_be_visible()
    ready(guest)
    guest.get_by_role("button", name="Continue").click()
    expect(guest.get_by_role("heading", level=1, name="Billing Information")).to_be_visible()
    card = guest.frame_locator("iframe[title='Secure card fields']")
    card.get_by_label("Card number").fill("4242424242424242")
    card.get_by_label("Expiration date").fill("1234")
    card.get_by_label("Security code").fill("123")
    guest.get_by_role("button", name="Make Payment").click()
    expect(guest.get_by_text("Thank you. Your payment was received.")).to_be_visible()
    expect(guest.get_by_role("main")).to_contain_text("$93.00")


def _end(page: Page) -> None:
    page.get_by_role("link", name=re.compile("^Remove access")).click()
    expect(page.get_by_role("heading", name="Remove this person's access?")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator("main [role=status]")).to_contain_text("The access is removed.")


def test_the_page_of_an_invitation_is_sound_in_both_languages(page: Page) -> None:
    for path, lang in (("/invitation", "en"), ("/es/invitation", "es")):
        page.goto(path)
        check_server_page(page, lang)


def check_server_page(page: Page, lang: str) -> None:
    """Hold a page that the server draws to the same rules; it has no hydration to wait for."""
    from tests.browser.checks import findings

    assert page.evaluate("document.documentElement.lang") == lang
    assert findings(page) == []


def test_a_landlord_finds_groups_and_fills_the_cart(
    page: Page, browser: Browser, portal: Running
) -> None:
    with books(portal) as session:
        user: User = factories.user(session, email="landlord@example.org")
        payer = factories.customer(session, name1="ELM HOLDINGS LLC")
        for n in range(30):
            place = factories.account(session, service_address=f"{n + 1} Elm St", district="07")
            factories.tenure(session, place, payer)
            factories.link(session, user, place, payer)
            factories.bill(session, place, payer, 1000 + n)
        cookie(page.context, session, user, portal.url)
    page.goto("/utility-billing/accounts")
    check_page(page, title="Accounts")
    expect(page.get_by_role("main")).to_contain_text("30 found")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(6)
    # By the keyboard alone: to the field, the search, the one row and its bills, and back.
    page.get_by_label("Find an account").press("ControlOrMeta+a")
    page.keyboard.type("17 elm")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_contain_text("1 found")
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(2)
    page.get_by_label("Find an account").focus()
    bills = page.get_by_role("table").get_by_role("link", name=re.compile("^Manage Bills"))
    tab_to(page, bills)
    page.keyboard.press("Enter")
    page.wait_for_url("**/bills?account=*")
    expect(page.get_by_role("main")).to_contain_text("17 Elm St")
    page.go_back()
    expect(page.get_by_label("Find an account")).to_have_value("17 elm")
    page.get_by_label("Find an account").fill("")
    page.get_by_label("Group by").select_option("street")
    page.get_by_label("Sort by").select_option("due")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="Elm St")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Add all that is due to the cart").click()
    expect(page.locator("main [role=status]").first).to_contain_text("30 bills were added")
    with page.expect_download() as wanted:
        page.get_by_role("link", name="Download as a table (CSV)").click()
    text = wanted.value.path().read_text(encoding="utf-8-sig")
    assert len(text.splitlines()) == 31
    assert "ELM HOLDINGS LLC" in text
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/es/utility-billing/accounts?group=customer")
    check_page(page, title="Cuentas", lang="es")
    expect(page.get_by_label("Buscar una cuenta")).to_be_visible()


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the focus is there, as often as somebody would."""
    for _ in range(25):
        page.keyboard.press("Tab")
        if target.evaluate("(link) => link === document.activeElement"):
            return
    raise AssertionError("the Tab key does not lead there")
