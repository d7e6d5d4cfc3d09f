"""What axe cannot see, on every page: the keyboard's way, zoom, spacing, targets, motion, help."""

import pytest
from playwright.sync_api import Locator, Page, expect

from portal import routes
from tests.browser.checks import check_page, ready
from tests.browser.test_every_page import DRAWN_BY_THE_SERVER, OF_RESIDENTS

pytestmark = pytest.mark.browser

PUBLIC = [routes.HELP, routes.CONTACT, routes.ACCESSIBILITY, routes.PRIVACY]
EVERY_PAGE = sorted({*OF_RESIDENTS, *DRAWN_BY_THE_SERVER, *PUBLIC})
_MOST_STOPS = 150

# Where the focus is: its ring, whether one sees it, and whether it stands after the last stop.
_STOP = """() => {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return null;
  const parse = (c) => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = (c) => {
    const l = parse(c).slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2];
  };
  let ground = "rgb(255, 255, 255)";
  for (let p = e.parentElement; p; p = p.parentElement) {
    const c = getComputedStyle(p).backgroundColor;
    if ((parse(c)[3] ?? 1) > 0.99) { ground = c; break; }
  }
  const shown = e.closest("label.tick") || e;
  const box = shown.getBoundingClientRect();
  const at = document.elementFromPoint(box.x + Math.min(box.width / 2, 40), box.y + box.height / 2);
  const style = getComputedStyle(e);
  const [a, b] = [light(style.outlineColor), light(ground)].sort((x, y) => y - x);
  const last = window.__last;
  const ordered = !last || last === e || !last.isConnected ||
    Boolean(last.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING);
  const again = last === e;
  window.__last = e;
  return {
    name: `${e.tagName} ${e.id || e.textContent.trim().slice(0, 30)}`,
    ring: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    contrast: (a + 0.05) / (b + 0.05),
    seen: e.tagName === "IFRAME" || (at !== null && (shown.contains(at) || at.contains(shown))
      && box.bottom > 0 && box.top < innerHeight),
    hidden_by: at && `${at.tagName}.${at.className}`,
    ordered, again,
  };
}"""

_CLIPPED = """() => Array.from(document.querySelectorAll("body *")).filter((e) => {
  const s = getComputedStyle(e);
  const unseen = ".visually-hidden, [hidden], [aria-hidden=true], svg";
  if (s.clipPath !== "none" || e.closest(unseen)) return false;
  if (s.display === "inline" || s.display === "none" || !e.textContent.trim()) return false;
  const cuts = s.overflowX !== "visible" || s.overflowY !== "visible"
    || e.matches("button, .button");
  const scrolls = ["auto", "scroll"].includes(s.overflowX);
  if (!cuts || scrolls || e.matches("select, input, textarea, option")) return false;
  return e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1;
}).map((e) => `${e.tagName}.${e.className}: ${e.textContent.trim().slice(0, 40)}`)"""

# A link inside a sentence is as high as its line; everything else can be hit.
_SMALL = """() => Array.from(
    document.querySelectorAll("a, button, input, select, textarea, summary"))
  .filter((e) => e.checkVisibility({visibilityProperty: true}) && e.type !== "hidden"
    && !e.closest("[aria-hidden=true], .skip"))
  .filter((e) => !(e.tagName === "A" && getComputedStyle(e).display === "inline"))
  .map((e) => [e, (e.closest("label") || e).getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24)
  .map(([e, box]) => `${e.tagName} ${e.textContent.slice(0, 30)}: ${box.width} x ${box.height}`)"""

_SPACING = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
  word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }"""

_MOVING = """() => Array.from(document.querySelectorAll("body *")).filter((e) => {
  const s = getComputedStyle(e);
  return parseFloat(s.transitionDuration) > 0
    || (s.animationName !== "none" && parseFloat(s.animationDuration) > 0);
}).map((e) => `${e.tagName}.${e.className}`)"""

_BORDERLESS = """() => Array.from(document.querySelectorAll(".button, .input"))
  .filter((e) => e.checkVisibility())
  .filter((e) => getComputedStyle(e).borderTopStyle === "none")
  .map((e) => `${e.tagName} ${e.textContent.slice(0, 30)}`)"""


def _stops(page: Page) -> list[str]:
    """Tab through the page; return what is wrong with any stop."""
    wrong = []
    page.evaluate("window.__last = null; document.activeElement.blur()")
    for _ in range(_MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(_STOP)
        if stop is None:
            return wrong
        if stop["again"]:  # a date's day, month and year
            continue
        if stop["ring"] < 2 or stop["contrast"] < 3:
            wrong.append(f"{stop['name']}: ring {stop['ring']} px, {stop['contrast']:.2f}:1")
        if not stop["seen"]:
            wrong.append(f"{stop['name']}: under {stop['hidden_by']}")
        if not stop["ordered"]:
            wrong.append(f"{stop['name']}: before the stop that led here")
    return wrong


def _repeats(page: Page) -> list[str]:
    """Return what does not stand where it stands on every page: help and the other language."""
    foot = page.get_by_role("contentinfo")
    links = foot.locator("a").all_inner_texts()[1:]
    call = foot.locator(".help a").get_attribute("href")
    other = page.get_by_role("banner").locator("a[hreflang=es]").filter(visible=True)
    order = page.locator("[tabindex]").evaluate_all("all => all.every((e) => e.tabIndex <= 0)")
    held = {
        f"links at the foot: {links}": links == ["Contact Us", "Accessibility", "Privacy", "Help"],
        f"whom to call: {call}": call == "tel:+19259315500",
        "the other language's own name": other.get_attribute("lang") == "es",
        "an order of its own for the Tab key": order,
    }
    return [name for name, holds in held.items() if not holds]


def _cut_small_or_in_motion(page: Page) -> dict[str, object]:
    wrong = {"small": page.evaluate(_SMALL)}
    page.set_viewport_size({"width": 640, "height": 450})  # 1280 px at 200 %
    wrong["sideways at 200 %"] = page.evaluate(
        "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    )
    wrong["small at 200 %"] = page.evaluate(_SMALL)
    # A constructed sheet: the page's own policy stays in force.
    page.evaluate(
        "(css) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css);"
        " document.adoptedStyleSheets = [sheet]; }",
        _SPACING,
    )
    wrong["cut by wider spacing"] = page.evaluate(_CLIPPED)
    page.emulate_media(reduced_motion="reduce")
    wrong["moving"] = page.evaluate(_MOVING)
    page.emulate_media(forced_colors="active")
    wrong["without an edge in forced colours"] = page.evaluate(_BORDERLESS)
    return wrong


@pytest.mark.parametrize("path", EVERY_PAGE)
def test_a_page_is_for_every_way_of_reading_it(
    page: Page, resident: dict[str, str], path: str
) -> None:
    if path in OF_RESIDENTS:
        path += f"?id={resident['bill']}&account={resident['account']}"
    else:
        page.context.clear_cookies()
    page.goto(path)
    ready(page)
    wrong: dict[str, object] = {"not where it always is": _repeats(page)}
    wrong["by keyboard"] = _stops(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme="dark")
    page.evaluate("window.scrollTo(0, 0)")
    wrong["by keyboard on a dark phone"] = _stops(page)
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    wrong |= _cut_small_or_in_motion(page)
    said = [f"{name}: {found}" for name, found in wrong.items() if found]
    assert said == [], "\n".join(said)


def _fields_repeat(page: Page, summary: Locator) -> None:
    links = summary.get_by_role("link").all()
    assert links
    for link in links:
        field = (link.get_attribute("href") or "").removeprefix("#")
        wrong = page.locator(f"[id='{field}'][aria-invalid=true]")
        expect(wrong).to_be_visible()
        told = (wrong.get_attribute("aria-describedby") or "").split()
        words = [page.locator(f"[id='{one}']").inner_text() for one in told]
        assert link.inner_text() in words
    links[0].click()
    field = (links[0].get_attribute("href") or "").removeprefix("#")
    expect(page.locator(f"[id='{field}']")).to_be_focused()


@pytest.mark.parametrize("path", [routes.SIGN_IN, routes.SIGN_UP, routes.FORGOT_PASSWORD])
def test_a_refused_form_says_so_at_the_top_and_at_the_field(page: Page, path: str) -> None:
    page.goto(path)
    # Not the passkey's form, which asks for nothing.
    asked = page.locator("main form", has=page.locator("input.input")).last
    asked.evaluate("(form) => form.requestSubmit()")
    summary = page.locator(".errors")
    expect(summary).to_be_focused()
    assert page.title().startswith("Problem: ")
    _fields_repeat(page, summary)


def test_a_refused_link_says_so_at_the_top_and_at_the_field(
    page: Page, resident: dict[str, str]
) -> None:
    page.goto(routes.LINK)
    ready(page)
    page.locator("main form").last.evaluate("(form) => form.requestSubmit()")
    summary = page.locator(".errors")
    expect(summary).to_be_focused()
    assert page.title().startswith("Problem: ")
    _fields_repeat(page, summary)


def _clean(page: Page, prefix: str) -> None:
    page.evaluate("document.documentElement.dataset.live = ''")  # no hydration to wait for
    check_page(page, lang="es" if prefix else "en")


def _submit(page: Page, place: int) -> None:
    page.locator("main form").nth(place).evaluate("(form) => form.requestSubmit()")


@pytest.mark.parametrize("prefix", ["", "/es"])
@pytest.mark.parametrize("path", [routes.FORGOT_PASSWORD, routes.UNLOCK_ACCOUNT])
def test_the_code_of_a_mail_is_asked_for_and_refused_cleanly(
    page: Page, prefix: str, path: str
) -> None:
    page.goto(prefix + path)
    page.locator("#email").fill(f"axe{path.replace('/', '-')}{prefix[1:]}@example.org")
    _submit(page, 0)
    expect(page.locator("#code")).to_be_visible()
    _clean(page, prefix)
    page.locator("#code").fill("000000")
    _submit(page, 0)
    expect(page.locator(".errors")).to_be_focused()
    _clean(page, prefix)
    _fields_repeat(page, page.locator(".errors"))


@pytest.mark.parametrize("prefix", ["", "/es"])
def test_the_activation_is_sent_again_and_its_code_refused_cleanly(page: Page, prefix: str) -> None:
    page.goto(prefix + routes.VERIFY_EMAIL)
    _submit(page, 0)
    expect(page.locator(".errors")).to_be_focused()
    _clean(page, prefix)
    _fields_repeat(page, page.locator(".errors"))
    page.locator("#email").fill(f"axe-activation{prefix[1:]}@example.org")
    _submit(page, 0)
    expect(page.locator("#code")).to_be_visible()
    _clean(page, prefix)
    page.locator("main form").last.evaluate("(form) => form.requestSubmit()")
    expect(page.get_by_role("status").first).to_be_visible()
    _clean(page, prefix)
    page.locator("#code").fill("000000")
    _submit(page, 0)
    expect(page.locator(".errors")).to_be_focused()
    _clean(page, prefix)
    _fields_repeat(page, page.locator(".errors"))
