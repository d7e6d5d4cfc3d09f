"""Documents by plain HTTP, with the session's cookie: the bill as PDF, the city's own print."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from portal import routes as paths
from portal.cities import city
from portal.domain.bills.details import BillDetails, bill_details
from portal.domain.bills.document import bill_pdf, file_name
from portal.domain.bills.images import city_print
from portal.http.request import actor_of
from portal.kit.clock import local_date, utc_now
from portal.kit.db import in_thread
from portal.kit.errors import NotFound
from portal.kit.text import say
from portal.state.bill_words import standing_word
