"""The demo town: the guides' own figures, books that add up, the same bytes for a seed."""

import csv
import hashlib
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal.cities import City, city_file, read_city
from portal.demo.stories import pairs_of, residents, unlinked
from portal.demo.town.generate import Generated, generate
from portal.demo.town.places import account_number, customer_number, parcel_number

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
Rows = dict[str, list[dict[str, str]]]


def town(key: str) -> City:
    return read_city(city_file(key))


def rows_of(made: Generated) -> Rows:
    found: Rows = {}
    for path in made.exchange.glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as source:
            found[path.stem] = list(csv.DictReader(source))
    return found


def as_cents(text: str) -> int:
    return int(text.replace(".", ""))


@pytest.fixture(scope="module", params=["pleasanton", "leesburg", "minot"])
def made(request: Any, tmp_path_factory: Any) -> tuple[str, Generated, Rows]:
    folder = tmp_path_factory.mktemp(request.param)
    generated = generate(folder, town(request.param), accounts=60, now=NOW)
    return request.param, generated, rows_of(generated)


def test_the_manifest_counts_hashes_and_sums(made: Any) -> None:
    _, generated, rows = made
    money = {"bills": "balance", "bill_lines": "original", "payments": "amount"}
    money["bill_installments"] = "due"
    listed = {row["file"]: row for row in rows["manifest"]}
    assert len(listed) == 13
    for name, row in listed.items():
        data = (generated.exchange / name).read_bytes()
        assert row["sha256"] == hashlib.sha256(data).hexdigest()
        mine = rows[name.removesuffix(".csv")]
        assert int(row["rows"]) == len(mine)
        column = money.get(name.removesuffix(".csv"))
        total = sum(as_cents(one[column]) for one in mine) if column else None
        assert (as_cents(row["money_total"]) if row["money_total"] else None) == total
        assert row["as_of"] == "2026-11-21T12:00:00+00:00"


def test_keys_are_unique(made: Any) -> None:
    _, _, rows = made
    keys = {
        "accounts": ("account_no",),
        "customers": ("cid",),
        "account_customers": ("account_no", "cid", "start_date"),
        "services": ("account_no", "cid", "service_code", "service_seq"),
        "meters": ("manufacturer", "serial_no", "connected"),
        "reads": ("account_no", "service_code", "serial_no", "read_date", "transaction"),
        "bills": ("bill_year", "category", "bill_no"),
        "bill_lines": ("bill_year", "category", "bill_no", "line"),
        "payments": ("payment_ref",),
    }
    for name, columns in keys.items():
        seen = [tuple(row[column] for column in columns) for row in rows[name]]
        assert len(seen) == len(set(seen)), name
    addresses = [row["service_address"] for row in rows["accounts"]]
    assert len(addresses) == len(set(addresses))


@pytest.mark.parametrize("key", ["pleasanton", "leesburg", "minot"])
def test_numbers_are_unique_in_the_largest_town(key: str) -> None:
    every = range(200_000)
    for numbers in (
        [account_number(key, place) for place in every],
        [customer_number(key, place, nth) for place in every for nth in range(3)],
        [parcel_number(key, place) for place in every],
    ):
        assert len(set(numbers)) == len(numbers)


def test_every_bill_adds_up(made: Any) -> None:
    _, _, rows = made
    lines: dict[Any, list[dict[str, str]]] = defaultdict(list)
    for row in rows["bill_lines"]:
        lines[row["bill_year"], row["category"], row["bill_no"]].append(row)
    paid: dict[Any, int] = defaultdict(int)
    for row in rows["payments"]:
        if row["activity"] == "PAYMENT":
            paid[row["bill_year"], row["category"], row["bill_no"]] -= as_cents(row["amount"])
    for bill in rows["bills"]:
        key = (bill["bill_year"], bill["category"], bill["bill_no"])
        billed, balance = as_cents(bill["billed"]), as_cents(bill["balance"])
        assert sum(as_cents(line["original"]) for line in lines[key]) == billed
        owed = balance - as_cents(bill["penalty_due"]) - as_cents(bill["interest_due"])
        assert sum(as_cents(line["balance"]) for line in lines[key]) == owed
        assert paid[key] == as_cents(bill["paid"])
        assert balance == billed - paid[key] + as_cents(bill["penalty_due"])
        expected = "PAID" if balance == 0 else "CREDIT" if balance < 0 else bill["status"]
        assert bill["status"] == expected
        assert bill["statement_date"] <= "2026-11-21"


def test_reads_follow_one_another_and_lie_in_their_tenure(made: Any) -> None:
    _, _, rows = made
    stays = defaultdict(list)
    for row in rows["account_customers"]:
        if row["relation"] != "COPY":
            stays[row["account_no"]].append(row)
    bills = {(b["bill_year"], b["bill_no"]): b for b in rows["bills"]}
    for read in rows["reads"]:
        bill = bills[read["bill_year"], read["bill_no"]]
        (stay,) = [s for s in stays[read["account_no"]] if s["cid"] == bill["cid"]]
        assert stay["start_date"] <= read["read_date"] <= stay["stop_date"]
        assert int(read["curr_read"]) - int(read["prev_read"]) == int(read["actual_usage"])
        assert int(read["actual_usage"]) >= 0
        if read["transaction"] == "FINAL":
            assert read["read_date"] == stay["stop_date"]


def test_hourly_readings_agree_with_the_billed_ones(made: Any) -> None:
    key, generated, rows = made
    city = town(key)
    remotes = {row["remote_id"]: row["account_no"] for row in rows["meters"] if not row["out_read"]}
    used: dict[tuple[str, date], int] = defaultdict(int)
    for path in generated.usage_files:
        for text in path.read_text().splitlines():
            fields = text.split(",")
            start = date.fromisoformat(f"{fields[14][:4]}-{fields[14][4:6]}-{fields[14][6:8]}")
            assert len(fields) == 14 + 3 * int(fields[13])
            if fields[5] in remotes:
                used[remotes[fields[5]], start] += sum(int(v) for v in fields[16::3])
    newest = max(day for _, day in used)
    assert newest == date(2026, 11, 19)  # two days ago
    swapped = {row["account_no"] for row in rows["meters"] if row["out_read"]}
    gaps = rows["accounts"][14]["account_no"]
    checked = 0
    for read in rows["reads"]:
        since, until = (date.fromisoformat(read[c]) for c in ("prev_read_date", "read_date"))
        account = read["account_no"]
        if since < date(2025, 11, 1) or account in swapped or account == gaps:
            continue
        if read["read_code"] == "E" or read["transaction"] not in ("CYCLE", "FINAL"):
            continue
        days = [since + timedelta(days=n) for n in range((until - since).days)]
        units = sum(used[account, day] for day in days) / city.units.gallons_per_unit
        follows_estimate = any(
            r["read_code"] == "E" and r["account_no"] == account for r in rows["reads"]
        )
        if not follows_estimate:
            assert abs(units - int(read["billed_usage"])) < 1  # registers are cut to whole units
            checked += 1
    assert checked > 100


def test_clock_changes(made: Any) -> None:
    _, generated, _ = made
    spring = next(path for path in generated.usage_files if path.stem == "cmep-2026-03")
    fields = next(
        line.split(",") for line in spring.read_text().splitlines() if ",202603080100," in line
    )
    assert fields[13] == "23"
    assert fields[14:23:3] == ["202603080100", "202603080300", "202603080400"]
    autumn = next(path for path in generated.usage_files if path.stem == "cmep-2026-11")
    fields = next(
        line.split(",") for line in autumn.read_text().splitlines() if ",202611010100," in line
    )
    assert fields[13] == "25"
    assert fields[14:23:3] == ["202611010100", "202611010100", "202611010200"]


def test_the_same_seed_and_date_give_the_same_bytes(tmp_path: Path) -> None:
    def digest(name: str, seed: int) -> str:
        made = generate(tmp_path / name, town("minot"), accounts=25, seed=seed, now=NOW)
        hashed = hashlib.sha256((made.exchange / "manifest.csv").read_bytes())
        for path in made.usage_files:
            hashed.update(path.read_bytes())
        return hashed.hexdigest()

    assert digest("a", 1) == digest("b", 1)
    assert digest("a", 1) != digest("c", 2)


def test_pleasanton_s_guide(tmp_path: Path) -> None:
    rows = rows_of(generate(tmp_path, town("pleasanton"), accounts=20, now=NOW))
    place = rows["accounts"][0]
    assert (place["account_no"], place["service_address"]) == ("28624", "0 ALAMEDA DR - IRR")
    assert (rows["customers"][0]["cid"], rows["customers"][0]["name1"]) == (
        "405583",
        "CITY OF PLEASANTON",
    )
    mine = [row for row in rows["bills"] if row["account_no"] == "28624"]
    outstanding = [(b["bill_no"], b["balance"]) for b in mine if b["status"] == "OPEN"]
    assert outstanding == [("98820", "134.46"), ("98465", "127.11")]
    assert mine[-2]["statement_date"] < mine[-1]["statement_date"]
    assert (mine[-3]["bill_no"], mine[-3]["paid"]) == ("35932", "134.46")
    reads = [row for row in rows["reads"] if row["bill_no"] == "98465"]
    told = [(r["transaction"], r["prev_read"], r["curr_read"], r["billed_usage"]) for r in reads]
    assert (told[0][0], told[0][3]) == ("REPLACE_OUT", "0")
    assert told[2] == ("CYCLE", "0", "8", "10")
    assert reads[2]["serial_no"] == "68596455"


def test_leesburg_s_and_minot_s_guides(tmp_path: Path) -> None:
    rows = rows_of(generate(tmp_path / "l", town("leesburg"), accounts=20, now=NOW))
    mine = [row for row in rows["bills"] if row["account_no"] == "300000306"]
    assert [row["bill_no"] for row in mine[-5:]] == [
        "405215",
        "422007",
        "439028",
        "456305",
        "473293",
    ]
    assert {row["balance"] for row in mine} == {"0.00"}
    rows = rows_of(generate(tmp_path / "m", town("minot"), accounts=20, now=NOW))
    assert rows["accounts"][0]["service_address"] == "1810 6TH ST NE"
    number = rows["accounts"][0]["account_no"]
    last = [row for row in rows["bills"] if row["account_no"] == number][-1]
    assert (last["bill_no"], last["paid"], last["balance"]) == ("1306", "53.50", "0.00")
    codes = [row["service_code"] for row in rows["services"] if row["account_no"] == number]
    assert codes == ["1000", "2000", "MXU"]


def test_every_story_is_told(made: Any) -> None:
    key, _, rows = made
    city = town(key)

    def of(story: str) -> list[dict[str, str]]:
        """Return the story's bills, oldest first."""
        (pair, *_more) = pairs_of(city, story)
        return [row for row in rows["bills"] if row["account_no"] == pair.account_no]

    def reads(story: str) -> list[dict[str, str]]:
        (pair, *_more) = pairs_of(city, story)
        return [row for row in rows["reads"] if row["account_no"] == pair.account_no]

    def ties(story: str) -> list[dict[str, str]]:
        numbers = {pair.account_no for pair in pairs_of(city, story)}
        return [row for row in rows["account_customers"] if row["account_no"] in numbers]

    def customer(cid: str) -> dict[str, str]:
        return next(row for row in rows["customers"] if row["cid"] == cid)

    for one in residents(city):
        for pair in one.pairs:
            assert any(
                (tie["account_no"], tie["cid"]) == (pair.account_no, pair.cid)
                and tie["stop_date"] == "9999-12-31"
                for tie in rows["account_customers"]
            )
    estimate = reads("estimated_read")[-1]
    assert (estimate["read_code"], estimate["estimated"]) == ("E", "Y")
    assert of("past_due")[-2]["status"] == "OPEN"
    assert of("past_due")[-2]["due_date"] < "2026-11-21"
    assert (of("credit")[-1]["status"], of("credit")[-1]["balance"]) == ("CREDIT", "-40.00")
    assert [bill["status"] for bill in of("lien") if bill["on_lien"] == "Y"] == ["LIENED"]
    assert len({tie["cid"] for tie in ties("landlord")}) == 1
    assert len(ties("landlord")) == 3
    leaver, mover = ties("moved_in")
    assert leaver["stop_date"] == mover["start_date"] == "2026-04-12"
    assert [read for read in reads("moved_in") if read["transaction"] == "FINAL"] != []
    assert customer(ties("confidential")[0]["cid"])["confidential"] == "Y"
    assert [tie["relation"] for tie in ties("copy")] == ["TENANT", "COPY"]
    assert ties("paperless")[0]["delivery"] == "EMAIL"
    swap = [read for read in reads("meter_change") if read["transaction"] != "CYCLE"]
    assert [read["transaction"] for read in swap][:2] == ["REPLACE_OUT", "REPLACE_IN"]
    for pair in unlinked(city):
        owing = [b for b in rows["bills"] if b["account_no"] == pair.account_no]
        assert owing[-1]["status"] == "OPEN"
        assert pair.cid not in {p.cid for one in residents(city) for p in one.pairs}


def test_the_running_toilet_never_rests_and_the_summer_is_thirsty(made: Any) -> None:
    key, generated, rows = made
    city = town(key)
    meters = {row["account_no"]: row["remote_id"] for row in rows["meters"]}
    (toilet,) = pairs_of(city, "running_toilet")
    (garden,) = pairs_of(city, "irrigation_summer")

    def days(account: str, month: str) -> list[list[int]]:
        path = next(path for path in generated.usage_files if path.stem == f"cmep-{month}")
        found = [line.split(",") for line in path.read_text().splitlines()]
        return [[int(v) for v in row[16::3]] for row in found if row[5] == meters[account]]

    newest = days(toilet.account_no, "2026-11")[-1]
    assert min(newest) >= 11  # gallons an hour, all day and night
    assert min(days(toilet.account_no, "2026-10")[0]) == 0
    july = sum(map(sum, days(garden.account_no, "2026-07")))
    january = sum(map(sum, days(garden.account_no, "2026-01")))
    assert july > 2 * january
