"""How a city's billing system wants the outgoing files, where not as the exchange has them."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from portal.cities.part import Part

# Every outgoing file's columns in the exchange's own order (docs/exchange.md, "Out").
COLUMNS: dict[str, tuple[str, ...]] = {
    "payment_posting": (
        "batch_id", "seq", "record", "portal_payment_id", "reverses_portal_payment_id",
        "bill_year", "category", "bill_no", "installment", "account_no", "cid", "amount",
        "tender", "processor", "processor_ref", "effective_date", "accepted_at", "payer_name",
    ),
    "fees": ("batch_id", "seq", "portal_payment_id", "fee_kind", "amount"),
    "delivery_changes": (
        "change_id", "account_no", "cid", "old", "new", "email", "consent_version",
        "consented_at", "actor",
    ),
    "contact_changes": (
        "change_id", "account_no", "cid", "field", "old", "new", "requested_at", "approved_by",
        "approved_at",
    ),
}  # fmt: skip
_AMOUNTS = {"amount", "pay_total", "reverse_total"}
_TIMES = {"effective_date", "accepted_at", "consented_at", "requested_at", "approved_at"}
# What the last line of payment_posting says of the rows above it.
TRAILER = ("trailer", "batch_id", "rows", "pay_total", "reverse_total", "sha256")


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names))


class OutField(Part):
    """One field of a line: a column of the exchange's file, or a fixed text."""

    column: str = ""
    text: str = ""
    header: str = ""  # what a CSV's first line calls it; empty: the column's own name
    # Fixed width: how many characters, on which side the value stands, what fills the rest.
    width: Annotated[int, Field(ge=0, le=500)] = 0
    align: Literal["left", "right"] = "left"
    fill: Annotated[str, Field(min_length=1, max_length=1)] = " "
    # "cents": 12.34 as 1234; a date or instant as strftime writes it: "%m%d%Y".
    write: Annotated[str, Field(pattern=r"^(|cents|.*%.*)$")] = ""
    # Longer than its field: cut (a name), or refuse the whole batch (a number).
    cut: bool = False

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.column) == bool(self.text):
            raise ValueError("a field has either a column or a text")
        if self.write == "cents" and self.column not in _AMOUNTS:
            raise ValueError(f"only {_listed(_AMOUNTS)} can be written in cents")
        if "%" in self.write and self.column not in _TIMES:
            raise ValueError(f"only {_listed(_TIMES)} can be written as a date")
        return self


class Outgoing(Part):
    """The layout of one outgoing file."""

    file: Literal["payment_posting", "fees", "delivery_changes", "contact_changes"]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$")]
    shape: Literal["csv", "fixed"]
    header: bool = False
    fields: Annotated[tuple[OutField, ...], Field(min_length=1)]
    trailer: tuple[OutField, ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for what, fields, known in (
            ("fields", self.fields, COLUMNS[self.file]),
            ("trailer", self.trailer, TRAILER),
        ):
            for place, one in enumerate(fields, 1):
                if one.column and one.column not in known:
                    allowed = ", ".join(known)
                    raise ValueError(f"{what} {place} names {one.column}; allowed: {allowed}")
                if (self.shape == "fixed") != (one.width > 0):
                    raise ValueError(
                        f"{what} {place}: a width goes with shape fixed, and only there"
                    )
        if self.trailer and self.file != "payment_posting":
            raise ValueError("only payment_posting has a trailer")
        if self.header and self.shape == "fixed":
            raise ValueError("a header line goes with shape csv")
        return self
