"""Writing an exchange folder: rows stream to disk, totals are kept, the manifest comes last."""

import csv
import hashlib
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import IO

COLUMNS: dict[str, tuple[str, ...]] = {
    name: tuple(columns.split())
    for name, columns in {
        "accounts": "account_no account_type status service_address unit city state zip parcel_id"
        " district route_book read_seq cycle_code inside_limits start_date stop_date",
        "customers": "cid name1 name2 addr1 addr2 city state zip country phone email status"
        " confidential",
        "account_customers": "account_no cid relation primary responsible start_date stop_date"
        " bill_hold delivery eft_enrolled times_paid_late",
        "services": "account_no cid service_code service_seq description status kind rate_code"
        " customer_type cycle_code multiplier winter_average start_date stop_date",
        "meters": "manufacturer serial_no size dials unit multiplier remote_id account_no"
        " service_code service_seq connected removed in_read out_read",
        "reads": "account_no service_code service_seq serial_no read_date prev_read_date prev_read"
        " curr_read actual_usage billed_usage unit read_code estimated transaction bill_year"
        " category bill_no",
        "bills": "bill_year category bill_no bill_type account_no property_code cid statement_date"
        " period_from period_to due_date billed adjusted abated paid refunded written_off"
        " penalty_due interest_due balance on_lien status message image_name",
        "bill_lines": "bill_year category bill_no line charge_code service_code description qty"
        " unit rate original adjusted abated paid balance agency",
        "bill_installments": "bill_year category bill_no installment pay_by amount credits balance"
        " interest due",
        "payments": "payment_ref bill_year category bill_no activity posted entered effective"
        " amount tender paid_by source portal_payment_id",
        "parcels": "parcel_id alternate_id tax_year location unit legal_description"
        " owner_of_record owner_as_of cid jurisdiction acres land_value building_value"
        " assessed_value exemption taxable_value rate_per_100 tax",
        "vehicles": "property_code tax_year cid year make model vin_last4 assessed_value"
        " rate_per_100 relief tax",
        "licences": "licence_no licence_year cid trade_name owner_name location class_code"
        " class_description gross_receipts rate_per_100 tax status issued expires tax_id_last4",
    }.items()
}
_MONEY = {"bills": "balance", "bill_lines": "original", "bill_installments": "due"}
_MONEY["payments"] = "amount"
OPEN_END = "9999-12-31"


class Cents(int):
    """Integer cents, written as dollars with two decimals."""

    def __str__(self) -> str:
        sign, cents = ("-", -int(self)) if self < 0 else ("", int(self))
        return f"{sign}{cents // 100}.{cents % 100:02d}"


def flag(value: bool) -> str:
    """Write Y or N."""
    return "Y" if value else "N"


def end(day: date | None) -> str:
    """Write a stop date; open ends are 9999-12-31."""
    return OPEN_END if day is None else day.isoformat()


class _Hashing:
    """A text sink that hashes what it writes."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self.sha256 = hashlib.sha256()

    def write(self, text: str) -> int:
        data = text.encode()
        self.sha256.update(data)
        return self._sink.write(data)


class ExchangeFolder:
    """An exchange folder being written: `add` rows, then `close` to write the manifest."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        (path / "manifest.csv").unlink(missing_ok=True)
        self.path = path
        self.rows = dict.fromkeys(COLUMNS, 0)
        self._totals = dict.fromkeys(_MONEY, 0)
        self._money_at = {name: COLUMNS[name].index(column) for name, column in _MONEY.items()}
        self._sinks: dict[str, IO[bytes]] = {}
        self._hashes: dict[str, _Hashing] = {}
        self._writers = {}
        for name, columns in COLUMNS.items():
            sink = (path / f"{name}.csv").open("wb", buffering=1 << 18)
            self._sinks[name] = sink
            self._hashes[name] = _Hashing(sink)
            self._writers[name] = csv.writer(self._hashes[name], lineterminator="\n")
            self._writers[name].writerow(columns)

    def add(self, name: str, *values: object) -> None:
        """Add a row to file `name`, values in the order of its columns; None is empty."""
        if name in self._money_at:
            money = values[self._money_at[name]]
            assert isinstance(money, Cents)
            self._totals[name] += int(money)
        self._writers[name].writerow(values)
        self.rows[name] += 1

    def add_all(self, name: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Add several rows to file `name`."""
        for row in rows:
            self.add(name, *row)

    def close(self, as_of: datetime) -> None:
        """Close the files and write the manifest, which makes the folder ready."""
        for sink in self._sinks.values():
            sink.close()
        waiting = self.path / "manifest.csv.part"
        with waiting.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(("file", "rows", "sha256", "money_total", "mode", "as_of"))
            for name in COLUMNS:
                total = str(Cents(self._totals[name])) if name in self._totals else ""
                digest = self._hashes[name].sha256.hexdigest()
                stamp = as_of.isoformat(timespec="seconds")
                writer.writerow((f"{name}.csv", self.rows[name], digest, total, "FULL", stamp))
        waiting.rename(self.path / "manifest.csv")
