"""The payment desk: claim, then call, then apply. No transaction is open during a call."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from portal.cities import city
from portal.domain.cart.operations import Clock, expire_due
from portal.domain.cart.rules import Billing
from portal.domain.identity.actor import Actor
from portal.domain.payments import declines, receipts
from portal.domain.payments.applying import apply, give_up, locked
from portal.domain.payments.attempts import Claimed, claim
from portal.domain.payments.states import IN_DOUBT, LIVE, PaymentStatus
from portal.domain.payments.tasks import open_task
from portal.gateways.payment_mode import counter
from portal.gateways.stripe import OUR_FAULT, CardProcessor, Intent, Notice, Refused, Unknown
from portal.kit.db import database_now, transaction
from portal.kit.errors import DomainError
from portal.kit.ids import PaymentId, parse_id
from portal.kit.money import format_cents
from portal.kit.text import N_, moment
from portal.models.payments import Payment, WebhookEvent

Begin = Callable[[], AbstractContextManager[Session]]
log = logging.getLogger(__name__)

IN_DOUBT_AFTER = timedelta(seconds=60)
# Every call of ours ends within ten seconds; what the processor has not listed two minutes after
# the deadline was never made.
NEVER_ARRIVED_AFTER = timedelta(seconds=120)
HELP_AFTER = timedelta(hours=1)


@dataclass(frozen=True)
class Outcome:
    """Where an attempt stands; `client_secret` only where the card holder must act (3-D Secure)."""

    payment_id: PaymentId
    status: PaymentStatus
    client_secret: str = ""
    failure_code: str = ""


def _bank_refused(outcome: Outcome) -> bool:
    """True where the attempt counts against whoever tries cards; a question is not yet answered."""
    failed = outcome.status in (PaymentStatus.FAILED, PaymentStatus.CANCELED)
    ours = outcome.failure_code.startswith(OUR_FAULT)
    return outcome.status is PaymentStatus.REQUIRES_ACTION or (failed and not ours)


class NotYet(DomainError):
    """The payment may still be settled by itself: nobody may end it."""


class StillHeld(DomainError):
    """The processor holds the payer's money: ending the attempt would hide it."""


def at_counter() -> "Desk | None":
    """Return the desk over this process's processor, or None where payments are off."""
    processor = counter().processor
    return Desk(processor) if processor else None


class Desk:
    """Payments over one processor. `begin` opens a transaction, `clock` reads the database."""

    def __init__(
        self, processor: CardProcessor, begin: Begin = transaction, clock: Clock = database_now
    ) -> None:
        self.processor = processor
        self._begin = begin
        self._clock = clock

    def pay(
        self,
        actor: Actor,
        cart_claim: object,
        *,
        token: str,
        billing: Billing,
        shown_cents: int,
        return_url: str,
        network: str = "",
    ) -> Outcome:
        """Make Payment. Raises what `claim` raises; after the claim it never raises.

        An outcome that nobody knows is `confirming`: the resident is told to wait, not to repeat.
        """
        with self._begin() as session:
            claimed = claim(
                session,
                actor,
                cart_claim,
                token=token,
                billing=billing,
                shown_cents=shown_cents,
                return_url=return_url,
                livemode=self.processor.livemode,
                network=network,
                clock=self._clock,
            )
        try:
            outcome = self._send(claimed, "reply")
            if not _bank_refused(outcome):
                self._uncount(outcome.payment_id, network)
            return outcome
        except Exception:
            # The claim stands in the database: the sweep goes on from there.
            log.exception("payment %s: outcome unknown", claimed.number)
            return Outcome(claimed.payment_id, PaymentStatus.CONFIRMING)

    def _send(self, claimed: Claimed, source: str) -> Outcome:
        try:
            intent = self.processor.confirm(claimed.request, claimed.key)
        except Unknown as lost:
            log.warning("payment %s: %s", claimed.number, lost)
            return Outcome(claimed.payment_id, PaymentStatus.CONFIRMING)
        except Refused as refused:
            if source == "sweep":
                # That a repeat is refused says nothing of the first: it may have been charged.
                log.warning("payment %s: repeat refused: %s", claimed.number, refused)
                return Outcome(claimed.payment_id, PaymentStatus.CONFIRMING)
            return self._fail(claimed.payment_id, refused.code, source)
        return self._apply(claimed.payment_id, intent, source)

    def _uncount(self, payment_id: PaymentId, network: str) -> None:
        with self._begin() as session:
            payment = session.get_one(Payment, payment_id)
            declines.give_back(session, payment.cart_id, payment.user_id, network)

    def _apply(self, payment_id: PaymentId, intent: Intent, source: str) -> Outcome:
        with self._begin() as session:
            status = apply(session, payment_id, intent, source, self._clock(session))
        secret = intent.client_secret if status is PaymentStatus.REQUIRES_ACTION else ""
        return Outcome(payment_id, status, secret, intent.failure_code)

    def _fail(self, payment_id: PaymentId, code: str, source: str) -> Outcome:
        with self._begin() as session:
            cart, payment = locked(session, payment_id)
            if payment.status == PaymentStatus.CONFIRMING and payment.processor_ref is None:
                payment.failure_code = code
                give_up(session, cart, payment, PaymentStatus.FAILED, source, self._clock(session))
            return Outcome(payment_id, PaymentStatus(payment.status), "", code)

    def look(self, payment_id: PaymentId, source: str, network: str = "") -> Outcome:
        """Ask the processor where a payment stands and apply it. Raises Unknown, Refused."""
        with self._begin() as session:
            payment = session.get_one(Payment, payment_id)
            ref, status = payment.processor_ref, PaymentStatus(payment.status)
        if ref is None:
            return Outcome(payment_id, status)
        intent = self.processor.retrieve(ref)
        outcome = self._apply(payment_id, intent, source)
        if intent.status == "requires_payment_method":
            # A failed 3-D Secure leaves an intent that its client secret could still pay.
            return self._apply(payment_id, self.processor.cancel(ref), source)
        if (status, outcome.status) == (PaymentStatus.REQUIRES_ACTION, PaymentStatus.SUCCEEDED):
            self._uncount(payment_id, network)
        return outcome

    def stop(self, payment_id: PaymentId) -> Outcome:
        """Cancel what still waits for its card holder. Raises Unknown, Refused.

        If the bank was faster, the money is taken: what the intent has become is what counts.
        """
        with self._begin() as session:
            payment = session.get_one(Payment, payment_id)
            ref, status = payment.processor_ref, PaymentStatus(payment.status)
        if ref is None or status is not PaymentStatus.REQUIRES_ACTION:
            return Outcome(payment_id, status)
        outcome = self._apply(payment_id, self.processor.cancel(ref), "resident")
        if outcome.status is PaymentStatus.CANCELED:
            with self._begin() as session:
                locked(session, payment_id)[1].failure_code = "stopped"
        return outcome

    # -- webhooks -------------------------------------------------------------------------

    def take_notice(self, session: Session, notice: Notice) -> bool:
        """Keep a verified webhook's id; False where we have it already."""
        kept = session.connection().scalar(
            insert(WebhookEvent)
            .values(event_id=notice.event_id, kind=notice.kind, object_ref=notice.object_ref)
            .on_conflict_do_nothing()
            # Not the row count: for an INSERT the driver does not promise one.
            .returning(col(WebhookEvent.event_id))
        )
        return kept is not None

    def work_through(self, event_id: str) -> None:
        """Do what a kept webhook is about: fetch its intent and apply it. Raises Unknown."""
        with self._begin() as session:
            event = session.get(WebhookEvent, event_id)
            if event is None or event.processed_at is not None:
                return
            ref = event.object_ref
        if ref.startswith("pi_"):
            try:
                self.heard_of(self.processor.retrieve(ref))
            except Refused:
                log.warning("webhook %s is about an intent the processor does not know", event_id)
        with self._begin() as session:
            done = session.get_one(WebhookEvent, event_id)
            done.processed_at = self._clock(session)

    def heard_of(self, intent: Intent) -> None:
        """Apply a fetched intent, or list its money for the staff where it is none of ours."""
        payment_id = parse_id(intent.payment_id)
        with self._begin() as session:
            known = payment_id is not None and session.get(Payment, payment_id) is not None
            if not known:
                # Money that arrives is always on somebody's list.
                if intent.status == "succeeded":
                    open_task(
                        session,
                        "unknown_money",
                        f"unknown:{intent.ref}",
                        N_("%(ref)s: %(amount)s of no payment of ours."),
                        ref=intent.ref,
                        amount=format_cents(intent.received_cents),
                    )
                return
        if payment_id is not None:
            self._apply(PaymentId(payment_id), intent, "webhook")

    # -- the sweep ------------------------------------------------------------------------

    def sweep(self) -> int:
        """Bring everything in doubt to where it stands; return how many payments were looked at.

        The portal is right with webhooks off: this is the guarantee, they are the speed.
        """
        with self._begin() as session:
            now = self._clock(session)
            expire_due(session, now)
            rows = session.exec(
                select(Payment)
                .where(col(Payment.status).in_(("confirming", "requires_action", "processing")))
                .order_by(col(Payment.number))
            ).all()
        looked = 0
        for payment in rows:
            if payment.created_at is None or now - payment.created_at < IN_DOUBT_AFTER:
                continue
            looked += 1
            try:
                # Read anew: each call may take its ten seconds, and the one before was such.
                self.settle(PaymentId(payment.id))
            except (Unknown, Refused) as unheard:
                log.warning("payment %s stays in doubt: %s", payment.number, unheard)
                self._call_for_help(payment, now)
            except Exception:
                log.exception("payment %s: the sweep could not settle it", payment.number)
                self._call_for_help(payment, now)
        return looked

    def settle(self, payment_id: PaymentId) -> Outcome:
        """Bring one payment in doubt to where it stands, the sweep's way and no other.

        Raises Unknown, Refused. A payment that may still be on its way is left alone.
        """
        with self._begin() as session:
            payment, now = session.get_one(Payment, payment_id), self._clock(session)
        age = now - (payment.created_at or now)
        if payment.status in LIVE and age >= IN_DOUBT_AFTER:
            self._settle_doubt(payment, now)
        with self._begin() as session:
            return Outcome(payment_id, PaymentStatus(session.get_one(Payment, payment_id).status))

    def end(self, payment_id: PaymentId) -> Outcome:
        """End an attempt that no sweep can settle, once the processor holds no money for it.

        For what `apply` refuses: other figures than ours. It moves no money: what was taken has
        to be given back at the processor first. Raises NotYet, StillHeld, Unknown, Refused.
        """
        with suppress(Refused):
            self.settle(payment_id)
        with self._begin() as session:
            payment, now = session.get_one(Payment, payment_id), self._clock(session)
        if payment.status not in IN_DOUBT:
            return Outcome(payment_id, PaymentStatus(payment.status))
        over = payment.expires_at + NEVER_ARRIVED_AFTER
        if now < over:
            raise NotYet(
                N_("This payment may still go through by itself. Look again after %(until)s."),
                until=moment(over, city().zone),
            )
        intent = self._at_processor(payment, now)
        if intent is not None and (intent.status == "processing" or intent.held_cents > 0):
            raise StillHeld(
                N_(
                    "The processor holds %(amount)s for this payment. Give it back there first,"
                    " then end the payment here."
                ),
                amount=format_cents(intent.held_cents or intent.amount_cents),
            )
        taken = intent is not None and intent.received_cents > 0
        with self._begin() as session:
            cart, payment = locked(session, payment_id)
            if payment.status in IN_DOUBT:
                payment.failure_code = "given_back" if taken else "ended"
                now = self._clock(session)
                give_up(session, cart, payment, PaymentStatus.FAILED, "staff", now)
                receipts.mail_ended(session, payment)
            return Outcome(payment_id, PaymentStatus(payment.status), "", payment.failure_code)

    def _at_processor(self, payment: Payment, now: datetime) -> Intent | None:
        """Return what the processor has of a payment; what could still be paid is cancelled."""
        if payment.processor_ref is None:
            since = (payment.created_at or now) - timedelta(hours=1)
            found = self.processor.find(str(payment.id), since)
        else:
            try:
                found = self.processor.retrieve(payment.processor_ref)
            except Refused as refused:
                if refused.code != "resource_missing":
                    raise
                found = None
        if found is None or found.status in ("succeeded", "canceled", "processing"):
            return found
        return self.processor.cancel(found.ref)

    def _call_for_help(self, payment: Payment, now: datetime) -> None:
        """Put a payment that the sweeps cannot settle on the staff's list: none stays unseen."""
        if payment.created_at is None or now - payment.created_at < HELP_AFTER:
            return
        with self._begin() as session:
            open_task(
                session,
                "in_doubt",
                f"doubt:{payment.id}",
                N_(
                    "Payment %(number)s could not be settled since %(since)s UTC."
                    " Look it up at the processor."
                ),
                PaymentId(payment.id),
                number=payment.number,
                since=f"{payment.created_at:%F %H:%M}",
            )

    def _settle_doubt(self, payment: Payment, now: datetime) -> None:
        payment_id = PaymentId(payment.id)
        ref = payment.processor_ref
        in_time = now < payment.expires_at
        if ref is not None:
            if payment.status == PaymentStatus.REQUIRES_ACTION and not in_time:
                # Cancel; if that is refused because it succeeded meanwhile, the money is taken.
                self._apply(payment_id, self.processor.cancel(ref), "sweep")
            else:
                self.look(payment_id, "sweep")
            return
        if in_time:
            # The identical request under the same key: charged once, however often it is sent.
            claimed = Claimed(
                payment_id, payment.number, payment.idempotency_key, dict(payment.request)
            )
            outcome = self._send(claimed, "sweep")
            if outcome.status is not PaymentStatus.CONFIRMING:
                return
        # A charge is never first made after the deadline: from here on it is looked up only.
        self._look_up(payment, now)

    def _look_up(self, payment: Payment, now: datetime) -> None:
        payment_id = PaymentId(payment.id)
        since = (payment.created_at or now) - timedelta(hours=1)
        found = self.processor.find(str(payment.id), since)
        if found is not None:
            self._apply(payment_id, found, "sweep")
        elif now >= payment.expires_at + NEVER_ARRIVED_AFTER:
            self._fail(payment_id, "never_arrived", "sweep")
