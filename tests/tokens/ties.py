"""What ties people to places, and the cart they pay."""

import re
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import select

from portal.domain.accounts import operations as links
from portal.domain.accounts import third_fact
from portal.domain.bills import code as bill_code
from portal.domain.identity import limits
from portal.domain.identity.actor import Actor
from portal.domain.sharing import accepting, invitations
from portal.kit.errors import DomainError
from portal.kit.text import say
from portal.models.identity import AccountLink
from tests import factories
from tests.db.payments.shop import Shop
from tests.tokens.kinds import NOW, Token, World, kind, refused


@kind("link_code.code_hash", "seal:link-code", life=limits.LINK_CODE_LIFE, one_sentence=True,
      other="another sign-in with the same two numbers",
      twice_held="a link is made once; test_third_fact tries the code alone")  # fmt: skip
def linking_code(world: World) -> Token:
    db, pair = world.db, ("28624", "405583")
    account = factories.account(db, account_no=pair[0])
    factories.tenure(db, account, factories.customer(db, cid=pair[1], email="file@example.org"))
    for i in range(limits.WRONG_PAIRS_ON_ACCOUNT):
        guesser = factories.actor(factories.user(db), ip=f"198.51.100.{i}")
        links.link(db, guesser, pair[0], str(i + 1), NOW)
    mine, theirs = (factories.actor(factories.user(db), authenticated_at=NOW) for _ in range(2))
    third_fact.ask_code(db, mine, *pair, NOW)
    (digits,) = re.findall(r"\b\d{6}\b", world.mailed("link_code")[0])

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        db = world.db
        # It is the code that is tried again, not the link.
        for tie in db.exec(select(AccountLink)).all() if world.one_by_one else []:
            tie.removed_at = at
        answer = links.link(db, theirs if other else mine, *pair, at, code=secret)
        return say(answer.refusal) if answer.refusal else ""

    return Token(digits, use, lambda: world.acts("link.create"))


class _Home:
    """An account and an invitation to it."""

    def __init__(self, world: World) -> None:
        self.db = world.db
        self.holder, self.account, self.customer = factories.household(world.db)
        self.guest = self.person(email="guest@example.org")
        holder = factories.actor(self.holder, authenticated_at=NOW)
        invitations.invite(
            self.db, holder, str(self.account.id), "guest@example.org", "view", "", NOW
        )
        (self.secret,) = re.findall(r"token=([\w-]+)", world.mailed("share_invitation")[0])

    def person(self, **given: str) -> Actor:
        return factories.actor(factories.user(self.db, **given), authenticated_at=NOW)


@kind("invitation.token_hash", life=limits.INVITATION_LIFE, other="another sign-in")
def invitation_link(world: World) -> Token:
    home = _Home(world)
    stranger = home.person()

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        who = stranger if other else home.guest
        return refused(world.db, lambda: accepting.accept(world.db, who, secret, at))

    return Token(home.secret, use, lambda: world.acts("share.accept"))


@kind("invitation.code_hash", "seal:invitation-code", life=limits.INVITATION_CODE_LIFE,
      other="another sign-in with the same link")  # fmt: skip
def invitation_code(world: World) -> Token:
    home = _Home(world)
    mine, theirs = home.person(), home.person()
    accepting.send_code(world.db, mine, home.secret, NOW, "en")
    (digits,) = re.findall(r"\b\d{6}\b", world.mailed("share_code")[0])

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        who = theirs if other else mine
        return refused(
            world.db, lambda: accepting.accept(world.db, who, home.secret, at, code=secret)
        )

    return Token(digits, use, lambda: world.acts("share.accept"))


@kind("seal:bill-code", lasts="it is printed on paper, and worth no more than the paper",
      again="the paper is scanned as often as one likes: it opens nothing",
    raced="it changes nothing")  # fmt: skip
def bill_square_code(world: World) -> Token:
    resident, account, customer = factories.household(world.db)
    bill = factories.bill(world.db, account, customer)
    secret = bill_code.address(bill.id).partition("#bill=")[2]

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        found = bill_code.numbers(world.db, factories.actor(resident), secret)
        return "" if found else "nothing is filled in"

    return Token(secret, use)


@kind("payment.idempotency_key", life=timedelta(minutes=10), other="another sign-in",
      raced="tests/db/payments/test_races.py does, 200 times")  # fmt: skip
def cart_to_pay(world: World) -> Token:
    engine: Engine = world.ask("database")
    shop = Shop(engine, NOW)
    actor, bills = shop.household(5000)
    neighbour = shop.neighbour(bills[0])
    cart = str(shop.checkout(actor, bills))

    def use(secret: str, at: datetime = NOW, *, other: bool = False) -> str:
        shop.now = at
        token = shop.token()
        who = neighbour if other else actor
        try:
            shop.pay_with(who, secret, 5000, token)  # type: ignore[arg-type]
        except DomainError as error:
            return say(error)
        return ""

    def effects() -> int:
        booked = shop.scalar("SELECT count(*) FROM payment WHERE status = 'succeeded'")
        assert booked == len(shop.standin.charges)
        return int(booked)

    return Token(cart, use, effects)
