"""Announcements, written and ended by administrators."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.domain.staff import announcements
from portal.domain.staff.announcements import Draft
from portal.kit.clock import utc_now
from portal.kit.text import _
from portal.state.admin_views import when
from portal.state.base import ADMINISTRATOR, STAFF, PortalState, handler, loader


@dataclass(frozen=True)
class AnnouncementLine:
    """An announcement in the list."""

    id: str = ""
    title: str = ""
    languages: str = ""
    starts: str = ""
    ends: str = ""
    status: str = ""
    tone: str = "quiet"
    over: bool = False


@dataclass(frozen=True)
class AnnouncementForm:
    """What stands in the form."""

    id: str = ""
    title_en: str = ""
    body_en: str = ""
    title_es: str = ""
    body_es: str = ""
    starts: str = ""
    ends: str = ""


class AdminAnnouncementsState(PortalState):
    """The list and the form."""

    rows: list[AnnouncementLine] = []
    draft: AnnouncementForm = AnnouncementForm()
    # Changes with the draft, so that the browser draws its fields anew.
    form_key: str = "new"
    may_act: bool = False

    @loader(STAFF)
    async def load(self) -> None:
        """Show the list, and in the form the announcement that the URL names."""
        await self._draw()
        claim = self._query("id")
        self.draft = AnnouncementForm()
        if claim:
            row = await self._ask(announcements.one, claim)
            self.draft = AnnouncementForm(
                str(row.id), row.title_en, row.body_en, row.title_es, row.body_es,
                _typed(row.starts_at), _typed(row.ends_at),
            )  # fmt: skip
        self.form_key = claim or "new"
        if self._query("done") == "saved":
            self.notice = _saved()

    @handler(ADMINISTRATOR)
    async def save(self, form: dict[str, str]) -> Any:
        """Publish what was typed."""
        names = ("title_en", "body_en", "title_es", "body_es", "starts", "ends")
        texts = {name: form.get(name, "") for name in names}
        self.draft = AnnouncementForm(form.get("id", ""), **texts)
        draft, zone = Draft(**texts), city().zone
        await self._ask(announcements.save, form.get("id", ""), draft, zone, utc_now())
        await self._draw()
        self.draft, self.form_key = AnnouncementForm(), f"after-{utc_now().timestamp():.0f}"
        # The way back to the empty form loads the page anew: it says so in its address.
        self.notice = "" if form.get("id") else _saved()
        back = routes.link(routes.ADMIN_ANNOUNCEMENTS, done="saved")
        return rx.redirect(back) if form.get("id") else None

    @handler(ADMINISTRATOR)
    async def end(self, announcement_id: str) -> None:
        """Take an announcement off the home page."""
        await self._ask(announcements.end, announcement_id, utc_now())
        await self._draw()
        self.notice = _("Ended. It is off the home page.")

    async def _draw(self) -> None:
        now = utc_now()
        found = await self._ask(announcements.everything)
        self.rows = [
            AnnouncementLine(
                str(row.id), row.title_en, "English, español" if row.title_es else "English",
                when(row.starts_at), when(row.ends_at),
                *_standing(row.starts_at, row.ends_at, now),
            )
            for row in found
        ]  # fmt: skip
        self.may_act = self._actor().role == "administrator"


def _saved() -> str:
    return _("Saved. Residents see it on the home page while it holds.")


def _standing(starts: datetime, ends: datetime | None, now: datetime) -> tuple[str, str, bool]:
    if ends is not None and ends <= now:
        return _("Ended"), "quiet", True
    return (_("To come"), "warn", False) if starts > now else (_("Shown"), "good", False)


def _typed(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(city().zone).strftime("%Y-%m-%dT%H:%M")
