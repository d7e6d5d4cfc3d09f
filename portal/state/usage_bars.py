"""The usage page's bars and sentences, written for the screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portal import routes
from portal.cities import city
from portal.domain.usage import ranges, rules
from portal.domain.usage.queries import Billed, UsageView
from portal.domain.usage.rules import Use
from portal.kit.text import (
    N_,
    _,
    day,
    day_of_month,
    month_of,
    ngettext,
    number,
    short_day,
    time_of,
)

_NOTES = {
    rules.ESTIMATED: N_("Partly estimated"),
    rules.PARTIAL: N_("Some readings missing"),
    rules.MISSING: N_("No reading"),
    rules.PENDING: N_("Not yet received"),
}
_TICKS = 6  # labels under the bars; more would touch each other on a phone


@dataclass(frozen=True)
class BarRow:
    """One bar of the chart and one row of the table: the same words in both."""

    key: str = ""
    label: str = ""
    tick: str = ""
    value: str = ""
    note: str = ""
    kind: str = rules.MEASURED
    amount: int = 0  # thousandths of a gallon, for the chart's height
    height: str = "0%"
    href: str = ""
    over: bool = False


@dataclass(frozen=True)
class Scale:
    """The chart's axis: its top and the words at the top and half way."""

    top: int = 1
    top_label: str = ""
    half_label: str = ""


def amount(used: int | None, grouping: str = rules.DAILY) -> str:
    """Write a quantity in gallons: whole, an hour with one decimal; a dash where unknown."""
    if used is None:
        return "—"
    if grouping == rules.HOURLY:
        return number(Decimal(used) / 1000, 1)
    return number(rules.gallons(used))


def scale(uses: Sequence[int | None], grouping: str = rules.DAILY) -> Scale:
    """Return an axis that ends at a round number (1, 1.5, 2, 2.5, 3 .. tens) above all bars."""
    most = max([used for used in uses if used is not None], default=0)
    step = 100
    while step * 100 < most:
        step *= 10
    top = next(n * step for n in (10, 15, 20, 25, 30, 40, 50, 60, 80, 100) if n * step >= most)
    return Scale(top, amount(top, grouping), amount(top // 2, grouping))


def bars(view: UsageView, account: str, limit: int | None) -> tuple[list[BarRow], Scale]:
    """Return the chart's bars. `limit`: the resident's own daily threshold in gallons."""
    grouping = view.range.grouping
    axis = scale([bar.used for bar in view.bars], grouping)
    every = -(-len(view.bars) // _TICKS)
    twice = _twice(view.bars)
    rows = []
    for place, bar in enumerate(view.bars):
        label, tick = _names(bar, grouping, twice)
        over = limit is not None and grouping == rules.DAILY and (bar.used or 0) > limit * 1000
        rows.append(
            BarRow(
                key=f"{bar.first}-{place}",
                label=label,
                tick=tick if _has_tick(place, every, len(view.bars)) else "",
                value=amount(bar.used, grouping),
                note=_note(bar, over),
                kind=bar.status,
                amount=bar.used or 0,
                height=f"{100 * (bar.used or 0) / axis.top:.2f}%",
                href=_inside(bar, grouping, account),
                over=over,
            )
        )
    return rows, axis


def _note(bar: Use, over: bool) -> str:
    """Say in words what the bar's colour and hatching say."""
    said = [_(_NOTES[bar.status])] if bar.status in _NOTES else []
    if over:
        said.insert(0, _("Above your threshold"))
    return ", ".join(said)


def _has_tick(place: int, every: int, count: int) -> bool:
    # The last label would run out of the chart.
    return place % every == 0 and (every == 1 or count - place > every // 2)


def _twice(uses: Sequence[Use]) -> set[tuple[date, str]]:
    """Return the clock times that a day's hours show twice, in autumn."""
    seen: set[tuple[date, str]] = set()
    found: set[tuple[date, str]] = set()
    for use in uses:
        if use.at:
            time = (use.first, time_of(use.at, city().zone))
            (found if time in seen else seen).add(time)
    return found


def _names(bar: Use, grouping: str, twice: set[tuple[date, str]]) -> tuple[str, str]:
    if grouping == rules.MONTHLY:
        return month_of(bar.first), month_of(bar.first, short=True)
    if grouping == rules.YEARLY:
        return str(bar.first.year), str(bar.first.year)
    if bar.at is None:
        return short_day(bar.first), day_of_month(bar.first)
    time = time_of(bar.at, city().zone)
    named = (bar.first, time) in twice
    whole = time_of(bar.at, city().zone, named_zone=named)
    return f"{short_day(bar.first)} {whole}", time.replace(":00", "")


def _inside(bar: Use, grouping: str, account: str) -> str:
    if bar.used is None or not (inner := ranges.inside(bar.first, grouping)):
        return ""
    kind, begin, end = inner
    return range_link(account, begin, end, kind)


def range_link(account: str, begin: date, end: date, grouping: str) -> str:
    """Return the address of a range: state lives in the URL."""
    return routes.link(
        routes.USAGE,
        account=account,
        begin=begin.isoformat(),
        end=end.isoformat(),
        grouping=grouping,
    )


def billed_bars(reads: Sequence[Billed]) -> tuple[list[BarRow], Scale]:
    """Return bars of what bills say was used, where no smart meter tells more."""
    quantities = [int(Decimal(read.quantity) * 1000) for read in reads]
    axis = scale(quantities)
    rows = [
        BarRow(
            key=f"{read.read_date}-{place}",
            label=short_day(read.read_date),
            tick=day_of_month(read.read_date),
            value=number(Decimal(read.quantity), 3),
            amount=quantity,
            height=f"{100 * max(quantity, 0) / axis.top:.2f}%",
        )
        for place, (read, quantity) in enumerate(zip(reads, quantities, strict=True))
    ]
    return rows, axis


def caption(view: UsageView) -> str:
    """Write the chart's heading as the guide does."""
    words = {
        rules.DAILY: N_("Daily Water Usage From %(begin)s to %(end)s"),
        rules.MONTHLY: N_("Monthly Water Usage From %(begin)s to %(end)s"),
        rules.YEARLY: N_("Yearly Water Usage From %(begin)s to %(end)s"),
        rules.HOURLY: N_("Hourly Water Usage From %(begin)s to %(end)s"),
    }
    shown = {"begin": short_day(view.range.begin), "end": short_day(view.range.end)}
    return _(words[view.range.grouping], **shown)


def sentence(view: UsageView) -> str:
    """Say what the chart shows: the total, against last year, and what is not known."""
    if view.total is None:
        return _("No readings have been received for these dates.")
    said = [_("You used %(used)s gallons in this time.", used=amount(view.total))]
    percent = view.comparison.percent if view.comparison else None
    if percent is not None:
        words = N_("That is about the same as on the same days last year.")
        if percent > 0:
            words = N_("That is %(percent)s%% more than on the same days last year.")
        elif percent < 0:
            words = N_("That is %(percent)s%% less than on the same days last year.")
        said.append(_(words, percent=abs(percent)))
    if view.missing_days:
        said.append(
            ngettext(
                "%(n)s day has readings missing; they are not counted as zero.",
                "%(n)s days have readings missing; they are not counted as zero.",
                view.missing_days,
            )
        )
    if view.estimated_days:
        said.append(
            ngettext(
                "%(n)s day is partly estimated.",
                "%(n)s days are partly estimated.",
                view.estimated_days,
            )
        )
    return " ".join(said)


def freshness(view: UsageView) -> str:
    """Say how far the readings reach."""
    if view.through is None:
        return ""
    said = _("Data through %(day)s.", day=day(view.through))
    if view.oldest is not None and view.range.begin < view.oldest:
        said = _("Readings start on %(day)s.", day=day(view.oldest)) + " " + said
    return said


def left(view: UsageView) -> str:
    """Say to one who moved out which days are theirs."""
    if view.left_on is None:
        return ""
    return _(
        "Your service here ended on %(day)s. You see your own days, and none after.",
        day=day(view.left_on),
    )
