"""Every handler as everybody with hostile arguments: no failure, no stranger's data, no write.

The handlers are those of the framework's own registry, so that a new one is in here by itself.
Who is who, and what each may be sent and may write, is said in `tests/town.py`.
"""

import asyncio
import dataclasses
import inspect
import logging
import re
import typing
from collections.abc import Iterator
from datetime import timedelta
from itertools import cycle, islice
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from reflex_base.registry import RegistrationContext
from sqlmodel import select

from portal import secret
from portal.domain.identity import limits, throttles
from portal.domain.identity.permission import Permission
from portal.kit.clock import utc_now
from portal.kit.db import transaction
from portal.models.identity import AccountLink
from portal.state.base import PortalState
from portal.state.people import PeopleState
from tests.architecture.app import handlers
from tests.state.drive import state_of
from tests.town import (
    HIDDEN,
    HOUSEHOLD,
    MAY,
    MAY_WRITE,
    NOBODY,
    PLACE,
    RESIDENTS,
    ROLES,
    STAFF,
    Town,
    kept_from,
    known,
)
from tests.town import town as built

# Text of the right type that is no id, no number, no date and no name.
WORDS = (
    "-1", "9" * 5_000, "x" * 9_999, "' OR 1=1 --", "{}", "%00", "NaN", "1e9", "<script>x</script>",
    "a\r\nBcc: x@example.org", "../../etc/passwd", "=cmd|' /C calc'!A0", "\u2028\U0001f4a7",
    "\u0661",
)  # fmt: skip
LONG, NUL, HALF = "x" * 10_001, "a\x00b", "a\ud800b"
# What is not of an argument's type, or can be of none.
UNFIT: dict[Any, tuple[Any, ...]] = {
    str: (None, True, -1, 2**70, 1.5, float("nan"), [], ["x"], {}, [[]], LONG, NUL, HALF),
    int: (None, True, "1", 1.5, float("nan"), 2**70, -(2**70), [1], {}, [[]]),
    bool: (None, 0, 1, "true", [], {}),
    list[str]: (None, "x", {"a": "b"}, [1], [None], [["x"]], [LONG], [NUL], [HALF], ["x"] * 501),
    dict[str, str]: (
        None, True, "x", -1, [], ["x"], [["a", "b"]], {"a": 1}, {"a": 1.5}, {"a": ["x"]}, {1: "x"},
        {"a": {"b": []}}, {"a": LONG}, {"a": NUL}, {"a": HALF}, {NUL: "x"}, {HALF: "x"},
    ),
}  # fmt: skip
# What an honest form says: with it, nothing but the permission stands before the act.
PLAUSIBLE = {
    "email": "new@example.org", "rights": "pay", "last_day": "", "threshold": "500", "email_1": "",
    "email_2": "", "email_3": "", "suspend": "", "way": "mail", "consent": "on", "addr1": "1 A ST",
    "addr2": "", "city": "Pleasanton", "state": "CA", "zip": "94566", "note": "", "language": "es",
    "user_id": "", "name": "Ana", "address": "1 A St", "amount": "1.00", "code": "123456",
    "reason": "no", "title_en": "T", "body_en": "B", "title_es": "T", "body_es": "B",
    "starts": "2027-01-01", "ends": "", "remember": "on", "q": "a", "confirmed": "on",
}  # fmt: skip
NAMES = ("account", "id", "q", "page", "status", "begin", "end", "grouping", "service", "show",
         "remove", "change", "new", "done", "bill", "payment", "cart", "of")  # fmt: skip
# What a remembered session may not change: it looks, and what binds wants a fresh sign-in.
BINDING = ("account_link", "invitation", "contact_request", "delivery_change", "link_code")
# What is new in each answer by itself: a request's number, where an object lies in memory.
_OWN_NUMBERS = re.compile(r"[A-Z0-9]{4}-[A-Z0-9]{4}|0x[0-9a-f]{8,}")


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    with built() as made:
        yield made


@pytest.fixture
def loud(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.WARNING)
    monkeypatch.setattr(limits, "LINK_ANSWER_AFTER", timedelta(milliseconds=1))
    # Nobody is turned away for asking too often: each look has to reach what it looks at.
    monkeypatch.setattr(throttles, "tally", lambda *_: 0)
    monkeypatch.setattr(throttles, "attempt", lambda *_: throttles.Counted(False, False, None))
    return caplog


def _ours() -> dict[Any, dict[str, Any]]:
    """Return, for each of our States, its handlers by name: what loads first, then what acts."""
    found: dict[Any, dict[str, Any]] = {}
    registered = sorted(handlers(), key=lambda name: (".load" not in name, name))
    states = {kind.__name__: kind for kind in PortalState.get_substates()}
    for name in registered:
        state, act = name.split(".")[-2:]
        fn = states[state].event_handlers[act].fn if state in states else None
        if getattr(fn, "__permission__", None) is not None:
            found.setdefault(states[state], {})[act] = fn
    return found


OURS = _ours()


def _kinds(fn: Any) -> list[Any]:
    hints = typing.get_type_hints(inspect.unwrap(fn))
    return [hints[name] for name in list(inspect.signature(fn).parameters)[1:]]


def _value(kind: Any, claim: str, n: int) -> Any:
    """Return a value of an argument's type that names `claim` wherever it can."""
    if kind is int:
        return (-1, 0, 2**62)[n % 3]
    if kind is bool:
        return n % 2 == 0
    if kind == list[str]:
        return [claim] * (n % 3 + 1)
    if kind == dict[str, str]:
        ids = {"account": claim, "id": claim, "account_no": claim, "cid": claim, "bill": claim}
        bills = {f"bill-{claim[:40]}": "on", f"amount-{claim[:40]}": ("1.00", "-5", "NaN")[n % 3]}
        return PLAUSIBLE | ids | bills
    return claim


def _hostile(word: str) -> dict[str, str]:
    return dict.fromkeys(PLAUSIBLE, word) | {word[:40]: word, f"bill-{word[:40]}": "on"}


def _hold(state: Any, claim: str) -> None:
    """Let the tab hold `claim` as its own, as one does whose rights ended after it was loaded."""
    for name in type(state).base_vars:
        held = getattr(state, name)
        if isinstance(held, str):
            setattr(state, name, claim)
        elif dataclasses.is_dataclass(held) and not isinstance(held, type):
            ids = {f.name for f in dataclasses.fields(held)} & {"id", "link_id", "account"}
            setattr(state, name, dataclasses.replace(held, **dict.fromkeys(ids, claim)))


async def _tab(town: Town, kind: Any, role: str, query: str) -> Any:
    address = "/x?" + quote(query, safe="=&", errors="surrogatepass") if query else "/x"
    state = await state_of(kind, session_hash=town.session_hash(role), url=address)
    state._get_root_state().get_delta()
    return state


async def _run(state: Any, act: str, *args: Any) -> str:
    """Run one handler; return everything that a browser would be sent of its State."""
    returned = await type(state).event_handlers[act].fn(state, *args)
    delta = state._get_root_state().get_delta()
    # The framework's own part is what the browser said itself: its token, its address.
    ours = [(name, sorted(delta[name].items())) for name in sorted(delta) if "portal___" in name]
    return repr(ours) + repr(getattr(returned, "args", returned))


async def _press_everything(
    town: Town,
    kind: Any,
    role: str,
    claim: str,
    *,
    form: dict[str, str] | None = None,
    looks: bool = False,
) -> dict[str, str]:
    """In one tab that names `claim`, load the page and, unless one only looks, press all of it."""
    named = dict.fromkeys(NAMES, claim[:300])
    if form is None:  # the days on which only who lives there now used water
        today = utc_now().date()
        named |= {"begin": str(today - timedelta(days=9)), "end": str(today), "grouping": "daily"}
    state = await _tab(town, kind, role, "&".join(f"{name}={named[name]}" for name in named))
    sent = {}
    for n, (act, fn) in enumerate(OURS[kind].items()):
        if looks and not act.startswith("load"):
            continue
        args = [_value(one, claim, n) for one in _kinds(fn)]
        if form is not None:
            args = [form if isinstance(value, dict) else value for value in args]
        if not act.startswith("load"):
            _hold(state, claim)
        sent[act] = await _run(state, act, *args)
    return sent


def _quiet(loud: pytest.LogCaptureFixture) -> None:
    failed = [record.exc_text or record.getMessage() for record in loud.records
              if record.levelno >= logging.ERROR]  # fmt: skip
    assert failed == []


def _leaked(role: str, sent: str) -> list[str]:
    return [word for word in kept_from(role) if word in sent]


async def test_the_words_that_are_kept_from_some_are_sent_to_others() -> None:
    with built() as untouched:
        sent = await _everything_looked_at(untouched)
    assert [word for word in (*PLACE, *HOUSEHOLD, *HIDDEN) if word not in sent] == []


async def _everything_looked_at(town: Town) -> str:
    sent = ""
    for kind in OURS:
        for role in ("resident", "administrator"):
            for name in ("account", "bill", "payment", "customer"):
                claim = town.claims[name]
                seen = await _press_everything(town, kind, role, claim, looks=True)
                sent += "".join(seen.values())
    return sent


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("role", ROLES)
async def test_no_handler_fails_leaks_or_writes_what_is_not_ones_own(
    town: Town, loud: pytest.LogCaptureFixture, kind: Any, role: str
) -> None:
    may = {act for act, fn in OURS[kind].items() if role in MAY[fn.__permission__]}
    if role == "revoked":
        may = set()  # not even what is public, on a socket that was opened while it stood
    before = town.rows(role)
    unknown, answers = str(uuid4()), {}
    # What is one's own comes first, and a look at nothing: from then on they leave all as it is.
    names = sorted(_ids(town, role), key=lambda name: name not in known(role))
    names = names if may else ["account"]
    own = [name for name in names if name in known(role)]
    for name in (*own, "before", "unknown", *names[len(own) :]):
        claim = town.claims.get(name, unknown)
        answers[name] = await _press_everything(town, kind, role, claim)
    for word in _some_words(role) if may else WORDS[:1]:
        answers[word[:20]] = await _press_everything(town, kind, role, word, form=_hostile(word))
    _quiet(loud)
    after = town.rows(role)
    for name, sent in answers.items():
        for act, answer in sent.items():
            assert _leaked(role, answer) == [], (name, act)
            if act not in may:
                assert "sign-in" in answer, (name, act)
    if role not in MAY_WRITE:
        assert after == before
    if role == "remembered":
        assert {name: after[name] for name in BINDING} == {name: before[name] for name in BINDING}
    if role not in MAY_WRITE | {"viewer"}:
        wanted = _alike(answers["unknown"], unknown)
        for name in names[len(own) :]:
            found = _alike(answers[name], town.claims[name])
            differing = {act: (found[act], wanted[act]) for act in may if found[act] != wanted[act]}
            assert differing == {}, name


def _ids(town: Town, role: str) -> set[str]:
    """Return which ids `role` presses everything with: what only staff's pages name, as staff."""
    return set(town.claims) - (set() if role in STAFF else {"task", "announcement", "run", "mail"})


def _some_words(role: str) -> list[str]:
    # A few as everybody, all of them by all together: they meet the same code.
    return list(islice(cycle(WORDS), ROLES.index(role) * 3, ROLES.index(role) * 3 + 3))


def _alike(sent: dict[str, str], claim: str) -> dict[str, str]:
    # What was searched for stands in the page's own links, concealed.
    words = secret.conceal(claim)
    return {
        act: _OWN_NUMBERS.sub("", one.replace(claim, "<id>").replace(words, "<id>"))
        for act, one in sent.items()
    }


@pytest.mark.parametrize("role", ["view", "pay"])
@pytest.mark.parametrize("rights", ["hold", "pay", "view"])
async def test_a_delegate_gives_nobody_other_rights_oneself_included(
    town: Town, loud: pytest.LogCaptureFixture, role: str, rights: str
) -> None:
    with transaction() as session:
        tie = select(AccountLink.id).where(AccountLink.user_id == town.people[role].id)
        own = str(session.exec(tie).one())
    before, form = town.rows(), PLAUSIBLE | {"rights": rights}
    for act in ("save", "invite"):
        state = await _tab(town, PeopleState, role, f"account={town.claims['account']}")
        _hold(state, own)
        state.account = town.claims["account"]
        await _run(state, act, form)
        assert state.problems != []
    assert town.rows() == before
    _quiet(loud)


@pytest.mark.parametrize("kind", OURS, ids=lambda kind: kind.__name__)
async def test_what_is_of_no_type_of_ours_reaches_nothing(
    town: Town, loud: pytest.LogCaptureFixture, kind: Any
) -> None:
    before = town.rows()
    for act, fn in OURS[kind].items():
        staff = fn.__permission__ in (Permission.STAFF, Permission.ADMINISTRATOR)
        role, kinds = "administrator" if staff else "resident", _kinds(fn)
        good = [_value(one, town.claims["link"], 0) for one in kinds]
        wrong = [(*good, "x"), ("x",) * 7, *([good[:-1]] if good else [])]
        for n, one in enumerate(kinds):
            wrong += [[*good[:n], value, *good[n + 1 :]] for value in UNFIT[one]]
        for args in wrong:
            state = await _tab(town, kind, role, "account=" + town.claims["account"])
            await _run(state, act, *args)
            assert [one.sentence[:24] for one in state.problems] == ["We could not read that. "], (
                args
            )
    assert town.rows() == before
    _quiet(loud)


def test_the_matrix_covers_the_registry() -> None:
    ours = [
        one
        for one in RegistrationContext.get().event_handlers.values()
        if getattr(one.handler.fn, "__permission__", None)
        and "portal." in one.handler.fn.__module__
    ]
    covered = [fn for acts in OURS.values() for fn in acts.values()]
    assert len(covered) >= 80
    assert len(ours) >= len(covered)
    assert all(asyncio.iscoroutinefunction(fn) for fn in covered)
    assert set(ROLES) >= RESIDENTS | NOBODY | MAY_WRITE
