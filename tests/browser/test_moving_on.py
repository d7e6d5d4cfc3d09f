"""Going on before the answer is here: nothing of the page before stands under the new address."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from portal.cities import city_file, read_city
from portal.demo import stories
from tests.browser.checks import ready

LANDLORD = next(
    one for one in stories.residents(read_city(city_file("pleasanton"))) if len(one.pairs) == 3
)
pytestmark = pytest.mark.browser


class Line:
    """The socket of a page, whose answers can be kept back."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.kept: list[str | bytes] | None = None
        page.route_web_socket("**/_event/**", self._open)

    def _open(self, socket: WebSocketRoute) -> None:
        self._socket = socket
        server = socket.connect_to_server()
        server.on_message(self._answer)

    def _answer(self, message: str | bytes) -> None:
        if self.kept is None:
            self._socket.send(message)
        else:
            self.kept.append(message)

    def keep(self) -> None:
        """Let no more answers through."""
        self.kept = []

    def wait_for(self, *words: str) -> list[str | bytes]:
        """Wait until one answer with all these words is kept; take out what is kept then."""
        while not any(all(word in str(one) for word in words) for one in self.kept or []):
            self.page.wait_for_timeout(20)
        taken, self.kept = self.kept or [], []
        return taken

    def send(self, answers: list[str | bytes]) -> None:
        """Let these answers through, and wait until the page has drawn what they say."""
        for answer in answers:
            self._socket.send(answer)
        self.page.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def open(self) -> None:
        """Let everything through again."""
        kept, self.kept = self.kept or [], None
        self.send(kept)


@pytest.fixture
def line(page: Page, sign_in: Callable[..., None]) -> Line:
    """Sign the landlord in, at the list of their accounts."""
    line = Line(page)
    sign_in(LANDLORD.email, LANDLORD.password)
    page.wait_for_url("**/")
    page.goto("/utility-billing/accounts")
    ready(page)
    return line


def open_bills(page: Page, account: str) -> None:
    """Choose Manage Bills of an account in the list."""
    row = page.get_by_role("row").filter(has_text=account)
    row.get_by_role("link", name="Manage Bills").click()
    page.wait_for_url("**/bills?account=*")


def change_account(page: Page) -> None:
    """Go to the list of accounts as the menu leads."""
    page.locator(".side").get_by_role("link", name="Change account").click()
    page.wait_for_url("**/accounts")
    ready(page)


def is_at(page: Page, account: str) -> None:
    """Expect the bills of `account`, and its menu."""
    expect(page.get_by_role("main").locator("dl").first).to_contain_text(account)
    expect(page.locator(".side .which")).to_contain_text(account)
    expect(page.locator(".side .which")).to_be_visible()
    ready(page)


def waits_without(page: Page, account: str) -> None:
    """Expect a page that waits: no word, no link and no button of `account`."""
    expect(page.get_by_role("main")).to_have_text("Manage Bills" + "Loading")
    expect(page.get_by_role("main").get_by_role("button")).to_have_count(0)
    seen: str = page.evaluate("document.body.innerText")
    assert account not in seen
    expect(page.locator(".side").get_by_role("link", name="Account Summary")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_focused()


FIRST, SECOND, THIRD = (pair.account_no for pair in LANDLORD.pairs)


def test_nothing_of_one_account_is_seen_at_another(page: Page, line: Line) -> None:
    open_bills(page, FIRST)
    is_at(page, FIRST)
    change_account(page)
    line.keep()
    open_bills(page, SECOND)
    waits_without(page, FIRST)
    line.open()
    is_at(page, SECOND)
    expect(page.get_by_role("main")).not_to_contain_text(FIRST)
    expect(page.get_by_role("heading", level=1)).to_be_focused()

    # Straight back to the first one's bills: the same screen, which holds the second's.
    line.keep()
    page.evaluate("history.go(-2)")
    page.wait_for_url("**/bills?account=*")
    waits_without(page, SECOND)
    line.open()
    is_at(page, FIRST)


def test_the_later_address_wins(page: Page, line: Line) -> None:
    line.keep()
    open_bills(page, SECOND)
    of_second = line.wait_for("manage_bills_state", SECOND)
    page.go_back()
    page.wait_for_url("**/accounts")
    open_bills(page, THIRD)
    line.send(of_second)  # late
    waits_without(page, SECOND)
    line.open()
    is_at(page, THIRD)


def test_another_view_of_the_same_bills_keeps_its_place_and_the_focus(
    page: Page, line: Line
) -> None:
    open_bills(page, FIRST)
    is_at(page, FIRST)
    main = page.get_by_role("main")
    past = main.get_by_role("link", name="Past Bills")
    line.keep()
    before = past.bounding_box()
    past.press("Enter")
    page.wait_for_url("**&show=past")
    expect(main.locator(".stale")).to_have_count(1)
    assert past.bounding_box() == before
    line.open()
    expect(main.get_by_role("heading", name="Past Bills")).to_be_visible()
    ready(page)
    expect(past).to_be_focused()
