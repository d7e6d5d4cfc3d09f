"""What a State leaves in Redis: ciphertext, and nothing that was not sealed here is unpickled."""

import pickle

import pytest
from reflex.state import BaseState
from reflex_base.utils.exceptions import StateSchemaMismatchError

from portal.state import sealed
from portal.state.base import PortalState
from tests.architecture.app import portal


@pytest.fixture(autouse=True)
def _composed() -> None:
    """Let the composition root install what it installs."""
    portal()


def _state() -> PortalState:
    state = PortalState(init_substates=False, _reflex_internal_init=True)
    state.notice = "Canary Quince"
    return state


def test_a_state_comes_back_and_is_not_read_on_the_way() -> None:
    stored = _state()._serialize()
    assert b"Canary" in sealed._serialize(_state())
    assert b"Canary" not in stored
    assert b"portal" not in stored
    assert BaseState._deserialize(data=stored).notice == "Canary Quince"  # type: ignore[attr-defined]


class _Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return _ran.append, ("code",)


_ran: list[str] = []


def test_what_was_not_sealed_here_is_gone_and_never_run() -> None:
    own = _state()._serialize()
    for forged in (pickle.dumps(_Hostile()), sealed._serialize(_state()), own[:-2] + b"AA", b""):
        with pytest.raises(StateSchemaMismatchError):
            BaseState._deserialize(data=forged)
    assert _ran == []
