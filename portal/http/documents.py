"""Documents by plain HTTP, with the session's cookie: bills as PDF or print, accounts as CSV."""

import csv
import io
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import wraps

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import routes as paths
from portal import secret
from portal.cities import city
from portal.config import settings
from portal.domain.audit import queries as audit
from portal.domain.bills import overview
from portal.domain.bills.details import BillDetails, bill_details
from portal.domain.bills.document import bill_pdf, file_name
from portal.domain.bills.words import standing_word
from portal.domain.exchange.images import find_image
from portal.domain.identity import limits, throttles
from portal.domain.identity.actor import Actor
from portal.http.request import actor_of
from portal.kit.clock import local_date, utc_now
from portal.kit.db import in_thread
from portal.kit.errors import DomainError, NotFound
from portal.kit.money import plain_dollars
from portal.kit.text import N_, _, say

_TOO_MANY = N_("You downloaded very many files within an hour. Try again in an hour, or call us.")
_KEPT_NOWHERE = {"cache-control": "private, no-store"}
_Make = Callable[[Request, Actor], Awaitable[Response]]


def _counted(make: _Make) -> Callable[[Request], Awaitable[Response]]:
    """Count somebody's documents before one is made: each is noted, and a PDF takes its while."""

    @wraps(make)
    async def handle(request: Request) -> Response:
        actor, now = await actor_of(request), utc_now()
        bucket, most = f"documents:{actor.user_id}", limits.DOCUMENTS_AN_HOUR
        if actor.user_id is None or await in_thread(
            lambda s: throttles.take(s, bucket, most, limits.DOCUMENTS_WINDOW, now)
        ):
            return await make(request, actor)
        again = str(int(limits.DOCUMENTS_WINDOW.total_seconds()))
        return _refused(DomainError(_TOO_MANY), 429, {"retry-after": again})

    return handle


def _refused(error: DomainError, status: int, more: dict[str, str] | None = None) -> Response:
    return Response(say(error), status, _KEPT_NOWHERE | (more or {}), "text/plain")


@_counted
async def bill(request: Request, actor: Actor) -> Response:
    """Send a bill as a tagged PDF, or with `image=1` the city's own print where there is one.

    An unknown bill, a foreign one and a visitor who has not signed in get the same answer.
    """
    claim = request.query_params.get("id", "")
    own_print = request.query_params.get("image") == "1"
    today = local_date(utc_now(), city().zone)

    def made(session: Session) -> tuple[bytes, BillDetails]:
        found = bill_details(session, actor, claim, today, download=True)
        image = find_image(session, settings().data_dir, found.image_name) if own_print else None
        if image is not None:
            return image.read_bytes(), found
        status = standing_word(found.standing, found.due_date, today, unbooked=found.unbooked)
        return bill_pdf(found, status), found

    try:
        pdf, found = await in_thread(made)
    except NotFound as error:
        return _refused(error, 404)
    return Response(
        pdf,
        media_type="application/pdf",
        headers={
            **_KEPT_NOWHERE,
            "content-disposition": f'attachment; filename="{file_name(found)}"',
        },
    )


_COLUMNS = (
    N_("Account Number"),
    N_("Customer ID"),
    N_("Customer Name"),
    N_("Service Address"),
    N_("District"),
    N_("Amount Due Now"),
    N_("Past due"),
    N_("Pay By"),
    N_("Customer until"),
)


def _harmless(text: str) -> str:
    """Return a cell that a spreadsheet shows and does not calculate."""
    return "'" + text if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


@_counted
async def accounts(request: Request, actor: Actor) -> Response:
    """Send the accounts that the Accounts page shows for the same address as a CSV file."""
    if not actor.is_resident:
        return Response(status_code=404, headers=_KEPT_NOWHERE)
    asked = request.query_params
    today = local_date(utc_now(), city().zone)

    def made(session: Session) -> list[overview.Place]:
        every = overview.overview(session, actor, today)
        found = overview.search(every, secret.reveal(asked.get("q", ""))[:200])
        overview.note_download(session, actor, found)
        return overview.arrange(found, asked.get("sort", ""), asked.get("group", ""))

    rows = [
        (
            one.account_no, one.cid, one.customer_name, one.service_address, one.district,
            plain_dollars(one.due), plain_dollars(one.past_due),
            one.due_date.isoformat() if one.due_date else "",
            one.stop.isoformat() if one.stop else "",
        )
        for one in await in_thread(made)
    ]  # fmt: skip
    return _spreadsheet(_COLUMNS, rows, f"accounts-{today.isoformat()}.csv")


_ACTIVITY = (
    N_("When"),
    N_("What happened"),
    N_("Account Number"),
    N_("Browser"),
    N_("Network"),
)


@_counted
async def activity(request: Request, actor: Actor) -> Response:
    """Send what the page "Who looked at my account" shows for the same address as a CSV file."""
    if not actor.is_resident:
        return Response(status_code=404, headers=_KEPT_NOWHERE)
    asked = request.query_params
    wanted = [asked.get(name, "")[:200] for name in ("show", "account", "begin", "end")]
    zone = city().zone
    try:
        found = await in_thread(lambda s: audit.taken(s, actor, *wanted))
    except DomainError as refused:
        return _refused(refused, 404 if isinstance(refused, NotFound) else 422)
    rows = [
        (
            f"{one.at.astimezone(zone):%Y-%m-%d %H:%M}", one.said, one.account_no, one.browser,
            one.network,
        )
        for one in found
    ]  # fmt: skip
    today = local_date(utc_now(), zone)
    return _spreadsheet(_ACTIVITY, rows, f"activity-{today.isoformat()}.csv")


def _spreadsheet(columns: Sequence[str], rows: Iterable[Sequence[str]], name: str) -> Response:
    file = io.StringIO()
    out = csv.writer(file)
    out.writerow([_(column) for column in columns])
    out.writerows([_harmless(cell) for cell in row] for row in rows)
    # The mark tells spreadsheets that it is UTF-8.
    return Response(
        ("\ufeff" + file.getvalue()).encode(),
        media_type="text/csv",
        headers={
            **_KEPT_NOWHERE,
            "content-disposition": f'attachment; filename="{name}"',
        },
    )


routes = [
    Route(paths.DOCUMENT_BILL, bill),
    Route(paths.DOCUMENT_ACCOUNTS, accounts),
    Route(paths.DOCUMENT_ACTIVITY, activity),
]
