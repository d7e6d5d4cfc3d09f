"""A large exchange folder, written quickly: size for kill tests, not stories."""

import hashlib
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

from portal.domain.exchange.spec import BY_NAME
from portal.kit.money import plain_dollars

AS_OF = "2027-01-25T23:30:00-08:00"
_BILLS = 12  # every two months for two years
_CHARGES = (("WAT", "Water use"), ("WSV", "Water service charge"), ("SEW", "Sewer"))


def _header(name: str) -> list[str]:
    return [column.name for column in BY_NAME[name].columns]


class _Out:
    """One file in the making: rows in the contract's order, empty where not given."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.columns = _header(name)
        self.rows = 0
        self.cents = 0
        self.digest = hashlib.sha256()
        self._money = BY_NAME[name].money
        self._stream = (folder / name).open("w", newline="")
        self._write(",".join(self.columns))

    def _write(self, line: str) -> None:
        self._stream.write(line + "\n")
        self.digest.update(line.encode() + b"\n")

    def put(self, row: dict[str, object]) -> None:
        self.rows += 1
        if self._money:
            self.cents += int(str(row[self._money]).replace(".", ""))
        self._write(",".join([str(row.get(name, "")) for name in self.columns]))

    def manifest_line(self) -> str:
        self._stream.close()
        sign = "-" if self.cents < 0 else ""
        total = f"{sign}{abs(self.cents) // 100}.{abs(self.cents) % 100:02d}" if self._money else ""
        return f"{self.name},{self.rows},{self.digest.hexdigest()},{total},FULL,{AS_OF}"


def write_folder(folder: Path, accounts: int, seed: int = 7) -> int:
    """Write a folder of `accounts` with two years of bills. Returns its rows."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    names = (
        "accounts.csv",
        "customers.csv",
        "account_customers.csv",
        "services.csv",
        "meters.csv",
        "bills.csv",
        "reads.csv",
        "bill_lines.csv",
        "payments.csv",
    )
    out = {name: _Out(folder, name) for name in names}
    put: Callable[[str, dict[str, object]], None] = lambda name, row: out[name].put(row)  # noqa: E731
    for n in range(accounts):
        _account(n, put)
        for row in _bills(n, chance):
            for name, values in row:
                put(name, values)
    lines = ["file,rows,sha256,money_total,mode,as_of", *(o.manifest_line() for o in out.values())]
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")
    return sum(o.rows for o in out.values())


def _account(n: int, put: Callable[[str, dict[str, object]], None]) -> None:
    no, cid = f"{300000000 + n}", f"{100000 + n}"
    place = {"city": "Pleasanton", "state": "CA", "zip": "94566"}
    put(
        "accounts.csv",
        {
            "account_no": no,
            "account_type": "RES",
            "status": "ACTIVE",
            "service_address": f"{n} Oak St",
            "cycle_code": str(n % 20),
            "inside_limits": "Y",
            "start_date": "2015-01-01",
            "stop_date": "9999-12-31",
            **place,
        },
    )
    put(
        "customers.csv",
        {
            "cid": cid,
            "name1": f"RIVERA ANA {n}",
            "addr1": f"{n} Oak St",
            "email": f"ana{n}@example.com",
            "status": "A",
            "confidential": "N",
            **place,
        },
    )
    tie = {"account_no": no, "cid": cid, "start_date": "2020-01-01", "stop_date": "9999-12-31"}
    put(
        "account_customers.csv",
        {
            **tie,
            "relation": "OWNER",
            "primary": "Y",
            "responsible": "Y",
            "bill_hold": "N",
            "delivery": "MAIL",
            "eft_enrolled": "N",
        },
    )
    put(
        "services.csv",
        {
            **tie,
            "service_code": "WATER",
            "service_seq": 1,
            "description": "Water",
            "status": "ACTIVE",
            "kind": "METERED",
        },
    )
    put(
        "meters.csv",
        {
            "manufacturer": "BADGER",
            "serial_no": f"S{n:08d}",
            "size": "5/8",
            "dials": 6,
            "unit": "CCF",
            "multiplier": 1,
            "remote_id": f"{70000000 + n}",
            "account_no": no,
            "service_code": "WATER",
            "service_seq": 1,
            "connected": "2020-01-01",
            "removed": "",
            "in_read": 0,
        },
    )


def _bills(n: int, chance: random.Random) -> Iterator[list[tuple[str, dict[str, object]]]]:
    no, cid, register = f"{300000000 + n}", f"{100000 + n}", chance.randrange(1000)
    start = date(2025, 1, 5)
    for k in range(_BILLS):
        end = start + timedelta(days=61)
        used = chance.randrange(4, 60)
        cents = [used * 487, 4312, used * 210]
        billed = sum(cents)
        open_ = k == _BILLS - 1
        key = {"bill_year": end.year, "category": 60, "bill_no": f"{n * _BILLS + k:08d}"}
        bill = {
            **key,
            "bill_type": "REGULAR",
            "account_no": no,
            "cid": cid,
            "statement_date": end + timedelta(days=3),
            "period_from": start,
            "period_to": end,
            "due_date": end + timedelta(days=30),
            "billed": plain_dollars(billed),
            "adjusted": "0.00",
            "abated": "0.00",
            "paid": plain_dollars(0 if open_ else billed),
            "refunded": "0.00",
            "written_off": "0.00",
            "penalty_due": "0.00",
            "interest_due": "0.00",
            "balance": plain_dollars(billed if open_ else 0),
            "on_lien": "N",
            "status": "OPEN" if open_ else "PAID",
        }
        read = {
            "account_no": no,
            "service_code": "WATER",
            "service_seq": 1,
            "serial_no": f"S{n:08d}",
            "read_date": end,
            "prev_read_date": start,
            "prev_read": register,
            "curr_read": register + used,
            "actual_usage": used,
            "billed_usage": used,
            "unit": "CCF",
            "read_code": "A",
            "estimated": "N",
            "transaction": "CYCLE",
            **key,
        }
        rows: list[tuple[str, dict[str, object]]] = [("bills.csv", bill), ("reads.csv", read)]
        for line, ((code, words), part) in enumerate(zip(_CHARGES, cents, strict=True), 1):
            rows.append(
                (
                    "bill_lines.csv",
                    {
                        **key,
                        "line": line,
                        "charge_code": code,
                        "description": words,
                        "original": plain_dollars(part),
                        "adjusted": "0.00",
                        "abated": "0.00",
                        "paid": plain_dollars(0 if open_ else part),
                        "balance": plain_dollars(part if open_ else 0),
                    },
                )
            )
        if not open_:
            paid = end + timedelta(days=20)
            rows.append(
                (
                    "payments.csv",
                    {
                        "payment_ref": f"P{n * _BILLS + k}",
                        **key,
                        "activity": "PAYMENT",
                        "posted": paid,
                        "entered": paid,
                        "effective": paid,
                        "amount": f"-{plain_dollars(billed)}",
                        "tender": "CHECK",
                        "paid_by": f"RIVERA ANA {n}",
                        "source": "LOCKBOX",
                    },
                )
            )
        yield rows
        register += used
        start = end
