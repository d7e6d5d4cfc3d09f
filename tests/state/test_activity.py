"""The screens of the audit: a resident's own, and the administrators', with hostile addresses."""

from dataclasses import dataclass
from urllib.parse import quote

import pytest
from sqlalchemy import Engine
from sqlmodel import col, select

from portal import routes, secret
from portal.domain.audit import operations
from portal.domain.staff import customers
from portal.kit.clock import utc_now
from portal.kit.db import transaction
from portal.models.accounts import Account, Customer
from portal.models.audit import AuditEvent
from portal.models.identity import User
from portal.state.activity import ActivityState
from portal.state.admin_audit import AdminAuditState
from portal.state.admin_customer import AdminCustomerState
from tests import factories
from tests.state.drive import drive, leads_to

PATH = routes.SETTINGS_ACTIVITY


@dataclass
class Town:
    """A resident whose record a member of staff has opened, and a stranger."""

    ana: User
    place: Account
    payer: Customer
    other: User
    staff: User


@pytest.fixture
def town(database: Engine) -> Town:
    with transaction() as session:
        ana, place, payer = factories.household(session)
        other, _, _ = factories.household(session)
        staff = factories.user(session, role="administrator")
        customers.view_customer(
            session, factories.actor(staff), str(payer.id), "1", utc_now(), utc_now().date()
        )
    return Town(ana, place, payer, other, staff)


async def test_the_resident_sees_the_look_and_a_stranger_does_not(town: Town) -> None:
    state = await drive(ActivityState, "load", as_=town.ana, url=PATH)
    assert [row.said for row in state.rows] == ["City staff looked at your customer record"]
    assert (state.total, state.last, state.here) == ("1 entry", 1, PATH)
    spanish = await drive(ActivityState, "load", as_=town.ana, url="/es" + PATH)
    said = "El personal de la ciudad vio su registro de cliente"
    assert [row.said for row in spanish.rows] == [said]
    other = await drive(ActivityState, "load", as_=town.other, url=PATH)
    assert other.rows == []
    url = f"{PATH}?account={town.place.id}"
    foreign = await drive(ActivityState, "load", as_=town.other, url=url)
    assert (foreign.rows, foreign.missing) == ([], True)
    for nobody in (None, town.staff):
        state = await drive(ActivityState, "load", as_=nobody, url=PATH)
        assert leads_to(state._returned).startswith(routes.SIGN_IN)


@pytest.mark.parametrize("word", ["x", "-1", "9" * 300, "' OR 1=1 --", "2026-02-30", "∞", "<b>"])
async def test_what_an_address_may_claim_shows_everything_or_says_why(
    town: Town, word: str
) -> None:
    told = quote(word)
    state = await drive(ActivityState, "load", as_=town.ana, url=f"{PATH}?show={told}&page={told}")
    assert (len(state.rows), state.show, state.page, state.problems) == (1, "", 1, [])
    state = await drive(ActivityState, "load", as_=town.ana, url=f"{PATH}?begin={told}")
    assert [problem.field for problem in state.problems] == ["begin"]
    assert (len(state.rows), state.begin) == (1, "")
    both = {"begin": word, "end": word}
    state = await drive(ActivityState, "narrow", both, as_=town.ana, url=PATH)
    assert [problem.field for problem in state.problems] == ["begin", "end"]


async def test_narrowing_leads_to_an_address(town: Town) -> None:
    form = {"show": "staff", "account": "", "begin": "2026-01-01", "end": "2099-01-01"}
    state = await drive(ActivityState, "narrow", form, as_=town.ana, url=PATH)
    where = leads_to(state._returned)
    assert where == f"{PATH}?show=staff&begin=2026-01-01&end=2099-01-01"
    state = await drive(ActivityState, "load", as_=town.ana, url=where)
    assert (len(state.rows), state.file) == (1, where.replace(PATH, routes.DOCUMENT_ACTIVITY))
    state = await drive(ActivityState, "narrow", form | {"end": "soon"}, as_=town.ana, url=PATH)
    assert (state._returned, list(state.field_errors)) == (None, ["end"])


async def test_administrators_look_somebody_up_and_it_is_noted(town: Town) -> None:
    for asked in (
        f"person={quote(town.ana.email.upper())}",
        f"number={town.place.account_no}",
        f"number={town.payer.cid}",
    ):
        url = f"{routes.ADMIN_AUDIT}?{asked}"
        state = await drive(AdminAuditState, "load", as_=town.staff, url=url)
        assert state.rows[0].act == "Searched the audit for somebody"
        assert state.rows[0].who == town.staff.email
        seen = await drive(ActivityState, "load", as_=town.ana, url=PATH)
        assert seen.rows[0].said == "City staff looked at this record of activity"
    assert len(seen.rows) == 4
    act = f"{routes.ADMIN_AUDIT}?act=staff.view_customer&number={town.payer.cid}"
    state = await drive(AdminAuditState, "load", as_=town.staff, url=act)
    assert [(row.act, row.cid) for row in state.rows] == [
        ("Looked at the customer", town.payer.cid)
    ]
    for nothing in ("person=nobody@example.org", "number=x%27", "act=no.such", "number=%3F%3F"):
        state = await drive(
            AdminAuditState, "load", as_=town.staff, url=f"{routes.ADMIN_AUDIT}?{nothing}"
        )
        assert (state.rows, state.problems) == ([], [])


async def test_no_viewer_reads_the_audit(database: Engine, town: Town) -> None:
    with transaction() as session:
        viewer = factories.user(session, role="viewer")
    state = await drive(AdminAuditState, "load", as_=viewer, url=routes.ADMIN_AUDIT)
    assert (state.rows, leads_to(state._returned)[: len(routes.ADMIN_SIGN_IN)]) == (
        [],
        routes.ADMIN_SIGN_IN,
    )


async def test_the_pages_of_a_customer_and_a_sign_in_lead_administrators_to_the_audit(
    database: Engine, town: Town
) -> None:
    with transaction() as session:
        viewer = factories.user(session, role="viewer")
    customer, resident = f"/admin/customer?id={town.payer.id}", f"/admin/resident?id={town.ana.id}"
    for load, url, query in (
        ("load_customer", customer, {"number": secret.conceal(town.payer.cid)}),
        ("load_resident", resident, {"person": secret.conceal(town.ana.email)}),
    ):
        state = await drive(AdminCustomerState, load, as_=town.staff, url=url)
        assert state.whole_audit == routes.link(routes.ADMIN_AUDIT, **query)
        state = await drive(AdminCustomerState, load, as_=viewer, url=url)
        assert state.whole_audit == ""


async def test_staff_narrow_by_day_in_the_address(town: Town) -> None:
    form = {"act": "", "person": " a@b.example ", "number": "", "begin": "2026-01-01", "end": ""}
    state = await drive(AdminAuditState, "narrow", form, as_=town.staff, url=routes.ADMIN_AUDIT)
    where = leads_to(state._returned)
    person = secret.conceal("a@b.example")
    assert where == routes.link(routes.ADMIN_AUDIT, person=person, begin="2026-01-01")
    url = f"{routes.ADMIN_AUDIT}?begin=never"
    state = await drive(AdminAuditState, "load", as_=town.staff, url=url)
    assert [problem.field for problem in state.problems] == ["begin"]
    assert len(state.rows) >= 1


def test_two_looks_at_once_are_one_row(database: Engine, town: Town) -> None:
    with transaction() as session:
        factories.link(session, town.other, town.place, town.payer)
    pair, actor = (town.place.id, town.payer.id), factories.actor(town.other)
    with transaction() as first:
        operations.look(first, actor, "account.view", [pair])
    with transaction() as second:
        operations.look(second, actor, "account.view", [pair, pair])
        mine = col(AuditEvent.actor_user_id) == town.other.id
        assert len(second.exec(select(AuditEvent).where(mine)).all()) == 1
