"""Errors a person may see. Subclasses stand beside what raises them."""


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

    def __str__(self) -> str:
        return self.sentence % self.params if self.params else self.sentence


class NotFound(DomainError):
    """Unknown and foreign alike: the actor may not learn which of the two it is."""

    code = "not_found"


class NotAllowed(DomainError):
    """The actor is known and may not do this."""

    code = "not_allowed"
