"""The card page as an outsider gets it, held to what our code says it must be.

PCI DSS 11.6.1 and SAQ A: a script or header that somebody changed between us and the reader (a
proxy, a cache, a break-in) is told to the staff. `/pay` without a cart is drawn in the same frame,
with the same scripts and headers as the page of a cart.
"""

import base64
import hashlib
from datetime import datetime
from html.parser import HTMLParser
from urllib.parse import urljoin

from sqlmodel import Session

from portal import routes
from portal.domain.payments import card_page
from portal.domain.payments.card_page import Script
from portal.domain.payments.tasks import open_task
from portal.gateways.outside import Outside, Seen, Unseen
from portal.gateways.payment_mode import Counter
from portal.kit.text import N_, speaking

_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
}
# What could run or lead away, and never stands on the page.
_FOREIGN = ("iframe", "object", "embed", "base", "applet", "frame")


class _Reader(HTMLParser):
    """Collect what a page runs: its scripts, and whatever else could run or lead elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[Script] = []
        self.odd: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """See HTMLParser."""
        given = {name: value or "" for name, value in attrs}
        if tag == "script":
            self.scripts.append(Script(given.get("src", ""), given.get("integrity", "")))
        if tag in _FOREIGN or (tag == "meta" and "http-equiv" in given):
            self.odd.append(f"<{tag}> does not belong there")
        self.odd += [f"{name} on <{tag}>" for name in given if name.startswith("on")]
        leads = given.get("action", "") if tag == "form" else given.get("formaction", "")
        if leads and (not leads.startswith("/") or leads.startswith("//")):
            self.odd.append(f"<{tag}> posts to {leads}")
        if any(given.get(name, "").strip().lower().startswith("javascript:") for name in given):
            self.odd.append(f"<{tag}> runs an address")


def differences(at: Counter, outside: Outside) -> list[str]:
    """Return how the public card page differs from what it must be, in sentences for staff."""
    with speaking("en"):
        address = routes.absolute(routes.PAY)
    try:
        seen = outside.see(address)
        found = [*_headers(at, seen, address), *_content(at, seen)]
        for script in card_page.scripts(at):
            if script.integrity:
                found += _our_script(script, outside.see(urljoin(address, script.src)))
    except Unseen as lost:
        return [f"The page could not be fetched: {lost}."]
    return found


def _headers(at: Counter, seen: Seen, address: str) -> list[str]:
    found = [] if seen.status == 200 else [f"The page answers {seen.status}."]
    wanted = {**_HEADERS, "content-security-policy": card_page.policy(at)}
    for name, value in wanted.items():
        if seen.headers.get(name) != value:
            found.append(f"Header {name} is {seen.headers.get(name, 'missing')!r}.")
    if address.startswith("https:") and "strict-transport-security" not in seen.headers:
        found.append("Header strict-transport-security is missing.")
    return found


def _content(at: Counter, seen: Seen) -> list[str]:
    reader = _Reader()
    reader.feed(seen.body.decode("utf-8", "replace"))
    found = [f"{odd}." for odd in reader.odd]
    wanted = card_page.scripts(at)
    found += [f"Unknown script {s.src or '(inline)'}." for s in reader.scripts if s not in wanted]
    found += [f"Script {s.src} is missing." for s in wanted if s not in reader.scripts]
    return found


def _our_script(script: Script, seen: Seen) -> list[str]:
    digest = "sha384-" + base64.b64encode(hashlib.sha384(seen.body).digest()).decode()
    return [] if digest == script.integrity else [f"Script {script.src} has hash {digest}."]


def report(session: Session, found: list[str], now: datetime) -> bool:
    """Put differences on the staff's list, once a day for the same ones; True where there are."""
    if not found:
        return False
    mark = hashlib.sha256("\n".join(found).encode()).hexdigest()[:12]
    open_task(
        session,
        "card_page",
        f"card-page:{now:%F}:{mark}",
        N_("Seen from outside: %(found)s"),
        found=" ".join(found)[:2000],
    )
    return True
