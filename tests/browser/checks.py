"""What every page must be: axe without a finding in both colours, no sideways scroll, one h1."""

import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from subprocess import DEVNULL, call
from typing import Any

from playwright.sync_api import Page, expect

from portal.config import ROOT


def _chromium() -> str | None:
    """Return this machine's Chromium, or None for the one that playwright installed."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    apps = ("Google Chrome", "Chromium")
    found = [shutil.which(name) for name in names]
    found += [f"/Applications/{name}.app/Contents/MacOS/{name}" for name in apps]
    for path in found:
        # Ubuntu's chromium-browser without snap is a stub: it is there and does not run.
        if (
            path
            and Path(path).exists()
            and not call([path, "--version"], stdout=DEVNULL, stderr=DEVNULL)
        ):
            return path
    return None


CHROMIUM = _chromium()
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# What a colour scheme can change; a width changes all but this.
_OF_COLOUR = ["color-contrast", "link-in-text-block"]
_ALL = {"runOnly": {"type": "tag", "values": _TAGS}}
_COLOUR = {"runOnly": {"type": "rule", "values": _OF_COLOUR}}
_SHAPE = _ALL | {"rules": {rule: {"enabled": False} for rule in _OF_COLOUR}}
_NARROW = 320


@cache
def _axe() -> str:
    # From the locked packages that a build installs; an `eval` of ours, not the page's, so that
    # the page's own Content-Security-Policy stays in force.
    return (ROOT / ".web" / "node_modules" / "axe-core" / "axe.min.js").read_text()


def watch(page: Page) -> list[str]:
    """Collect what the page's console and network say is wrong, from now on."""
    found: list[str] = []

    def heard(message: Any) -> None:
        # A refused form is a 422 and an unknown page a 404: the console repeats them.
        if message.type == "error" and "status of 4" not in message.text:
            found.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: found.append(str(error)))
    page.on(
        "response",
        lambda answer: (
            found.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None
        ),
    )
    return found


def ready(page: Page) -> None:
    """Wait until the page is hydrated and nothing on it waits for data."""
    expect(page.locator("html[data-live]")).to_be_attached()
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def told(page: Page, words: str) -> None:
    """Expect a sentence of an act that was done, on this page or on the one that it leads to.

    The page that is left may still stand, with its announcer of routes and its notice of no
    connection: those are statuses too, outside of what the page itself says.
    """
    said = page.get_by_role("main").get_by_role("status")
    expect(said.filter(has_text=words)).to_be_visible()


def findings(page: Page, rules: dict[str, Any] = _ALL) -> list[str]:
    """Return axe's violations on the page as it stands, one line each."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    result = page.evaluate("(rules) => axe.run(document, rules)", rules)
    return [
        f"{violation['id']} ({violation['impact']}): {node['target']} {node['html'][:160]}"
        for violation in result["violations"]
        for node in violation["nodes"]
    ]


def check_page(page: Page, *, title: str = "", lang: str = "en", skip: Sequence[str] = ()) -> None:
    """Hold the page to what every page must be. Leaves it light and as wide as it was."""
    ready(page)
    assert page.locator("h1").count() == 1, "one h1 a page"
    assert page.locator("main").count() == 1
    assert page.evaluate("document.documentElement.lang") == lang
    assert page.title().strip(), "a page has a title"
    if title:
        assert page.title().startswith(title), page.title()
    size = page.viewport_size or {"width": 1280, "height": 900}
    wrong = []
    for scheme, rules in (("light", _ALL), ("dark", _COLOUR)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = findings(page, rules)
        wrong += [f"{scheme}: {line}" for line in found if line.split()[0] not in skip]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": _NARROW, "height": 800})
    wide = page.evaluate(_TOO_WIDE)
    wrong += [f"{_NARROW} px: {line}" for line in wide]
    found = findings(page, _SHAPE)
    wrong += [f"{_NARROW} px: {line}" for line in found if line.split()[0] not in skip]
    page.set_viewport_size(size)
    assert wrong == [], "\n".join(wrong)


_TOO_WIDE = """() => {
  const limit = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= limit) return [];
  return Array.from(document.querySelectorAll("body *"))
    .filter((e) => e.getBoundingClientRect().right > limit + 1)
    .slice(0, 8)
    .map((e) => `${e.tagName}.${e.className}: ${Math.round(e.getBoundingClientRect().right)} px`);
}"""


def shots(page: Page, folder: Path, name: str) -> None:
    """Keep pictures of the page: wide, phone, dark."""
    folder.mkdir(parents=True, exist_ok=True)
    size = page.viewport_size or {"width": 1280, "height": 900}
    page.screenshot(path=folder / f"{name}.png", full_page=True)
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=folder / f"{name}-dark.png", full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=folder / f"{name}-phone.png", full_page=True)
    page.set_viewport_size(size)
