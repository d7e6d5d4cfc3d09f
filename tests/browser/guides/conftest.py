"""The demo of each city as `make demo` starts it: PostgreSQL, jobs, mail, payment stand-in."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from portal.config import ROOT
from portal.demo.loopback import free_port
from tests.browser.checks import check_page, ready, watch
from tests.browser.conftest import environment

ACCOUNTS = 30
WIDTHS = (1280, 390)
PASSWORD = "seven yellow boats at low tide"
_START_SECONDS = 300


@dataclass(frozen=True)
class Demo:
    """A running demo: its address, and what it printed when it was ready."""

    url: str
    introduction: str

    def pairs(self) -> list[tuple[str, str]]:
        """Return the printed Account Number and Customer ID pairs that nobody has linked."""
        lines = self.introduction.split("Sign up yourself")[1].splitlines()[1:]
        found = []
        for line in lines:
            if len(line.split()) != 2:
                break
            account, cid = line.split()
            found.append((account, cid))
        return found


@pytest.fixture(scope="session")
def demo_of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Demo]]:
    """Return what starts a city's demo, once a run; all are ended by SIGTERM."""
    running: dict[str, tuple[Demo, subprocess.Popen[bytes]]] = {}

    def start(city: str) -> Demo:
        if city not in running:
            running[city] = _start(city, tmp_path_factory.mktemp(city))
        return running[city][0]

    yield start
    for _, process in running.values():
        process.send_signal(signal.SIGTERM)
    for _, process in running.values():
        process.wait(timeout=30)


def _start(city: str, data: Path) -> tuple[Demo, subprocess.Popen[bytes]]:
    port = free_port()
    log = data / "demo.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "portal", "demo", "--city", city),
                *("--accounts", str(ACCOUNTS), "--port", str(port)),
            ],
            cwd=ROOT,
            env=environment(city, PORTAL_DATA_DIR=str(data / "data")),
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    give_up = time.monotonic() + _START_SECONDS
    while "Ready after" not in log.read_text():
        if process.poll() is not None or time.monotonic() > give_up:
            process.kill()
            raise RuntimeError(f"the demo of {city} did not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.2)
    return Demo(f"http://localhost:{port}", log.read_text()), process


class Resident:
    """A person with a browser who does what the guide says, by the words they see."""

    def __init__(self, page: Page, email: str) -> None:
        """Take a page of a fresh profile."""
        self.page = page
        self.email = email
        self.is_on_phone = (page.viewport_size or {"width": 0})["width"] < 600

    def click(self, name: str, *, role: str = "link", within: str = "main") -> None:
        """Click what has this name; the page is ready afterwards.

        Among several alike, a link's name goes on, unseen, with what it belongs to.
        """
        named = re.compile(rf"^{re.escape(name)}(?!\w)")
        place = self.page.locator(within)
        place.get_by_role(role, name=named).first.click()  # type: ignore[arg-type]
        ready(self.page)

    def press(self, name: str) -> None:
        """Press a button."""
        self.click(name, role="button")

    def fill(self, **fields: str) -> None:
        """Fill fields by their labels; `_` in a name stands for a space."""
        for label, value in fields.items():
            self.page.get_by_label(label.replace("_", " "), exact=True).fill(value)

    def menu(self, name: str) -> None:
        """Choose from the left menu, or from the phone's."""
        if self.is_on_phone:
            self.page.locator("header summary").filter(visible=True).click()
        self.page.get_by_role("link", name=name, exact=True).filter(visible=True).first.click()
        ready(self.page)

    def is_at(self, heading: str) -> None:
        """See this h1 and nothing wrong with the page: axe in both colours, 320 px, title."""
        self.page.get_by_role("heading", level=1, name=heading, exact=True).wait_for()
        check_page(self.page, lang=self.page.evaluate("document.documentElement.lang"))

    def reads(self, text: str) -> None:
        """See this text."""
        self.page.get_by_text(text).filter(visible=True).first.wait_for()

    def link_in_mail(self, subject: str, label: str, nth: int = 0) -> str:
        """Return the (nth) link of the newest mail to this person with that subject."""
        inbox = self.page.context.new_page()
        message = inbox.locator("article").filter(has_text=self.email).filter(has_text=subject)
        give_up = time.monotonic() + 20
        while True:  # mail travels by SMTP, sent by a job
            inbox.goto("/demo/mail")
            if message.count() or time.monotonic() > give_up:
                break
            inbox.wait_for_timeout(300)
        assert label in message.first.inner_text()
        href = message.first.get_by_role("link").nth(nth).get_attribute("href")
        inbox.close()
        assert href is not None
        return href

    def register(self, first: str, last: str) -> None:
        """Create an account, activate it from the mail and sign in (Leesburg 2-5, Minot 1-3)."""
        page = self.page
        page.goto("/sign-in")
        self.is_at("Sign in to community access services.")
        self.click("Sign up")
        self.is_at("Create an account")
        self.fill(Email=self.email, Password=PASSWORD, First_name=first, Last_name=last)
        self.press("Sign up")
        self.is_at("Verification email sent")
        self.reads("To finish signing in, check your email.")
        page.goto(self.link_in_mail("Welcome to your Community Access account", "Activate account"))
        self.press("Activate account")
        self.reads("Go back to sign in")
        self.click("Back to sign in")
        self.sign_in()

    def sign_in(self) -> None:
        """Sign in on the sign-in page."""
        self.page.get_by_label("Email address").fill(self.email)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        ready(self.page)

    def sign_out(self) -> None:
        """Sign out from the menu of the person."""
        self.page.locator("header summary").filter(visible=True).last.click()
        self.page.get_by_role("button", name="Sign out").filter(visible=True).click()
        self.page.wait_for_url("**/sign-in*")

    def columns(self) -> list[str]:
        """Return the headings of the first table, also where a phone shows it as cards."""
        return [
            text.strip()
            for text in self.page.locator("main table")
            .first.locator("thead th")
            .all_text_contents()
        ]


@pytest.fixture
def resident(
    browser: Browser, demo_of: Callable[[str], Demo], tmp_path: Path
) -> Iterator[Callable[[str, int, str], Resident]]:
    """Return what seats a new resident of a city at a screen of a width, under a name."""
    contexts = []
    problems: list[list[str]] = []

    def seat(city: str, width: int, name: str) -> Resident:
        demo = demo_of(city)
        made = browser.new_context(
            base_url=demo.url,
            viewport={"width": width, "height": 900},
            is_mobile=width < 600,
            has_touch=width < 600,
        )
        made.set_default_timeout(20_000)
        contexts.append(made)
        page = made.new_page()
        problems.append(watch(page))
        return Resident(page, f"{name}-{width}@example.com")

    yield seat
    for made in contexts:
        # What the person saw last: the first thing to open when a guide fails.
        made.pages[0].screenshot(path=tmp_path / "last.png", full_page=True)
        made.close()
    assert [found for found in problems if found] == []
