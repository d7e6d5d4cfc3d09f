"""Home: announcements, profile information."""

from dataclasses import dataclass

from portal.cities import city
from portal.domain.home import queries
from portal.kit.clock import local_date, utc_now
from portal.kit.text import day, language, money
from portal.state.base import PUBLIC, PortalState, loader


@dataclass(frozen=True)
class AnnouncementRow:
    """What the city says."""

    title: str = ""
    body: str = ""


@dataclass(frozen=True)
class HomeAccountRow:
    """A linked account on the home page."""

    id: str = ""
    number: str = ""
    address: str = ""
    owed: str = ""
    due: str = ""
    owes: bool = False


class HomeState(PortalState):
    """The home page."""

    announcements: list[AnnouncementRow] = []
    name: str = ""
    email: str = ""
    accounts: list[HomeAccountRow] = []
    more_accounts: int = 0

    @loader(PUBLIC)
    async def load(self) -> None:
        """Show what is announced and, to a resident, their accounts."""
        now = utc_now()
        speaks = language()
        said = await self._in_thread(lambda s: queries.announcements(s, now, speaks))
        self.announcements = [AnnouncementRow(one.title, one.body) for one in said]
        mine = await self._ask(queries.profile, local_date(now, city().zone))
        self.name, self.email = (mine.name, mine.email) if mine else ("", "")
        self.more_accounts = mine.more_accounts if mine else 0
        self.accounts = [_row(one) for one in mine.accounts] if mine else []


def _row(one: queries.OwnAccount) -> HomeAccountRow:
    return HomeAccountRow(
        id=str(one.account_id),
        number=one.account_no,
        address=one.address,
        owed=money(one.due_cents),
        due=day(one.due) if one.due else "",
        owes=one.due_cents > 0,
    )
