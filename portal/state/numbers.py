"""I don't have my numbers: the request to the city."""

from portal.domain.requests import numbers
from portal.kit.clock import utc_now
from portal.kit.text import _
from portal.state.base import RESIDENT, PortalState, handler, loader


class NumbersState(PortalState):
    """The form, and the number of the request once it was sent."""

    reference: str = ""
    drawing: int = 0

    @loader(RESIDENT)
    async def load(self) -> None:
        """Begin with an empty form."""
        self.reference = ""
        self.drawing += 1

    @handler(RESIDENT)
    async def send(self, form: dict[str, str]) -> None:
        """Record the request."""
        self.reference = await self._ask(numbers.ask, form, now=utc_now())
        self.notice = _(
            "Your request %(reference)s was received. We sent you an email that confirms it.",
            reference=self.reference,
        )
