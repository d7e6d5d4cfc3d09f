"""The bill as a tagged PDF: its tags, language and title, and the same words as the page."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from sqlmodel import Session

from portal import routes
from portal.domain.bills import document
from portal.domain.bills.details import BillDetails, bill_details
from portal.domain.bills.document import bill_pdf, file_name
from portal.domain.bills.scan import scan_line
from portal.kit.text import speaking
from tests import factories
from tests.db.bills.test_balance import TODAY
from tests.db.bills.test_screens import read, two_years


@pytest.fixture
def found(db: Session) -> BillDetails:
    """Return a bill after a meter's exchange, with a year before it."""
    user, account, customer = factories.household(db)
    customer.name1 = "CITY OF PLEASANTON"
    two_years(db, account, customer)
    bill = factories.bill(
        db,
        account,
        customer,
        12711,
        bill_no="98465",
        lines={"Pleasanton water fixed charge": 8000, "VI.REPLACED METER #1470066\\i0.": 4711},
        statement_date=date(2027, 1, 20),
        message="Rates change on <b>July 1</b> #strong[now].",
    )
    read(
        db,
        account,
        bill,
        date(2027, 1, 8),
        prev_read_date=date(2026, 12, 8),
        prev_read=Decimal(0),
        curr_read=Decimal(8),
    )
    return bill_details(db, factories.actor(user), str(bill.id), TODAY)


def tags(node: Any, into: list[str]) -> list[str]:
    """Return the structure types under a node of the tag tree, in reading order."""
    if isinstance(node, pikepdf.Array):
        for kid in node:  # type: ignore[attr-defined]
            tags(kid, into)
    elif isinstance(node, pikepdf.Dictionary):
        if "/S" in node:
            into.append(str(node.S).removeprefix("/"))
        if "/K" in node:
            tags(node.K, into)
    return into


@pytest.mark.parametrize(("code", "title"), [("en", "Utility bill 98465"), ("es", "98465")])
def test_the_pdf_is_tagged_and_says_its_language_and_title(
    found: BillDetails, code: str, title: str
) -> None:
    with speaking(code):
        pdf = pikepdf.open(BytesIO(bill_pdf(found, "Due in 13 days")))
    root = pdf.Root
    assert str(root.Lang).lower().startswith(code)
    assert bool(root.MarkInfo.Marked) is True
    assert bool(root.ViewerPreferences.DisplayDocTitle) is True
    with pdf.open_metadata() as meta:
        assert title in str(meta["dc:title"])
        assert str(meta["pdfuaid:part"]) == "1"
    order = tags(root.StructTreeRoot.K, [])
    assert order.count("H1") == 1
    assert order.count("Table") == 3
    assert {"H2", "TH", "TD", "Figure", "P"} <= set(order)
    assert order.index("H1") < order.index("Table") < order.index("H2")


def test_the_paper_says_where_the_bill_stands_in_the_portal(found: BillDetails) -> None:
    pdf = pikepdf.open(BytesIO(bill_pdf(found, "Due")))
    links = [str(note.A.URI) for page in pdf.pages for note in page.get("/Annots", [])]
    assert set(links) == {routes.absolute(routes.BILL, id=found.bill_id)}


def test_what_is_owed_can_be_scanned_and_what_is_paid_cannot(found: BillDetails) -> None:
    owing = document._words(found, "Due")
    assert owing["scan"] == scan_line(found.account_no, "98465", 12711)
    assert str(owing["qr"]).startswith("<?xml")
    assert document._words(replace(found, owed=0), "Paid")["scan"] == ""
    pdf = pikepdf.open(BytesIO(bill_pdf(replace(found, owed=0), "Paid")))
    assert tags(pdf.Root.StructTreeRoot.K, []).count("Figure") == 1  # the history alone


def test_a_short_bill_is_one_page(found: BillDetails) -> None:
    for code in ("en", "es"):
        with speaking(code):
            pdf = pikepdf.open(BytesIO(bill_pdf(found, "Due in 13 days")))
        assert len(pdf.pages) == 1
        assert tags(pdf.Root.StructTreeRoot.K, []).count("Figure") == 2  # the QR and the history


def test_what_the_billing_system_sent_is_words_and_never_commands(found: BillDetails) -> None:
    assert bill_pdf(found, "Due")[:5] == b"%PDF-"
    assert file_name(found) == "pleasanton-bill-2027-01-20-98465.pdf"


def test_a_bill_without_reads_lines_or_history_is_drawn_too(db: Session) -> None:
    user, account, customer = factories.household(db)
    bill = factories.bill(db, account, customer, -2000, status="CREDIT", lines={"Credit": -2000})
    shown = bill_details(db, factories.actor(user), str(bill.id), TODAY)
    pdf = pikepdf.open(BytesIO(bill_pdf(shown, "Credit")))
    assert len(pdf.pages) == 1
