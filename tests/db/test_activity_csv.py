"""The download of "Who looked at my account": whose it is, what stands in it, and no formula."""

import csv
import io

from sqlalchemy import Engine

from portal.domain.audit import operations
from portal.kit.db import transaction
from portal.models.identity import User
from tests import factories
from tests.db.test_sharing_http import signed_in
from tests.posting import browser

PATH = "/documents/activity"


def _town() -> tuple[User, User, str]:
    """Return the holder of an account with a hostile number, which a clerk saw; and a stranger."""
    with transaction() as session:
        owner, place, payer = factories.household(session, account_no="=1+1")
        clerk = factories.user(session, role="viewer")
        operations.record(
            session, factories.actor(clerk), "bill.view", account_id=place.id,
            customer_id=payer.id, bill_no="98820", bill_date="2026-05-03",
        )  # fmt: skip
        return owner, factories.user(session), str(place.id)


def test_the_file_says_what_the_page_says_and_calculates_nothing(database: Engine) -> None:
    owner, _, place = _town()
    answer = signed_in(owner).get(f"{PATH}?show=staff&account={place}")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["cache-control"] == "private, no-store"
    head, *rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert head == ["When", "What happened", "Account Number", "Browser", "Network"]
    assert [row[1:] for row in rows] == [
        ["City staff looked at bill 98820 of 5/3/2026", "'=1+1", "", ""]
    ]
    spanish = signed_in(owner).get(f"/es{PATH}?show=staff")
    assert "El personal de la ciudad vio la factura 98820 del 3/5/2026" in spanish.text
    # Taking it is noted, too.
    again = signed_in(owner).get(f"{PATH}?show=files").text
    assert again.count("You downloaded this record of activity") == 2


def test_strangers_get_nothing_of_it(database: Engine) -> None:
    _, stranger, place = _town()
    assert browser().get(PATH).status_code == 404
    assert "98820" not in signed_in(stranger).get(PATH).text
    foreign, unknown = (
        signed_in(stranger).get(f"{PATH}?account={claim}") for claim in (place, "x" * 36)
    )
    assert (foreign.status_code, foreign.text) == (unknown.status_code, unknown.text)
    assert foreign.status_code == 404
    assert signed_in(stranger).get(f"{PATH}?begin=soon").status_code == 422
