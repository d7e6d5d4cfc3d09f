"""Lists a page at a time: what a page holds, and what a URL claims of its number."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")
PAGE = 25


@dataclass(frozen=True)
class Paged(Generic[T]):
    """One page of a list; pages count from 1, `last` is at least 1."""

    rows: tuple[T, ...]
    page: int
    last: int
    total: int


def page_of(claim: object) -> int:
    """Return the page number that a URL claims, 1 where it is none."""
    text = claim if isinstance(claim, str) else ""
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 6 and int(text) else 1


def last_page(total: int, size: int = PAGE) -> int:
    """Return the number of pages that `total` rows fill."""
    return max(1, -(-total // size))
