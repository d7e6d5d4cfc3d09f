"""Folders to fill: last night's and the next one's."""

from pathlib import Path

import pytest

from tests.exchange_folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return a folder to put files in and seal."""
    return Folder(tmp_path / "night")


@pytest.fixture
def next_folder(tmp_path: Path) -> Folder:
    """Return a second folder, for what comes after."""
    return Folder(tmp_path / "next")
