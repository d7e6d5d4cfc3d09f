"""The demo town goes through the ordinary importers and stands as its stories say."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from portal.cities import city_file, read_city
from portal.commands import town
from portal.demo import load as loading
from portal.demo import stories
from portal.demo.load import load

NOW = datetime(2026, 11, 21, 18, tzinfo=UTC)


def test_loads_once_and_the_residents_are_linked(database: Engine, tmp_path: Path) -> None:
    city = read_city(city_file("pleasanton"))
    assert load(city, accounts=24, now=NOW, folder=tmp_path).fresh
    again = load(city, accounts=24, now=NOW, folder=tmp_path)
    assert (again.fresh, again.accounts) == (False, 24)
    with database.connect() as connection:

        def one(sql: str) -> object:
            return connection.execute(text(sql)).scalar_one()

        assert one("SELECT count(*) FROM user_account") == len(stories.residents(city)) + 2
        assert one("SELECT count(*) FROM import_fault") == 0
        unknown = "jsonb_path_query_array(counts, '$.*.unknown_meters')::text"
        assert one(f"SELECT DISTINCT {unknown} FROM import_run WHERE kind = 'usage'") == "[0]"
        assert (
            one(
                "SELECT sum(balance_cents) FROM bill b JOIN account a ON a.id = b.account_id"
                " WHERE a.account_no = '28624'"
            )
            == 26157
        )
        # 395 days in 13 months, the last two days ago
        assert str(one("SELECT max(usage_date) FROM meter_day")) == "2026-11-19"
        links = (
            "SELECT count(*) FROM account_link l JOIN user_account u ON u.id = l.user_id"
            " WHERE u.email = '{}@example.org'"
        )
        assert one(links.format("maria")) == 2
        assert one(links.format("linda")) == 3


def test_a_large_town_says_which_accounts_have_readings_and_how_far_it_is(
    database: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "HOURLY_PLACES", 23)
    monkeypatch.setattr(loading, "_TOLD_EVERY", 100)
    told: list[str] = []
    steps: list[str] = []
    city = read_city(city_file("minot"))
    load(
        city,
        accounts=100,
        now=NOW,
        folder=tmp_path,
        say=told.append,
        progress=lambda words, done, total: steps.append(words),
    )
    assert "  Only the first 23 accounts get hourly readings." in told
    assert "  100 of 100 accounts written" in told
    assert steps[-1] == "storing licences.csv"


def test_the_command_names_the_same_number() -> None:
    assert f"first {loading.HOURLY_PLACES:,} accounts have hourly readings" in town._SIZE
