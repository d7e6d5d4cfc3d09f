"""The card page: plain HTTP, two scripts (ours by its hash, the processor's), nothing else.

Our server sees a confirmation token and never a digit of a card.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from portal import routes as paths
from portal.cities import city
from portal.cities.calendar import next_business_day
from portal.domain.cart import operations, queries
from portal.domain.cart.queries import CartLine, CartView
from portal.domain.cart.rules import read_billing
from portal.domain.cart.states import CartStatus
from portal.domain.identity.actor import Actor
from portal.domain.identity.addresses import ip_key
from portal.domain.payments import card_page
from portal.domain.payments.attempts import AlreadyPaid
from portal.domain.payments.desk import Desk, Outcome
from portal.domain.payments.prefill import prefill
from portal.domain.payments.queries import bank_asks, latest_of_cart
from portal.domain.payments.reasons import reason
from portal.domain.payments.states import PaymentStatus
from portal.gateways.payment_mode import counter
from portal.gateways.stripe import Refused, Unknown
from portal.http import plain
from portal.http.request import actor_of, client_ip, is_our_form
from portal.kit.clock import local_date
from portal.kit.db import database_now, in_thread, transaction
from portal.kit.errors import DomainError, NotFound
from portal.kit.ids import CartId, PaymentId
from portal.kit.text import N_, _, day, moment, say
from portal.kit.us_states import US_STATES

_TEST_CARDS = (
    ("4242 4242 4242 4242", N_("pays")),
    ("4000 0000 0000 0002", N_("is declined")),
    ("4000 0000 0000 9995", N_("does not have enough funds")),
    ("4000 0025 0000 3155", N_("asks for 3-D Secure")),
)


@dataclass(frozen=True)
class _Line:
    name: str
    amount_cents: int


@dataclass(frozen=True)
class _Cart:
    cart_id: CartId
    seconds_left: int
    total_cents: int
    lines: tuple[_Line, ...]


def _name(line: CartLine) -> str:
    category = city().billing.category(line.category)
    kind = category.name.say() if category else _("Bill")
    return _("%(kind)s, bill %(number)s", kind=kind, number=line.bill_no)


def _shown(cart: CartView) -> _Cart:
    lines = tuple(_Line(_name(line), line.amount_cents) for line in cart.lines)
    return _Cart(cart.cart_id, cart.seconds_left, cart.total_cents, lines)


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303, headers={"cache-control": "no-store"})


def _receipt(payment_id: UUID) -> str:
    return paths.link(paths.RECEIPT, id=payment_id)


async def _resident(request: Request) -> Actor | None:
    actor = await actor_of(request)
    return actor if actor.is_resident else None


async def start(request: Request) -> Response:
    """Say where paying starts: the card page without a cart, as anyone may look at it."""
    at = counter()
    return await plain.page(
        request,
        "payments/start.html",
        title=_("Pay a bill"),
        headers={"content-security-policy": card_page.policy(at)},
        counter=at,
        script_hash=card_page.script_hash(),
    )


async def show(request: Request) -> Response:
    """Draw Billing Information, or lead to where this cart stands."""
    actor = await _resident(request)
    claim = request.path_params["cart"]
    if actor is None:
        return _see(paths.link(paths.SIGN_IN, next=paths.pay(claim)))

    def look(session: Any) -> tuple[CartView, Any, Any, bool]:
        cart = queries.own(session, actor, claim)
        now = database_now(session)
        view = queries.view(session, cart, now)
        latest = latest_of_cart(session, actor, view.cart_id)
        asks = view.status is CartStatus.CONFIRMING and bank_asks(latest, now)
        return view, latest, prefill(session, actor, view), asks

    try:
        view, latest, billing, asks = await in_thread(look)
    except NotFound:
        return await plain.page(request, "not_found.html", title=_("Page not found"), status=404)
    if asks:
        return await _ask_again(request, view.cart_id, latest)
    if view.status in (CartStatus.PAID, CartStatus.PROCESSING, CartStatus.CONFIRMING) and latest:
        return _see(_receipt(latest.id))
    if view.status is CartStatus.OPEN or not view.lines:
        return _see(paths.link(paths.PAY_BILLS if view.lines else paths.CART))
    problems = []
    if latest is not None and "declined" in request.query_params:
        problems = [plain.Problem(_(reason(latest.failure_code)))]
    if view.status is CartStatus.EXPIRED:
        return await plain.page(
            request,
            "payments/expired.html",
            title=_("The time to pay is over"),
            cart=_shown(view),
            problems=problems,
            status=200,
        )
    return await _draw(request, view, billing.as_dict(), problems)


async def _ask_again(request: Request, cart_id: CartId, payment: Any) -> Response:
    """Draw the way back to the bank's question: a reload must not lose it."""
    at = counter()
    return await plain.page(
        request,
        "payments/bank.html",
        title=_("Confirm with your bank"),
        headers={"content-security-policy": card_page.policy(at)},
        cart_id=cart_id,
        payment=payment,
        until=moment(payment.expires_at, city().zone),
        counter=at,
        script_hash=card_page.script_hash(),
    )


async def _draw(
    request: Request, view: CartView, values: dict[str, str], problems: Sequence[plain.Problem]
) -> Response:
    at = counter()
    today = local_date(await in_thread(database_now), city().zone)
    states = [("", _("Select")), *US_STATES]
    return await plain.page(
        request,
        "payments/pay.html",
        title=_("Billing Information"),
        status=200,
        problems=problems,
        values={**values, "method": "card"},
        headers={"content-security-policy": card_page.policy(at)},
        cart=_shown(view),
        counter=at,
        states=states,
        script_hash=card_page.script_hash(),
        test_cards=[] if at.mode.livemode else [(n, _(what)) for n, what in _TEST_CARDS],
        counts_for=day(today),
        posted_on=day(next_business_day(city(), today)),
        return_url=paths.absolute(paths.PAY) + f"/{view.cart_id}/return",
    )


def _refusal(error: DomainError) -> JSONResponse:
    return JSONResponse(
        {"problems": [{"sentence": say(one), "field": one.field} for one in error.each]}, 422
    )


_STALE = N_("This page was open for too long. You have not been charged. Reload it and try again.")


async def confirm(request: Request) -> Response:
    """Make Payment: answer where to go, what the bank still asks, or what to mend."""
    actor = await _resident(request)
    claim = request.path_params["cart"]
    if actor is None:
        return JSONResponse({"go": paths.link(paths.SIGN_IN, next=paths.pay(claim))})
    if "application/json" not in request.headers.get("accept", ""):
        # Posted without our script: no card fields were there. The page says what to do instead.
        await _kept(request, actor)
        return _see(paths.pay(claim))
    if not await is_our_form(request):
        return _refusal(DomainError(_STALE))
    at = counter()
    form = await request.form()
    token, total = form.get("token"), form.get("total")
    if at.processor is None or not isinstance(token, str) or not token.startswith("ctoken_"):
        return _refusal(DomainError(_STALE))
    billing = read_billing(form)
    cents = int(total) if isinstance(total, str) and _is_number(total) else 0

    def pay() -> Outcome:
        with transaction() as session:
            operations.keep_billing(session, actor, claim, form)
        return Desk(at.processor).pay(  # type: ignore[arg-type]
            actor,
            claim,
            token=token,
            billing=billing,
            shown_cents=cents,
            return_url=paths.absolute(paths.PAY) + f"/{claim}/return",
            network=ip_key(client_ip(request)),
        )

    try:
        outcome = await _off_loop(pay)
    except AlreadyPaid as paid:
        return JSONResponse({"go": _receipt(paid.payment_id) if paid.payment_id else "/"})
    except (operations.BeingPaid, operations.TimeIsUp):
        # The page itself says which: it leads on to the receipt, or offers ten new minutes.
        return JSONResponse({"go": paths.pay(claim)})
    except DomainError as refused:
        return _refusal(refused)
    return _answer(outcome)


def _is_number(text: str) -> bool:
    # int() itself fails on thousands of digits.
    return text.isascii() and text.isdigit() and len(text) < 12


def _answer(outcome: Outcome) -> JSONResponse:
    if outcome.status is PaymentStatus.REQUIRES_ACTION:
        return JSONResponse({"secret": outcome.client_secret})
    if outcome.status in (PaymentStatus.FAILED, PaymentStatus.CANCELED):
        return _refusal(DomainError(reason(outcome.failure_code)))
    return JSONResponse({"go": _receipt(outcome.payment_id)})


async def _off_loop(work: Callable[[], Outcome]) -> Outcome:
    # Not in_thread: the desk opens its own transactions, none of them around a call.
    return await asyncio.to_thread(copy_context().run, work)


async def extend(request: Request) -> Response:
    """Give ten more minutes."""
    actor = await _resident(request)
    if actor is None or not await is_our_form(request):
        return JSONResponse({}, 403)
    claim = request.path_params["cart"]
    try:
        seconds = await in_thread(lambda s: operations.extend(s, actor, claim))
    except DomainError as refused:
        return _refusal(refused)
    return JSONResponse({"seconds": seconds})


async def keep(request: Request) -> Response:
    """Keep what was typed in Billing Information."""
    actor = await _resident(request)
    return Response(status_code=204 if actor and await _kept(request, actor) else 403)


async def _kept(request: Request, actor: Actor) -> bool:
    if not await is_our_form(request):
        return False
    claim, form = request.path_params["cart"], await request.form()
    try:
        await in_thread(lambda s: operations.keep_billing(s, actor, claim, form))
    except DomainError:
        return False
    return True


async def again(request: Request) -> Response:
    """Open a new window after the time ran out."""
    actor = await _resident(request)
    claim = request.path_params["cart"]
    if actor is None or not await is_our_form(request):
        return _see(paths.pay(claim))
    try:
        await in_thread(lambda s: operations.begin_again(s, actor, claim))
    except DomainError:
        # Pay Bills says what changed, line by line, when Continue is chosen there.
        return _see(paths.link(paths.PAY_BILLS))
    return _see(paths.pay(claim))


async def _latest(actor: Actor, claim: str) -> Any:
    """Return the cart's newest attempt, or None: no such cart, or none was made."""

    def find(session: Any) -> Any:
        return latest_of_cart(session, actor, CartId(queries.own(session, actor, claim).id))

    try:
        return await in_thread(find)
    except NotFound:
        return None


async def back(request: Request) -> Response:
    """Come back from 3-D Secure, or from a reply that got lost: ask, then lead on."""
    actor = await _resident(request)
    claim = request.path_params["cart"]
    if actor is None:
        return _see(paths.link(paths.SIGN_IN, next=paths.pay(claim)))
    latest, at = await _latest(actor, claim), counter()
    if latest is None or at.processor is None:
        return _see(paths.pay(claim))
    status, desk, payment_id = latest.status, Desk(at.processor), PaymentId(latest.id)
    network = ip_key(client_ip(request))
    # Where nobody can say just now, the receipt page says that we are checking.
    with suppress(Unknown, Refused):
        status = (await _off_loop(lambda: desk.look(payment_id, "reply", network))).status
    if status in (PaymentStatus.FAILED, PaymentStatus.CANCELED):
        return _see(paths.pay(claim) + "?declined=1")
    if status == PaymentStatus.REQUIRES_ACTION:
        # The bank's window was closed without an answer: its page leads back to it.
        return _see(paths.pay(claim))
    return _see(_receipt(latest.id))


async def resume(request: Request) -> Response:
    """Give the browser the bank's question once more, or say where to go instead."""
    actor = await _resident(request)
    claim = request.path_params["cart"]
    if actor is None or not await is_our_form(request):
        return JSONResponse({"go": paths.pay(claim)})
    latest, at = await _latest(actor, claim), counter()
    if latest is None or at.processor is None:
        return JSONResponse({"go": paths.pay(claim)})
    desk, payment_id = Desk(at.processor), PaymentId(latest.id)
    network = ip_key(client_ip(request))
    with suppress(Unknown, Refused):
        found = await _off_loop(lambda: desk.look(payment_id, "reply", network))
        if found.status is PaymentStatus.REQUIRES_ACTION:
            return JSONResponse({"secret": found.client_secret})
        if found.status in (PaymentStatus.FAILED, PaymentStatus.CANCELED):
            return JSONResponse({"go": paths.pay(claim) + "?declined=1"})
    return JSONResponse({"go": _receipt(latest.id)})


async def stop(request: Request) -> Response:
    """Give up on the bank's question, so that another card can be used."""
    actor = await _resident(request)
    claim = request.path_params["cart"]
    if actor is None or not await is_our_form(request):
        return _see(paths.pay(claim))
    latest, at = await _latest(actor, claim), counter()
    if latest is not None and at.processor is not None:
        desk, payment_id = Desk(at.processor), PaymentId(latest.id)
        with suppress(Unknown, Refused):
            await _off_loop(lambda: desk.stop(payment_id))
    # The cart says what became of it: the card page again, or the receipt of money that came.
    return _see(paths.pay(claim))


routes = [
    Route("/pay", start),
    Route("/pay/{cart}", show),
    Route("/pay/{cart}/confirm", confirm, methods=["POST"]),
    Route("/pay/{cart}/extend", extend, methods=["POST"]),
    Route("/pay/{cart}/keep", keep, methods=["POST"]),
    Route("/pay/{cart}/again", again, methods=["POST"]),
    Route("/pay/{cart}/return", back),
    Route("/pay/{cart}/resume", resume, methods=["POST"]),
    Route("/pay/{cart}/stop", stop, methods=["POST"]),
]
