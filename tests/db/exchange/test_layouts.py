"""A city whose billing system wants its files laid out in its own way."""

import hashlib
from pathlib import Path

import pytest
from sqlmodel import Session

from portal.cities import CityError, city, city_file, read_city
from portal.domain.exchange import layouts
from portal.domain.exchange.postings import close_batch
from portal.models.accounts import Account
from portal.models.bills import Bill
from portal.models.identity import User
from portal.models.payments import Payment
from tests.db.exchange.test_postings import DAY, LATEST, NOW, pay, town

__all__ = ["town"]
FIXED = """
[[outgoing]]
file = "payment_posting"
name = "PORTPAY.DAT"
shape = "fixed"
trailer = [
  { text = "T", width = 1 },
  { column = "rows", width = 6, align = "right", fill = "0" },
  { column = "pay_total", width = 11, align = "right", fill = "0", write = "cents" },
  { column = "sha256", width = 64 },
]

[[outgoing.fields]]
text = "D"
width = 1

[[outgoing.fields]]
column = "account_no"
width = 10

[[outgoing.fields]]
column = "amount"
width = 11
align = "right"
fill = "0"
write = "cents"

[[outgoing.fields]]
column = "effective_date"
width = 8
write = "%m%d%Y"

[[outgoing.fields]]
column = "payer_name"
width = 6
cut = true
"""
REORDERED = """
[[outgoing]]
file = "payment_posting"
name = "receipts.csv"
shape = "csv"
header = true
fields = [{ column = "amount", header = "AMT" }, { column = "bill_no" }, { text = "WEB" }]
"""
Town = tuple[User, Account, Bill, Bill]


def profile(tmp_path: Path, more: str) -> Path:
    path = tmp_path / "town.toml"
    path.write_text(city_file("pleasanton").read_text(encoding="utf-8") + more, encoding="utf-8")
    return path


def wants(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, more: str) -> None:
    here = read_city(profile(tmp_path, more))
    monkeypatch.setattr(layouts, "city", lambda: here)


def paid(db: Session, town: Town, name: str = "Ana Rivera") -> Payment:
    user, _, one, two = town
    return pay(db, user, (one, 10000), (two, 2550), payer_name=name)


def test_ours_have_the_exchanges_own_layout() -> None:
    assert city().outgoing == ()


def test_fixed_width(
    db: Session, town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wants(monkeypatch, tmp_path, FIXED)
    paid(db, town)
    files = close_batch(db, DAY, latest=LATEST, now=NOW).files
    assert sorted(files) == [
        "PORTPAY.DAT",
        "contact_changes.csv",
        "delivery_changes.csv",
        "fees.csv",
    ]
    above = "D00300001  0000001000001252027Ana Ri\nD00300001  0000000255001252027Ana Ri\n"
    digest = hashlib.sha256(above.encode()).hexdigest()
    assert files["PORTPAY.DAT"] == f"{above}T00000200000012550{digest}\n"


def test_another_order_with_its_own_header(
    db: Session, town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wants(monkeypatch, tmp_path, REORDERED)
    paid(db, town)
    _, _, one, two = town
    files = close_batch(db, DAY, latest=LATEST, now=NOW).files
    assert files["receipts.csv"] == (
        f"AMT,bill_no,\n100.00,{one.bill_no},WEB\n25.50,{two.bill_no},WEB\n"
    )


def test_a_number_that_does_not_fit_refuses_the_batch(
    db: Session, town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wants(monkeypatch, tmp_path, FIXED.replace("width = 10", "width = 7"))
    paid(db, town)
    with pytest.raises(layouts.DoesNotFit) as caught:
        close_batch(db, DAY, latest=LATEST, now=NOW)
    assert str(caught.value) == (
        "PORTPAY.DAT: account_no 00300001 is longer than its 7 characters."
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'column = "account_no"',
            'column = "account"',
            "fields 2 names account; allowed: batch_id,",
        ),
        ("width = 10", "", "fields 2: a width goes with shape fixed, and only there"),
        ('text = "D"\n', "", "a field has either a column or a text"),
        ('write = "cents"', 'write = "euros"', '"euros" is not allowed'),
        ('column = "amount"', 'column = "cid"', "only amount, pay_total, reverse_total can be"),
        ('column = "effective_date"', 'column = "cid"', "only accepted_at, approved_at,"),
        ('file = "payment_posting"', 'file = "fees"', "allowed: batch_id, seq, portal_payment_id"),
        ('file = "payment_posting"', 'file = "payments"', '"payments" is not allowed'),
    ],
)
def test_a_layout_at_fault_names_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = profile(tmp_path, FIXED.replace(old, new, 1))
    text = path.read_text(encoding="utf-8")
    with pytest.raises(CityError) as caught:
        read_city(path)
    assert said in str(caught.value)
    line = int(str(caught.value).removeprefix(f"{path}:").split(":")[0])
    assert line > text[: text.index("[[outgoing]]")].count("\n")


@pytest.mark.parametrize("name", ["fees.csv", "FEES.CSV"])
def test_no_file_takes_the_place_of_another(tmp_path: Path, name: str) -> None:
    path = profile(tmp_path, FIXED.replace("PORTPAY.DAT", name))
    with pytest.raises(CityError, match=r"outgoing names fees\.csv twice"):
        read_city(path)


def test_only_the_postings_have_a_trailer(tmp_path: Path) -> None:
    fees = """
[[outgoing]]
file = "fees"
name = "FEES.DAT"
shape = "csv"
fields = [{ column = "amount" }]
trailer = [{ text = "T" }]
"""
    with pytest.raises(CityError, match="only payment_posting has a trailer"):
        read_city(profile(tmp_path, fees))
