"""What a State variable may be: each kind is sent whole to the browser and drawn."""

import json
from dataclasses import dataclass

import reflex as rx
from reflex.utils.format import json_dumps

from portal.state.base import PortalState
from tests.state.drive import state_of


@dataclass(frozen=True)
class Inner:
    """A row inside a row."""

    word: str = ""


@dataclass(frozen=True)
class Row:
    """A row of a screen."""

    id: str = ""
    count: int = 0
    open: bool = False
    note: str | None = None
    inner: Inner = Inner()
    many: tuple[Inner, ...] = ()
    more: list[Inner] | None = None

    @property
    def unseen(self) -> str:
        """Not sent: only fields are."""
        return self.id


class KindsState(PortalState):
    """A variable of every kind."""

    one: Row = Row()
    maybe: Row | None = None
    rows: list[Row] = []
    fixed: tuple[Row, ...] = ()
    words: dict[str, str] = {}
    _kept: Row = Row()


ROW = Row("a", 2, True, None, Inner("x"), (Inner("y"), Inner("z")))


async def test_every_kind_is_sent_whole() -> None:
    state = await state_of(KindsState)
    state.one, state.maybe, state.rows, state.fixed = ROW, ROW, [ROW], (ROW,)
    state.words, state._kept = {"k": "v"}, ROW
    delta = json.loads(json_dumps(state._get_root_state().get_delta()))
    sent = {
        name.removesuffix("_rx_state_"): value
        for name, value in delta[KindsState.get_full_name()].items()
    }
    drawn = {
        "id": "a",
        "count": 2,
        "open": True,
        "note": None,
        "inner": {"word": "x"},
        "many": [{"word": "y"}, {"word": "z"}],
        "more": None,
    }
    assert sent == {
        "one": drawn,
        "maybe": drawn,
        "rows": [drawn],
        "fixed": [drawn],
        "words": {"k": "v"},
    }


def test_every_kind_is_drawn() -> None:
    def draw(row: Row) -> rx.Component:
        return rx.el.li(
            row.id,
            row.count,
            rx.cond(row.open, row.inner.word, ""),
            rx.foreach(row.many, lambda inner: rx.el.b(inner.word)),
        )

    for rows in (KindsState.rows, KindsState.fixed):
        assert "many" in str(rx.foreach(rows, draw).render())
    assert "inner" in str(rx.el.p(KindsState.one.inner.word).render())
    assert "words" in str(rx.el.p(KindsState.words["k"]).render())
