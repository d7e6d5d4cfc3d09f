"""What may be typed under My Notifications, and what passes a threshold."""

from datetime import date, timedelta

import pytest

from portal.domain.alerts import rules
from portal.domain.outbox.rules import one_address
from portal.kit.errors import Problems


@pytest.mark.parametrize(
    ("typed", "gallons"), [("1", 1), (" 1,100 ", 1100), ("400 gallons", 400), ("1000000", 10**6)]
)
def test_thresholds_that_people_type(typed: str, gallons: int) -> None:
    assert rules.read_threshold(typed) == gallons


@pytest.mark.parametrize("typed", ["", "0", "-5", "1.5", "1e3", "many", "٤٠٠", "1000001", "9" * 50])
def test_what_is_no_threshold(typed: str) -> None:
    with pytest.raises(rules.BadNotification) as refused:
        rules.read_threshold(typed)
    assert refused.value.field == "threshold"


def test_each_address_once_and_as_mail_takes_it() -> None:
    found = rules.read_emails(["ana@example.org", " ", "ANA@example.org", "x@example.org"])
    assert found == ["ana@example.org"]
    (abroad,) = rules.read_emails(["ana@b\u00fccher.example", "", ""])
    assert abroad == "ana@xn--bcher-kva.example"
    assert one_address(abroad) == abroad


@pytest.mark.parametrize("typed", ["ana", "jos\u00e9@example.org", "a@x.org,b@x.org", "a@x.org\nb"])
def test_an_address_that_no_mail_could_go_to_is_refused_when_typed(typed: str) -> None:
    with pytest.raises(Problems) as refused:
        rules.read_emails(["", typed, ""])
    assert refused.value.field == "email_2"


def test_a_threshold_is_passed_by_more_and_not_by_as_much() -> None:
    assert [rules.passes(n, 400) for n in (399_999, 400_000, 400_001)] == [False, False, True]


def test_ninety_days_are_rehearsed() -> None:
    last = date(2026, 11, 20)
    measured = {last - timedelta(days=n): 500_000 for n in range(100)}
    assert rules.rehearse(measured, 400, last) == rules.Rehearsal(90, 90)
    assert rules.rehearse(measured, 500, last) == rules.Rehearsal(0, 90)
    assert rules.rehearse(measured, 400, None) == rules.Rehearsal(0, 0)
