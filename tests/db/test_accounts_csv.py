"""The download of the Accounts page: whose it is, what stands in it, and no formula."""

import csv
import io

import pytest
from sqlalchemy import Engine

from portal.kit.db import transaction
from tests import factories
from tests.db.test_sharing_http import signed_in
from tests.posting import browser


@pytest.mark.parametrize("name", ["=1+1", "+SUM(A1)", "-2", "@x", "PLAIN, NAME"])
def test_the_owner_gets_a_table_that_calculates_nothing(database: Engine, name: str) -> None:
    with transaction() as session:
        owner, account, _ = factories.household(session)
        other = factories.account(session)
        payer = factories.customer(session, name1=name)
        factories.tenure(session, other, payer)
        factories.link(session, owner, other, payer)
        factories.bill(session, other, payer, 1234)
    answer = signed_in(owner).get("/documents/accounts?sort=due")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["cache-control"] == "private, no-store"
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0][:2] == ["Account Number", "Customer ID"]
    assert [row[0] for row in rows[1:]] == [other.account_no, account.account_no]
    shown = name if name[0] == "P" else "'" + name
    assert (rows[1][2], rows[1][5]) == (shown, "12.34")
    found = signed_in(owner).get(f"/documents/accounts?q={account.account_no}")
    assert other.account_no not in found.text


def test_strangers_get_no_table(database: Engine) -> None:
    with transaction() as session:
        _, account, _ = factories.household(session)
        stranger = factories.user(session)
    assert browser().get("/documents/accounts").status_code == 404
    assert account.account_no not in signed_in(stranger).get("/documents/accounts").text
