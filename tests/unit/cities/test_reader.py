"""A city's file at fault names its line, its key and what is allowed."""

from pathlib import Path

import pytest

from portal.cities import CityError, city_file, known_cities, read_city

GOOD = city_file("leesburg").read_text(encoding="utf-8")


def fault(tmp_path: Path, old: str, new: str) -> str:
    assert old in GOOD
    path = tmp_path / "town.toml"
    path.write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(CityError) as caught:
        read_city(path)
    return str(caught.value).replace(str(path), "town.toml")


def line_of(text: str) -> int:
    return GOOD[: GOOD.index(text)].count("\n") + 1


def test_ours_are_read_and_have_their_file_s_key() -> None:
    assert known_cities() == ("leesburg", "minot", "pleasanton")
    for key in known_cities():
        assert read_city(city_file(key)).key == key


def test_labels_are_the_guides() -> None:
    towns = {key: read_city(city_file(key)) for key in known_cities()}
    assert towns["leesburg"].portal.name.en == "Customer Self Service"
    assert towns["minot"].portal.name.en == "Citizen Self Service"
    assert towns["pleasanton"].portal.name.en == "Citizen Self Service"
    assert towns["pleasanton"].portal.utility_billing.en == "Utility Billing Payment"
    assert towns["minot"].labels.autopay_sign_up.en == "Sign up for EFT Automatic Payments"
    assert towns["leesburg"].search.columns[-1] == "email_id"
    assert towns["pleasanton"].search.columns[-1] == "parcel_id"
    assert [module.key for module in towns["leesburg"].shown_modules] == ["utility_billing"]


def test_word_not_allowed(tmp_path: Path) -> None:
    old = 'cycle = "quarterly"'
    assert fault(tmp_path, old, 'cycle = "weekly"') == (
        f'town.toml:{line_of(old)}: billing.cycle: "weekly" is not allowed;'
        " allowed: monthly, bi-monthly, quarterly"
    )


def test_unknown_key(tmp_path: Path) -> None:
    old = "partial_allowed = true"
    assert fault(tmp_path, old, "partial_alowed = true\npartial_allowed = true") == (
        f"town.toml:{line_of(old)}: payments.partial_alowed: is not known here; allowed:"
        " partial_allowed, minimum_cents, overpay_allowed, oldest_first, liened_allowed,"
        " posting_note, closed, holidays_of"
    )


def test_missing_key_points_at_its_table(tmp_path: Path) -> None:
    assert fault(tmp_path, 'accent = "#7a2230"\n', "") == (
        f"town.toml:{line_of('[look]')}: look.accent: is missing"
    )


def test_missing_spanish_in_an_array_of_tables(tmp_path: Path) -> None:
    old = 'es = "Los tres primeros'
    line = line_of("[[usage.tips]]")
    whole = next(text for text in GOOD.splitlines() if text.startswith(old))
    assert fault(tmp_path, whole + "\n", "") == f"town.toml:{line}: usage.tips[1].es: is missing"


def test_colour_zone_mail_and_link(tmp_path: Path) -> None:
    assert fault(tmp_path, '"#7a2230"', '"dark red"') == (
        f'town.toml:{line_of("accent =")}: look.accent: "dark red" is not allowed;'
        ' a colour is written "#rrggbb"'
    )
    assert fault(tmp_path, "America/New_York", "America/Leesburg") == (
        f'town.toml:{line_of("zone =")}: zone: "America/Leesburg" is not a time zone;'
        ' allowed: names like "America/New_York"'
    )
    assert "contact.email" in fault(tmp_path, "utilitybilling@leesburgva.gov", "ask at the desk")
    assert "useful_links[1].url" in fault(
        tmp_path,
        'url = "https://www.leesburgva.gov/dep',
        'url = "javascript:alert(1)//dep',
    )


def test_several_faults_stand_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "town.toml"
    text = GOOD.replace('"quarterly"', "3").replace('state = "VA"', 'state = "Virginia"', 1)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CityError) as caught:
        read_city(path)
    first, second = str(caught.value).splitlines()
    assert first == f'{path}:{line_of("state =")}: state: "Virginia" is not allowed; ' + (
        'a state is written in its two letters, like "CA"'
    )
    assert second.startswith(f"{path}:{line_of('cycle =')}: billing.cycle: 3 is not allowed;")


def test_not_toml(tmp_path: Path) -> None:
    old = "exists = false"
    message = fault(tmp_path, old, "exists = no")
    assert message == f"town.toml:{line_of(old)}: is not TOML: invalid value"


def test_twice_and_absent(tmp_path: Path) -> None:
    message = fault(
        tmp_path,
        'key = "real_estate"\nname.en = "Real Estate"\nname.es = "Bienes raíces"\nexists',
        'key = "utility_billing"\nname.en = "A"\nname.es = "B"\nexists',
    )
    assert message == "town.toml:1: modules names utility_billing twice"
    with pytest.raises(CityError, match="cannot be read: No such file"):
        read_city(tmp_path / "none.toml")
    with pytest.raises(CityError, match='"springfield" is not known; allowed: leesburg'):
        city_file("springfield")


@pytest.mark.parametrize("name", ["nowhere.svg", "../app.css"])
def test_a_logo_that_is_not_there(tmp_path: Path, name: str) -> None:
    assert fault(tmp_path, 'logo = "leesburg.svg"', f'logo = "{name}"').startswith(
        f'town.toml:{line_of("logo =")}: look.logo: "{name}" is not allowed; '
    )


def test_holidays_of_a_state_that_is_none(tmp_path: Path) -> None:
    old = 'holidays_of = "VA"'
    assert fault(tmp_path, old, 'holidays_of = "ZZ"') == (
        f'town.toml:{line_of(old)}: payments.holidays_of: "ZZ" is not allowed;'
        ' a state is written in its two letters, like "CA"'
    )
