"""An id from a browser is a claim of any type and any length."""

from uuid import UUID

import pytest

from portal.kit.ids import new_id, parse_id


def test_an_id_is_read_as_it_was_written() -> None:
    made = new_id()
    assert parse_id(str(made)) == made
    assert made.version == 4


@pytest.mark.parametrize(
    "claim",
    ["", "1", "x" * 36, "a" * 10_000, "' OR 1=1 --", "\x00", None, 7, True, [], {}, UUID(int=1)],
)
def test_what_is_no_id_is_none(claim: object) -> None:
    assert parse_id(claim) is None
