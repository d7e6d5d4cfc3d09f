"""The key that the portal makes for itself: one for all, and never half of one."""

import os
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from portal import secret


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    chosen = SimpleNamespace(secret_key=SecretStr(""), data_dir=tmp_path / "data")
    monkeypatch.setattr(secret, "settings", lambda: chosen)
    return tmp_path / "data"


def _root() -> bytes:
    return secret._root.__wrapped__()  # as a new process reads it


def test_the_key_is_made_once_and_for_its_owner_alone(data: Path) -> None:
    made = _root()
    assert len(made) == 64
    assert _root() == made == (data / "secret.key").read_bytes()
    assert [path.name for path in data.iterdir()] == ["secret.key"]
    assert (data / "secret.key").stat().st_mode & 0o777 == 0o600


def test_who_comes_second_takes_the_first_one_s_key(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def overtaken(beside: Path, path: Path) -> None:
        (data / "other").write_bytes(b"f" * 64)
        link(data / "other", path)
        (data / "other").unlink()
        link(beside, path)

    monkeypatch.setattr(os, "link", overtaken)
    assert _root() == b"f" * 64
    assert [path.name for path in data.iterdir()] == ["secret.key"]


def test_a_file_without_a_key_signs_nothing(data: Path) -> None:
    data.mkdir()
    (data / "secret.key").touch()
    with pytest.raises(OSError, match=r"secret\.key holds no key"):
        _root()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=200))
def test_searched_words_stand_unreadable_in_an_address_and_come_back(words: str) -> None:
    address = secret.conceal(words)
    assert address == secret.conceal(words) == quote(address, safe="~")
    assert secret.reveal(address) == words
    assert bool(address) == bool(words)
    assert len(words) < 5 or words not in address


@pytest.mark.parametrize("claim", ["~", "~AAAA", "~" + "A" * 2000, "~\u00e9", "~%%%", "~a"])
def test_what_was_not_concealed_here_says_nothing(claim: str) -> None:
    assert secret.reveal(claim) == ""


def test_words_typed_into_an_address_are_taken_as_they_are() -> None:
    assert secret.reveal("okafor") == "okafor"
    altered = secret.conceal("okafor")[:-2] + "AA"
    assert secret.reveal(altered) == ""
