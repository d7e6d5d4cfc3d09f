"""Documents by plain HTTP, with the session's cookie: the bill as PDF, the city's own print."""

from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import routes as paths
from portal.cities import city
from portal.config import settings
from portal.domain.bills.details import BillDetails, bill_details
from portal.domain.bills.document import bill_pdf, file_name
from portal.domain.bills.words import standing_word
from portal.domain.exchange.images import find_image
from portal.http.request import actor_of
from portal.kit.clock import local_date, utc_now
from portal.kit.db import in_thread
from portal.kit.errors import NotFound
from portal.kit.text import say


async def bill(request: Request) -> Response:
    """Send a bill as a tagged PDF, or with `image=1` the city's own print where there is one.

    An unknown bill, a foreign one and a visitor who has not signed in get the same answer.
    """
    actor = await actor_of(request)
    claim = request.query_params.get("id", "")
    own_print = request.query_params.get("image") == "1"
    today = local_date(utc_now(), city().zone)

    def made(session: Session) -> tuple[bytes, BillDetails]:
        found = bill_details(session, actor, claim, today)
        image = find_image(session, settings().data_dir, found.image_name) if own_print else None
        if image is not None:
            return image.read_bytes(), found
        status = standing_word(found.standing, found.due_date, today, unbooked=found.unbooked)
        return bill_pdf(found, status), found

    try:
        pdf, found = await in_thread(made)
    except NotFound as error:
        return Response(say(error), 404, {"cache-control": "private, no-store"}, "text/plain")
    return Response(
        pdf,
        media_type="application/pdf",
        headers={
            "cache-control": "private, no-store",
            "content-disposition": f'attachment; filename="{file_name(found)}"',
        },
    )


routes = [Route(paths.DOCUMENT_BILL, bill)]
