"""View Consumption: what was billed, read by read."""

from dataclasses import dataclass
from decimal import Decimal

from portal.cities import city
from portal.domain.bills import queries
from portal.domain.bills.explain import quantity, read_word, unit_sentence
from portal.domain.bills.rules import ReadLine
from portal.kit.text import _, number, short_day
from portal.state.bars import Bar, bars
from portal.state.base import RESIDENT, PortalState, loader


@dataclass(frozen=True)
class ConsumptionRow:
    """A read with the usage billed on it."""

    meter: str = ""
    read_date: str = ""
    days: str = ""
    previous: str = ""
    current: str = ""
    usage: str = ""
    kind: str = ""


@dataclass(frozen=True)
class OtherService:
    """Another metered service of the account."""

    code: str = ""
    name: str = ""


class ConsumptionState(PortalState):
    """One service's billed usage."""

    account: str = ""
    account_no: str = ""
    service_address: str = ""
    customer_id: str = ""
    service: str = ""
    unit: str = ""
    sentence: str = ""
    rows: list[ConsumptionRow] = []
    bars: list[Bar] = []
    others: list[OtherService] = []

    @loader(RESIDENT)
    async def load(self) -> None:
        """Show the service that the address names, or the account's first."""
        found = await self._ask(queries.consumption, self._query("account"), self._query("service"))
        self.account, self.account_no = str(found.account_id), found.account_no
        self.service_address, self.customer_id = found.service_address, found.cid
        self.service = found.description
        self.others = [OtherService(code, name) for code, name in found.others]
        self._draw(found.reads)

    def _draw(self, reads: tuple[ReadLine, ...]) -> None:
        self.rows = [_row(read) for read in reads]
        billed = [read for read in reads if read.billed][:13]
        self.unit = unit_sentence(billed[0].unit, city().units.gallons_per_unit) if billed else ""
        self.bars = bars([(read.read_date, read.usage, read.code == "E") for read in billed[::-1]])
        self.sentence = _sentence(billed)


def _sentence(billed: list[ReadLine]) -> str:
    if not billed:
        return ""
    units = {read.unit for read in billed}
    if len(units) > 1:
        return ""
    total = sum((read.usage for read in billed), Decimal(0))
    return _(
        "%(newest)s up to %(day)s; %(total)s over the %(count)s bills shown in the chart.",
        newest=quantity(billed[0].usage, billed[0].unit),
        day=short_day(billed[0].read_date),
        total=quantity(total, billed[0].unit),
        count=len(billed),
    )


def _row(read: ReadLine) -> ConsumptionRow:
    return ConsumptionRow(
        meter=read.serial_no,
        read_date=short_day(read.read_date),
        days=str(read.days),
        previous=number(read.previous, 3),
        current=number(read.current, 3),
        usage=quantity(read.usage, read.unit) if read.billed else "",
        kind=read_word(read) if read.billed else exchange_word(read.transaction),
    )


def exchange_word(transaction: str) -> str:
    """Name a row of a meter's exchange."""
    return _("Old meter taken out") if transaction == "REPLACE_OUT" else _("New meter put in")
