"""The usage page's and My Notifications' handlers: who may, what is shown, what is refused."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine
from sqlmodel import select

from portal.kit.clock import utc_now
from portal.kit.db import transaction
from portal.models.accounts import Tenure
from portal.models.outbox import Mail
from portal.models.usage import AlertAddress, MeterDay, UsageNotification
from portal.state import usage_bars
from portal.state.notifications import NotificationState
from portal.state.usage import UsageState
from tests import factories
from tests.state.drive import drive, leads_to, run

PACIFIC = ZoneInfo("America/Los_Angeles")


class Place:
    """A resident with one metered account whose last 40 days are known but for one."""

    def __init__(self, *, metered: bool = True) -> None:
        self.today = utc_now().astimezone(PACIFIC).date()
        self.last = self.today - timedelta(days=3)
        with transaction() as session:
            self.user, self.account, self.customer = factories.household(session)
            meter = factories.meter(session, self.account)
            for n in range(40 if metered else 0):
                day = self.last - timedelta(days=n)
                length = _length(day)
                session.add(
                    MeterDay(
                        feed_id=meter.remote_id, usage_date=day, hours=[10_000] * length,
                        quality="R" * length, total=10_000 * length, minimum=10_000,
                        maximum=10_000, count=length, stamps=[], origin="." * length,
                    )
                )  # fmt: skip
        self.url = f"/utility-billing/usage?account={self.account.id}"


def _length(day: date) -> int:
    start = datetime(day.year, day.month, day.day, tzinfo=PACIFIC)
    next_day = day + timedelta(days=1)
    end = datetime(next_day.year, next_day.month, next_day.day, tzinfo=PACIFIC)
    return int((end.timestamp() - start.timestamp()) // 3600)


@pytest.fixture
def place(database: Engine) -> Place:
    return Place()


async def test_the_page_opens_on_the_last_31_days(place: Place) -> None:
    state = await drive(UsageState, "load", as_=place.user, url=place.url)
    assert state.loaded_at == place.url
    assert (state.account_no, state.cid) == (place.account.account_no, place.customer.cid)
    assert (state.end, len(state.bars)) == (place.last.isoformat(), 31)
    assert state.bars[-1].value in ("230", "240", "250")
    assert state.bars[-1].href == (
        f"/utility-billing/usage?account={place.account.id}&begin={place.last}&end={place.last}"
        "&grouping=hourly"
    )
    assert state.earlier
    assert not state.later
    assert state.problems == []


async def test_the_range_stands_in_the_url_and_drills_down(place: Place) -> None:
    day = place.last - timedelta(days=5)
    hourly = f"{place.url}&begin={day}&end={day}&grouping=hourly"
    state = await drive(UsageState, "load", as_=place.user, url=hourly)
    assert len(state.bars) == _length(day)
    assert {bar.value for bar in state.bars} == {"10"}
    assert await run(state, "open_bar", 0) is None
    yearly = await drive(UsageState, "load", as_=place.user, url=place.url + "&grouping=yearly")
    await run(yearly, "open_bar", 0)
    assert "grouping=monthly" in leads_to(yearly._returned)
    assert await run(yearly, "open_bar", 99) is None
    assert await run(yearly, "open_bar", -1) is None


async def test_spanish_speaks_spanish_and_links_stay_spanish(place: Place) -> None:
    state = await drive(UsageState, "load", as_=place.user, url="/es" + place.url)
    assert state.caption.startswith("Consumo diario de agua del ")
    assert state.bars[0].href.startswith("/es/utility-billing/usage?")
    assert state.unit == "GALONES"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("&begin=2026-13-01&end=2026-12-01", "begin"),
        ("&begin=2026-12-01&end=2026-11-01", "end"),
        ("&begin=2020-01-01&end=2026-11-01&grouping=hourly", "begin"),
        ("&begin=%27;drop&end=", "begin"),
    ],
)
async def test_bad_dates_in_the_url_stand_at_their_field(
    place: Place, query: str, field: str
) -> None:
    state = await drive(UsageState, "load", as_=place.user, url=place.url + query)
    assert list(state.field_errors) == [field]
    assert [problem.field for problem in state.problems] == [field]
    assert len(state.bars) == 31  # and the usual range is there all the same


async def test_show_goes_to_the_range_or_says_what_is_wrong(place: Place) -> None:
    state = await drive(UsageState, "load", as_=place.user, url=place.url)
    form = {"begin": "2026-05-01", "end": "2026-05-31", "grouping": "daily"}
    await run(state, "show", form)
    assert leads_to(state._returned) == (
        f"/utility-billing/usage?account={place.account.id}"
        "&begin=2026-05-01&end=2026-05-31&grouping=daily"
    )
    await run(state, "show", form | {"begin": ""})
    assert list(state.field_errors) == ["begin"]
    await run(state, "show", form | {"begin": "", "end": " "})
    assert list(state.field_errors) == ["begin", "end"]
    await run(state, "show", form | {"end": "2026-04-30"})
    assert list(state.field_errors) == ["end"]
    await run(state, "show", form | {"begin": "2020-05-01"})
    assert list(state.field_errors) == ["begin"]
    # Only the grouping changes: its own usual range, up to the same end.
    await run(state, "show", {"begin": state.begin, "end": state.end, "grouping": "monthly"})
    assert leads_to(state._returned).endswith(
        f"?account={place.account.id}&end={place.last}&grouping=monthly"
    )


@pytest.mark.parametrize("kind", [UsageState, NotificationState])
async def test_others_get_nothing(place: Place, kind: type) -> None:
    with transaction() as session:
        stranger, _, _ = factories.household(session)
        staff = factories.user(session, role="administrator")
    anonymous = await drive(kind, "load", url=place.url)
    assert "/sign-in" in leads_to(anonymous._returned)
    for other in (stranger, staff):
        state = await drive(kind, "load", as_=other, url=place.url)
        assert state.account_no == ""
    state = await drive(kind, "load", as_=stranger, url=place.url)
    assert state.problems[0].sentence.startswith("We could not find that account")


async def test_an_account_without_readings_shows_what_was_billed(database: Engine) -> None:
    place = Place(metered=False)
    state = await drive(UsageState, "load", as_=place.user, url=place.url)
    assert (state.is_billed, state.bars, state.sentence) == (True, [], "")
    notes = await drive(NotificationState, "load", as_=place.user, url=place.url)
    assert not notes.has_meter


async def test_one_who_moved_out_sees_their_days_and_sets_no_alert(place: Place) -> None:
    with transaction() as session:
        stay = session.exec(select(Tenure).where(Tenure.account_id == place.account.id)).one()
        stay.stop_date = place.last
    state = await drive(UsageState, "load", as_=place.user, url=place.url)
    assert state.left.startswith("Your service here ended on ")
    assert state.end == (place.last - timedelta(days=1)).isoformat()
    notes = await drive(NotificationState, "load", as_=place.user, url=place.url)
    assert notes.moved_out
    await run(notes, "save", {"threshold": "300", "email_1": "a@example.com"})
    assert notes.problems[0].sentence.startswith("You no longer have service")


async def notifications(place: Place, language: str = "") -> NotificationState:
    url = language + place.url.replace("usage", "notifications")
    return await drive(NotificationState, "load", as_=place.user, url=url)


async def test_notifications_are_rehearsed_saved_and_suspended(place: Place) -> None:
    state = await notifications(place)
    assert (state.average, state.threshold, state.email_1.email) == ("240", "", place.user.email)
    await run(state, "rehearse", "239")
    assert state.rehearsal.startswith("In the last 90 days this value would have sent you ")
    assert state.rehearsal.endswith("Readings are known for 40 of those days.")
    await run(state, "rehearse", "2x")
    assert (state.rehearsal, state.problems) == ("", [])
    await run(state, "save", {"threshold": "2x", "email_1": "a@example.com"})
    assert list(state.field_errors) == ["threshold"]
    form = {"threshold": "1,200", "email_1": place.user.email, "email_3": "b@example.com"}
    await run(state, "save", form)
    assert state.notice == (
        "Saved. We will write to you when a day's use is higher than your threshold. We sent a"
        " message to b@example.com. Alerts go there once the link in it is confirmed."
    )
    assert (state.threshold, state.email_2.email) == ("1200", "b@example.com")
    said = state.notice
    await run(state, "rehearse", "1300")  # a last keystroke's rehearsal may come after Save
    assert (state.notice, said != "") == (said, True)
    await run(state, "save", form | {"suspend": "on"})
    assert state.suspended
    with transaction() as session:
        (saved,) = session.exec(select(UsageNotification)).all()
        assert (saved.threshold_gallons, saved.suspended) == (1200, True)


async def test_each_address_stands_where_it_stands_and_is_asked_again(place: Place) -> None:
    state = await notifications(place)
    form = {"threshold": "400", "email_1": place.user.email, "email_2": "b@example.com"}
    await run(state, "save", form)
    own, other = state.email_1, state.email_2
    assert (own.word, own.tone, own.send, own.note) == (
        "Confirmed", "good", "", "The address you sign in with.",
    )  # fmt: skip
    assert (other.word, other.tone, other.send) == (
        "Waiting for confirmation", "warn", "Send again",
    )  # fmt: skip
    assert other.note.startswith("Message sent ")
    assert (state.email_3.word, state.just_saved) == ("", True)
    await run(state, "send_again", "b@example.com")
    assert state.notice.startswith("We sent a message to b@example.com.")
    assert not state.just_saved
    await run(state, "send_again", place.user.email)
    assert state.problems[0].sentence.startswith("This address needs no message.")
    await run(state, "send_again", "stranger@example.com")
    assert state.problems[0].sentence.startswith("This address is not saved here.")
    with transaction() as session:
        mails = session.exec(select(Mail).where(Mail.kind == "alert_confirm")).all()
        assert [mail.to_address for mail in mails] == ["b@example.com"] * 2
        for row in session.exec(select(AlertAddress)).all():
            row.stopped_at = utc_now()
    await run(state, "load")
    assert (state.email_1.word, state.email_1.can_start) == ("Stopped from a message", True)
    assert (state.email_2.can_start, state.email_2.send) == (False, "")
    assert state.email_2.note.startswith("Only its owner can start them again")
    await run(state, "start_own")
    assert (state.email_1.word, state.email_2.word) == ("Confirmed", "Stopped from a message")
    spanish = await notifications(place, "/es")
    assert spanish.email_1.word == "Confirmada"


@pytest.mark.parametrize("call", [("send_again", "b@example.com"), ("start_own",)])
async def test_others_ask_and_start_nothing(place: Place, call: tuple[str, ...]) -> None:
    state = await notifications(place)
    await run(state, "save", {"threshold": "400", "email_2": "b@example.com"})
    with transaction() as session:
        stranger, _, _ = factories.household(session)
        staff = factories.user(session, role="administrator")
    for other in (None, stranger, staff):
        tried = await drive(NotificationState, call[0], *call[1:], as_=other, url=place.url)
        tried.account = str(place.account.id)
        await run(tried, *call)
        if other is stranger:
            assert tried.problems[0].sentence.startswith("We could not find that account")
    with transaction() as session:
        assert len(session.exec(select(Mail)).all()) == 1


async def test_a_bar_over_the_own_threshold_is_marked(place: Place) -> None:
    url = place.url.replace("usage", "notifications")
    state = await drive(NotificationState, "load", as_=place.user, url=url)
    await run(state, "save", {"threshold": "235", "email_1": "a@example.com"})
    shown = await drive(UsageState, "load", as_=place.user, url=place.url)
    assert {(b.over, b.note) for b in shown.bars if b.value == "240"} == {
        (True, "Above your threshold")
    }
    assert shown.has_limit


def test_axes_end_at_round_numbers_above_the_bars() -> None:
    tops = [usage_bars.scale([most]).top for most in (0, 1_000, 211_000, 9_999_999, 10_000_001)]
    assert tops == [1_000, 1_000, 250_000, 10_000_000, 15_000_000]
