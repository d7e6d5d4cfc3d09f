"""Errors a person may see. Subclasses stand beside what raises them."""

from collections.abc import Callable, Sequence
from typing import Any


class DomainError(Exception):
    """An expected refusal: a stable code, a sentence for people, and the field it concerns.

    `sentence` is an untranslated gettext message id with `%(name)s` places that `params` fill;
    the screen, mail or command that shows it translates it (see kit.text.say).
    """

    code = "refused"

    def __init__(self, sentence: str, *, field: str = "", code: str = "", **params: object) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.field = field
        self.params = params
        if code:
            self.code = code

    @property
    def each(self) -> "tuple[DomainError, ...]":
        """The refusals that this one is: itself, or those of the fields of a form."""
        return (self,)

    def __str__(self) -> str:
        return self.sentence % self.params if self.params else self.sentence


class Problems(DomainError):
    """Several refusals of one form, each with its field, in the form's order."""

    code = "problems"

    def __init__(self, problems: Sequence[DomainError]) -> None:
        first = problems[0]
        super().__init__(first.sentence, field=first.field)
        self.params = first.params
        self._each = tuple(problems)

    @property
    def each(self) -> tuple[DomainError, ...]:
        return self._each


def read_all(*reads: Callable[[], Any]) -> list[Any]:
    """Return what reading each field of a form gives. Raises Problems with all that was refused."""
    values: list[Any] = []
    problems: list[DomainError] = []
    for read in reads:
        try:
            values.append(read())
        except DomainError as refused:
            problems += refused.each
    if problems:
        raise Problems(problems)
    return values


class NotFound(DomainError):
    """Unknown and foreign alike: the actor may not learn which of the two it is."""

    code = "not_found"


class NotAllowed(DomainError):
    """The actor is known and may not do this."""

    code = "not_allowed"
