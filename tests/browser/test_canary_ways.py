"""The ways in, settings and sharing, walked with words that nobody may keep; then looked for.

Two things stand in an address because that is how they travel, each once: the secret of a mailed
link, taken off by our first answer, and a provider's authorization code, good once and with PKCE.
"""

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from portal.domain.identity import limits, staff, throttles
from portal.kit.clock import utc_now
from tests import factories
from tests.browser import people
from tests.browser.checks import ready, told
from tests.browser.conftest import Running
from tests.browser.people import books, code_in, link_in, somebody, visit
from tests.browser.test_second_factors import add_passkey, plug_in
from tests.browser.test_social import consent

pytestmark = pytest.mark.browser

PASSWORD, NEW_PASSWORD = "canary otter over nine kettles", "canary heron under two ladders"
ACCOUNT_NO, CID, STAFF_SEE = "91736455", "6650918", "93550127"
SOMEBODYS = people.PASSWORD
# Everything that a page's script could read later, the databases of the browser included.
_KEPT = """async () => {
  const databases = [];
  for (const {name} of await indexedDB.databases()) {
    const opened = await new Promise((done, fail) => {
      const asked = indexedDB.open(name);
      asked.onsuccess = () => done(asked.result);
      asked.onerror = fail;
    });
    for (const store of opened.objectStoreNames) {
      const all = opened.transaction(store).objectStore(store).getAll();
      databases.push(await new Promise((done) => { all.onsuccess = () => done(all.result); }));
    }
    opened.close();
  }
  return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, history.state,
    location.href, window.name, await caches.keys(), databases]);
}"""


@dataclass
class Watched:
    """A profile whose requests and keepings are noted; `secrets` are what is looked for."""

    context: BrowserContext
    asked: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.context.on(
            "request", lambda one: self.asked.append(one.url + one.headers.get("referer", ""))
        )

    def look(self, page: Page) -> None:
        """Note what the page keeps, and take the cookies for secrets."""
        self.kept.append(page.evaluate(_KEPT))
        for cookie in self.context.cookies():
            if cookie["name"].startswith("__Host-"):
                assert cookie["httpOnly"], cookie["name"]
                self.secrets.add(str(cookie["value"]))

    def open(self, page: Page, link: str) -> None:
        """Open a mailed link: its secret stands in that one address, and nowhere else."""
        (secret,) = parse_qs(urlsplit(link).query)["token"]
        self.secrets.add(secret)
        page.goto(link)
        carried = [address for address in self.asked if secret in address]
        assert len(carried) == 1, "the link itself, once, and in no referrer"
        self.asked.remove(carried[0])
        self.look(page)

    def found_in(self, log: str) -> list[tuple[str, str]]:
        """Return what was found, and where."""
        places = {
            "log": log, "address": "\n".join(self.asked), "storage": "\n".join(self.kept),
        }  # fmt: skip
        return [
            (place, word) for place, said in places.items() for word in self.secrets if word in said
        ]


@pytest.fixture
def watched(context: BrowserContext) -> Watched:
    return Watched(context)


def _sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/sign-in")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def _at_home(page: Page) -> None:
    page.wait_for_url(re.compile(r"/$"))
    ready(page)


def test_signing_up_second_factors_and_another_way_in(
    page: Page, context: BrowserContext, portal: Running, watched: Watched
) -> None:
    email = f"canary.{time.time_ns()}@example.org"
    watched.secrets |= {email, PASSWORD}
    page.goto("/sign-up")
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("First name").fill("Quilla")
    page.get_by_label("Last name").fill("Canary")
    watched.look(page)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Verification email sent")).to_be_visible()
    watched.open(page, link_in(portal, email, "activate"))
    page.get_by_role("button", name="Activate account").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("activated")
    _sign_in(page, email, PASSWORD)
    _at_home(page)
    watched.look(page)

    plug_in(context, page)
    add_passkey(page, "Phone")
    page.get_by_role("button", name="Set up an authenticator app").click()
    seed = page.locator("dd code").inner_text()
    app = pyotp.TOTP(seed.replace(" ", ""))
    watched.look(page)
    page.get_by_label("Code", exact=True).fill(app.now())
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Make ten recovery codes").click()
    codes = page.locator(".codes code").all_inner_texts()
    watched.secrets |= {seed, app.secret, *codes, *(code.replace("-", "") for code in codes)}
    watched.look(page)

    context.clear_cookies()
    _sign_in(page, email, PASSWORD)
    watched.look(page)
    page.get_by_label("Recovery code").fill(codes[0])
    page.get_by_role("button", name="Use this code").click()
    _at_home(page)
    context.clear_cookies()
    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    _at_home(page)
    watched.look(page)

    context.clear_cookies()
    other = "other." + email
    watched.secrets.add(other)
    page.goto("/sign-in")
    page.get_by_role("link", name="Sign in with Google").click()
    consent(page, "Google", other)
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm your email address")
    watched.look(page)
    page.get_by_label("6-digit code").fill(code_in(portal, other, "provider_code"))
    page.get_by_role("button", name="Confirm and sign in").click()
    _at_home(page)
    watched.look(page)
    assert watched.found_in(portal.log.read_text()) == []


def test_linking_sharing_and_moving_to_another_address(
    page: Page, browser: Browser, portal: Running, watched: Watched
) -> None:
    stamp = time.time_ns()
    email, new, on_file, guest = (
        f"canary.{who}{stamp}@example.org" for who in ("holder", "new", "file", "guest")
    )
    watched.secrets |= {email, new, on_file, guest, PASSWORD, NEW_PASSWORD, ACCOUNT_NO, CID}
    with books(portal) as db:
        account = factories.account(db, account_no=ACCOUNT_NO)
        factories.tenure(db, account, factories.customer(db, cid=CID, email=on_file))
        for _ in range(limits.WRONG_PAIRS_ON_ACCOUNT):
            throttles.tally(
                db, f"link:account:{ACCOUNT_NO}", limits.WRONG_PAIRS_ON_ACCOUNT_WINDOW,
                datetime.now(UTC),
            )  # fmt: skip
    somebody(portal, email=email)
    _sign_in(page, email, SOMEBODYS)
    _at_home(page)
    page.goto("/utility-billing/link")
    ready(page)
    page.get_by_label("What is the account ID?").fill(ACCOUNT_NO)
    page.get_by_label("What is the CID?").fill(CID)
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("button", name="Email me a code").click()
    expect(page.locator("main [role=status]")).to_contain_text("If these two numbers belong")
    watched.look(page)
    page.get_by_label("Code from the email").fill(code_in(portal, on_file, "link_code"))
    page.get_by_role("button", name="Submit").click()
    expect(page.locator("main [role=status]")).to_contain_text(f"Account {ACCOUNT_NO} at")
    watched.look(page)

    page.goto("/utility-billing/accounts")
    ready(page)
    page.get_by_role("link", name=re.compile("^People")).first.click()
    page.wait_for_url("**/people?account=*")
    ready(page)
    page.get_by_label("Their email address").fill(guest)
    page.get_by_role("button", name="Send invitation").click()
    expect(page.locator("main [role=status]")).to_contain_text("is on its way to " + guest)
    watched.look(page)
    with visit(browser, portal, somebody(portal, email=f"else{stamp}@example.org")) as theirs:
        guests = Watched(theirs.context, secrets=watched.secrets)
        guests.open(theirs, link_in(portal, guest, "share_invitation"))
        theirs.get_by_role("button", name="Send the code").click()
        theirs.get_by_label("6-digit code").fill(code_in(portal, guest, "share_code"))
        theirs.get_by_role("button", name="Accept").click()
        theirs.wait_for_url("**/summary?account=*")
        ready(theirs)
        guests.look(theirs)
        assert guests.found_in("") == []

    page.goto("/settings/password")
    page.get_by_label("Current password", exact=True).fill(SOMEBODYS)
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change Password").click()
    page.wait_for_url(re.compile(r"/settings\?done=password$"))
    page.goto("/settings/email")
    page.get_by_label("New email address").fill(new)
    page.get_by_label("Current password", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change E-Mail Address").click()
    page.wait_for_url(re.compile(r"/settings\?done=email$"))
    ready(page)
    watched.look(page)
    for to, kind in ((new, "email_new"), (email, "email_old")):
        watched.open(page, link_in(portal, to, kind))
        page.get_by_role("button", name="Confirm the change").click()
        told(page, "confirmed")
    watched.look(page)
    assert watched.found_in(portal.log.read_text()) == []


def test_staff_enrol_and_look_at_a_customer(page: Page, portal: Running, watched: Watched) -> None:
    email = f"canary.clerk{time.time_ns()}@example.gov"
    watched.secrets |= {email, PASSWORD, STAFF_SEE}
    with books(portal) as db:
        link = urlsplit(staff.add(db, email, "viewer", utc_now()))
        account = factories.account(db, account_no=STAFF_SEE)
        customer = factories.customer(db, email="canary.owner@example.org")
        factories.tenure(db, account, customer)
    watched.open(page, f"{link.path}?{link.query}")
    page.get_by_role("button", name="Continue").click()
    app = pyotp.TOTP(page.locator("dd code").inner_text().replace(" ", ""))
    watched.secrets.add(app.secret)
    watched.look(page)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Code", exact=True).fill(app.now())
    page.get_by_role("button", name="Save").click()
    told(page, "Your password and second factor are set.")
    page.goto("/admin")
    page.get_by_label("Email address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Code", exact=True).fill(app.at(utc_now() + timedelta(seconds=30)))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Work list", level=1)).to_be_visible()
    watched.look(page)
    page.get_by_label("Find a customer").fill(STAFF_SEE)
    page.keyboard.press("Enter")
    page.get_by_role("table").get_by_role("link").first.click()
    expect(page.get_by_role("main")).to_contain_text(STAFF_SEE)
    watched.look(page)
    page.get_by_role("main").get_by_role("link", name="Customers").click()
    expect(page.get_by_label("Find a customer")).to_have_value(STAFF_SEE)
    watched.look(page)
    assert watched.found_in(portal.log.read_text()) == []
