"""Exchange folders for tests: believable rows by default, any cell can be given, manifest made."""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from portal.domain.exchange.spec import BY_NAME

AS_OF = "2027-01-25T23:30:00-08:00"

DEFAULTS: dict[str, dict[str, str]] = {
    "accounts.csv": {
        "account_no": "00300001",
        "account_type": "RES",
        "status": "ACTIVE",
        "service_address": "12 Oak St",
        "city": "Pleasanton",
        "state": "CA",
        "zip": "94566",
        "cycle_code": "1",
        "inside_limits": "Y",
        "start_date": "2015-01-01",
        "stop_date": "9999-12-31",
    },
    "customers.csv": {
        "cid": "100001",
        "name1": "RIVERA, ANA",
        "addr1": "12 Oak St",
        "city": "Pleasanton",
        "state": "CA",
        "zip": "94566",
        "status": "A",
        "confidential": "N",
    },
    "account_customers.csv": {
        "account_no": "00300001",
        "cid": "100001",
        "relation": "OWNER",
        "primary": "Y",
        "responsible": "Y",
        "start_date": "2020-01-01",
        "stop_date": "",
        "bill_hold": "N",
        "delivery": "MAIL",
        "eft_enrolled": "N",
    },
    "services.csv": {
        "account_no": "00300001",
        "cid": "100001",
        "service_code": "WATER",
        "service_seq": "1",
        "description": "Water",
        "status": "ACTIVE",
        "kind": "METERED",
        "start_date": "2020-01-01",
        "stop_date": "",
    },
    "meters.csv": {
        "manufacturer": "BADGER",
        "serial_no": "S100",
        "size": "5/8",
        "dials": "6",
        "unit": "CCF",
        "multiplier": "1",
        "account_no": "00300001",
        "service_code": "WATER",
        "service_seq": "1",
        "connected": "2020-01-01",
        "removed": "",
        "in_read": "0",
    },
    "bills.csv": {
        "bill_year": "2027",
        "category": "60",
        "bill_no": "000123",
        "bill_type": "REGULAR",
        "account_no": "00300001",
        "cid": "100001",
        "statement_date": "2027-01-12",
        "period_from": "2026-11-08",
        "period_to": "2027-01-08",
        "due_date": "2027-02-08",
        "billed": "100.00",
        "adjusted": "0.00",
        "abated": "0.00",
        "paid": "0.00",
        "refunded": "0.00",
        "written_off": "0.00",
        "penalty_due": "0.00",
        "interest_due": "0.00",
        "balance": "100.00",
        "on_lien": "N",
        "status": "OPEN",
    },
    "reads.csv": {
        "account_no": "00300001",
        "service_code": "WATER",
        "service_seq": "1",
        "serial_no": "S100",
        "read_date": "2027-01-08",
        "prev_read_date": "2026-11-08",
        "prev_read": "100",
        "curr_read": "112",
        "actual_usage": "12",
        "billed_usage": "12",
        "unit": "CCF",
        "read_code": "A",
        "estimated": "N",
        "transaction": "CYCLE",
    },
    "bill_lines.csv": {
        "bill_year": "2027",
        "category": "60",
        "bill_no": "000123",
        "line": "1",
        "charge_code": "WAT",
        "description": "Water",
        "original": "100.00",
        "adjusted": "0.00",
        "abated": "0.00",
        "paid": "0.00",
        "balance": "100.00",
    },
    "bill_installments.csv": {
        "bill_year": "2027",
        "category": "60",
        "bill_no": "000123",
        "installment": "1",
        "pay_by": "2027-02-08",
        "amount": "100.00",
        "credits": "0.00",
        "balance": "100.00",
        "interest": "0.00",
        "due": "100.00",
    },
    "payments.csv": {
        "payment_ref": "P1",
        "bill_year": "2027",
        "category": "60",
        "bill_no": "000123",
        "activity": "PAYMENT",
        "posted": "2027-01-20",
        "entered": "2027-01-20",
        "effective": "2027-01-19",
        "amount": "-40.00",
        "source": "COUNTER",
    },
    "parcels.csv": {
        "parcel_id": "946-1234-5",
        "tax_year": "2026",
        "location": "12 Oak St",
        "owner_of_record": "RIVERA ANA",
        "owner_as_of": "2026-01-01",
        "land_value": "250000.00",
        "building_value": "350000.00",
        "assessed_value": "600000.00",
        "exemption": "7000.00",
        "taxable_value": "593000.00",
        "rate_per_100": "1.120000",
        "tax": "6641.60",
    },
    "vehicles.csv": {
        "property_code": "V100",
        "tax_year": "2026",
        "cid": "100001",
        "year": "2019",
        "make": "HONDA",
        "model": "FIT",
        "vin_last4": "1234",
        "assessed_value": "9000.00",
        "rate_per_100": "4.5",
        "relief": "0.00",
        "tax": "405.00",
    },
    "licences.csv": {
        "licence_no": "L1",
        "licence_year": "2026",
        "cid": "100001",
        "trade_name": "OAK CAFE",
        "owner_name": "RIVERA ANA",
        "location": "1 Main St",
        "class_code": "F1",
        "class_description": "Food",
        "gross_receipts": "100000.00",
        "rate_per_100": "0.16",
        "tax": "160.00",
        "status": "ACTIVE",
        "issued": "2026-01-02",
        "expires": "9999-12-31",
    },
    "ack.csv": {"batch_id": "2027-01-20-1", "seq": "1", "result": "POSTED"},
}

BASIC = ("accounts.csv", "customers.csv", "account_customers.csv", "services.csv", "meters.csv")


def text_of(name: str, rows: Sequence[Mapping[str, str]]) -> str:
    """Return the CSV of `rows`, each filled from the defaults; columns are the union of them."""
    filled = [DEFAULTS[name] | dict(row) for row in rows] or [DEFAULTS[name]]
    columns = list(dict.fromkeys(column for row in filled for column in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(filled if rows else [])
    return out.getvalue()


class Folder:
    """A folder in the making: `put` files, then `seal` writes the manifest."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: dict[str, bytes] = {}
        self.modes: dict[str, str] = {}
        self.facts: dict[str, dict[str, str]] = {}
        path.mkdir(parents=True, exist_ok=True)

    def put(self, name: str, *rows: Mapping[str, str], mode: str = "FULL") -> "Folder":
        """Add a file of rows."""
        return self.raw(name, text_of(name, rows).encode(), mode=mode)

    def raw(self, name: str, content: bytes, *, mode: str = "FULL", **facts: str) -> "Folder":
        """Add a file of bytes; `facts` replace what the manifest says of it."""
        self.files[name] = content
        self.modes[name] = mode
        self.facts[name] = facts
        return self

    def basics(self, mode: str = "FULL") -> "Folder":
        """Add the default account, customer, tie, service and meter."""
        for name in BASIC:
            self.put(name, {}, mode=mode)
        return self

    def without(self, name: str) -> "Folder":
        """Take a file out again."""
        (self.path / name).unlink(missing_ok=True)
        for kept in (self.files, self.modes, self.facts):
            kept.pop(name, None)  # type: ignore[attr-defined]
        return self

    def seal(self, as_of: str = AS_OF) -> Path:
        """Write the files and the manifest, and return the folder."""
        lines = ["file,rows,sha256,money_total,mode,as_of"]
        for name, content in self.files.items():
            target = self.path / name
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(content)
            fact = self._facts(name, content, as_of) | self.facts[name]
            lines.append(",".join(fact.values()))
        (self.path / "manifest.csv").write_text("\n".join(lines) + "\n")
        return self.path

    def _facts(self, name: str, content: bytes, as_of: str) -> dict[str, Any]:
        rows, money = 1, ""
        if name in BY_NAME:
            found = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig", "replace"))))
            rows = len(found)
            column = BY_NAME[name].money
            if column:
                try:
                    cents = sum(int(row[column].strip().replace(".", "")) for row in found)
                except (ValueError, TypeError, AttributeError):
                    cents = 0
                money = f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
        return {
            "file": name,
            "rows": str(rows),
            "sha256": hashlib.sha256(content).hexdigest(),
            "money_total": money,
            "mode": self.modes[name],
            "as_of": as_of,
        }
