"""A household by mail, and a landlord's list: invite, accept, view, pay or not, end."""

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect
from sqlalchemy import create_engine
from sqlmodel import Session, select

from portal.demo import stories
from portal.models.identity import User
from portal.models.outbox import Mail
from tests import factories
from tests.browser.checks import check_page, ready
from tests.browser.conftest import Running, cookie

GUEST = "guest.of.maria@example.org"


def newest(portal: Running, kind: str, to: str) -> str:
    """Return the text of the newest mail of a kind to an address."""
    engine = create_engine(portal.database_url)
    with Session(engine) as session:
        rows = session.exec(select(Mail).where(Mail.kind == kind, Mail.to_address == to)).all()
        text = max(rows, key=lambda mail: str(mail.created_at)).text_body
    engine.dispose()
    return text


def resident(browser: Browser, portal: Running, **given: object) -> Page:
    """Return a page on a phone in which a resident of their own is signed in."""
    context = browser.new_context(
        base_url=portal.url, viewport={"width": 390, "height": 844}, is_mobile=True
    )
    engine = create_engine(portal.database_url)
    with Session(engine, expire_on_commit=False) as session:
        user = factories.user(session, **given)
        cookie(context, session, user, portal.url)
        session.commit()
    engine.dispose()
    return context.new_page()


def test_a_holder_invites_and_the_guest_views_pays_and_loses_it_again(
    page: Page, browser: Browser, portal: Running, sign_in: Callable[..., None]
) -> None:
    sign_in("carla@example.org", stories.PASSWORD)
    page.wait_for_url("**/")
    ready(page)
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

    (link,) = re.findall(
        r"http\S+/invitation\?token=\S+", newest(portal, "share_invitation", GUEST)
    )
    guest = resident(browser, portal, email=GUEST)
    guest.goto(link)
    assert guest.url.endswith("/invitation"), "the secret leaves the address bar"
    expect(guest.get_by_role("heading", level=1)).to_have_text("An account is shared with you")
    guest.get_by_role("button", name="Accept").click()
    guest.wait_for_url("**/summary?account=*")
    ready(guest)
    account = guest.url.partition("account=")[2]
    guest.goto(f"/utility-billing/bills?account={account}")
    ready(guest)
    expect(guest.get_by_role("checkbox")).to_have_count(0)
    guest.goto(f"/utility-billing/people?account={account}")
    expect(guest.get_by_role("alert")).to_contain_text("Only those who hold it can do this.")
    guest.goto("/es/utility-billing/accounts")
    ready(guest)
    expect(guest.get_by_role("table")).to_contain_text("Compartida: solo ver")

    page.reload()
    ready(page)
    page.get_by_role("link", name=re.compile("^Change access")).click()
    page.get_by_label("They may").select_option("pay")
    page.get_by_label("Last day").fill("2030-01-31")
    check_page(page)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("main [role=status]")).to_contain_text("We have told this person.")
    expect(page.get_by_role("table")).to_contain_text("1/31/2030")
    assert "January 31, 2030" in newest(portal, "share_changed", GUEST)

    page.get_by_role("link", name=re.compile("^Remove access")).click()
    expect(page.get_by_role("heading", name="Remove this person's access?")).to_be_visible()
    check_page(page)
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.locator("main [role=status]")).to_contain_text("The access is removed.")
    guest.goto(f"/utility-billing/summary?account={account}")
    expect(guest.get_by_role("alert")).to_contain_text("could not find that account")
    guest.context.close()


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
    engine = create_engine(portal.database_url)
    with Session(engine, expire_on_commit=False) as session:
        user: User = factories.user(session, email="landlord@example.org")
        payer = factories.customer(session, name1="ELM HOLDINGS LLC")
        for n in range(30):
            place = factories.account(session, service_address=f"{n + 1} Elm St", district="07")
            factories.tenure(session, place, payer)
            factories.link(session, user, place, payer)
            factories.bill(session, place, payer, 1000 + n)
        cookie(page.context, session, user, portal.url)
        session.commit()
    engine.dispose()
    page.goto("/utility-billing/accounts")
    check_page(page, title="Accounts")
    expect(page.get_by_role("main")).to_contain_text("30 found")
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(6)
    page.get_by_label("Find an account").fill("17 elm")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("main")).to_contain_text("1 found")
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(2)
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
