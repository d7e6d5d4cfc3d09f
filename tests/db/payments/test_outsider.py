"""The card page as an outsider gets it: each way to tamper with it is told, once a day."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from portal import routes
from portal.domain.payments import outsider
from portal.gateways import payment_mode
from portal.gateways.outside import Seen, Unseen
from portal.gateways.payment_mode import DEMO, Counter, Mode
from portal.kit.clock import utc_now
from tests.posting import browser

SCRIPT = b'<script src="https://evil.example/skim.js"></script></head>'


@pytest.fixture
def at() -> Iterator[Counter]:
    chosen = Counter(Mode(DEMO), None, "pk_test_standin", "http://127.0.0.1:3001/stripe.js")
    payment_mode.use(chosen)
    yield chosen
    payment_mode.use(None)


class Around:
    """Our own routes, with somebody in between who changes what they answer."""

    def __init__(self, change: Callable[[str, Seen], Seen]) -> None:
        self.client, self.change = browser(), change

    def see(self, address: str) -> Seen:
        path = "/" + address.split("/", 3)[3]
        if path.startswith("/plain.js"):
            from portal.config import ROOT

            return self.change(path, Seen(200, {}, (ROOT / "assets" / "plain.js").read_bytes()))
        answer = self.client.get(path)
        return self.change(path, Seen(answer.status_code, dict(answer.headers), answer.content))


def _page(old: bytes, new: bytes) -> Callable[[str, Seen], Seen]:
    def change(path: str, seen: Seen) -> Seen:
        if path != routes.PAY:
            return seen
        assert old in seen.body
        return Seen(seen.status, seen.headers, seen.body.replace(old, new, 1))

    return change


def _header(name: str, value: str) -> Callable[[str, Seen], Seen]:
    return lambda path, seen: Seen(seen.status, {**seen.headers, name: value}, seen.body)


def _ours(path: str, seen: Seen) -> Seen:
    return seen if path == routes.PAY else Seen(200, {}, seen.body + b"//")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda path, seen: seen, ""),
        (_page(b"</head>", SCRIPT), "Unknown script https://evil.example/skim.js."),
        (_page(b"</head>", b"<script>alert(1)</script></head>"), "Unknown script (inline)."),
        (_page(b" integrity=", b" data-was="), "Unknown script /plain.js"),
        (_page(b"<main ", b'<main onfocus="x()" '), "onfocus on <main>."),
        (_page(b"</main>", b'<iframe src="/x"></iframe></main>'), "<iframe> does not belong"),
        (_page(b"</main>", b'<form action="//evil.example"></form></main>'), "<form> posts to"),
        (_header("content-security-policy", "default-src *"), "Header content-security-policy"),
        (_header("x-frame-options", ""), "Header x-frame-options"),
        (_ours, "has hash sha384-"),
    ],
)
def test_what_somebody_changed_is_told(
    database: Engine, at: Counter, change: Callable[[str, Seen], Seen], told: str
) -> None:
    found = outsider.differences(at, Around(change))
    assert (told in " ".join(found)) if told else found == []


def test_an_address_that_does_not_answer_is_told(at: Counter) -> None:
    class Nobody:
        def see(self, address: str) -> Seen:
            raise Unseen("ConnectionError")

    assert outsider.differences(at, Nobody()) == ["The page could not be fetched: ConnectionError."]


def test_the_staff_are_told_once_a_day(database: Engine) -> None:
    now = utc_now()
    for at in (now, now, now + timedelta(days=1)):
        with Session(database) as session, session.begin():
            assert outsider.report(session, ["Unknown script x."], at)
    with Session(database) as session, session.begin():
        assert not outsider.report(session, [], now)
        kinds = session.execute(text("SELECT kind FROM staff_task")).scalars().all()
    assert kinds == ["card_page", "card_page"]
