"""The nightly exchange's own books: what came in, what was at fault, what went out."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from portal.models.base import cents, instant, key, ref, words


class ImportRun(SQLModel, table=True):
    """One attempt to take in a folder or a usage file, with what came of it."""

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint("kind IN ('exchange','usage')", name="kind"),
        CheckConstraint("status IN ('done','refused','unchanged')", name="status"),
    )
    id: UUID = key()
    kind: str = words()
    source_name: str = words()
    content_hash: str = words(default="", index=True)
    as_of: datetime | None = instant(default=None)
    status: str = words()
    # Why it was refused: a message id, and what fills its places.
    reason: str = words(default="")
    reason_params: dict = Field(default_factory=dict, sa_type=JSONB)  # type: ignore[type-arg]
    started_at: datetime = instant()
    finished_at: datetime = instant()
    # How many rows were at fault; the first thousand are kept with their place.
    fault_count: int = 0
    # What the operator is told besides: extra columns, money left out, rows skipped.
    # Each a message id with what fills its places.
    notes: list = Field(default_factory=list, sa_type=JSONB)  # type: ignore[type-arg]
    # {"bills.csv": {"rows": 240, "new": 3, "changed": 1, "closed": 0, "skipped": 0}, ...}
    counts: dict = Field(default_factory=dict, sa_type=JSONB)  # type: ignore[type-arg]


class ImportFault(SQLModel, table=True):
    """A row at fault: where it stands and what was wrong with it."""

    __tablename__ = "import_fault"
    id: UUID = key()
    import_run_id: UUID = ref("import_run.id", ondelete="CASCADE")
    file_name: str = words()
    line: int
    column_name: str = words(default="")
    value: str = words(default="")
    # A message id, and what fills its places.
    message: str = words()
    params: dict = Field(default_factory=dict, sa_type=JSONB)  # type: ignore[type-arg]


class BillImage(SQLModel, table=True):
    """A city's own bill image: the name that bills carry, and the hash it is kept under."""

    __tablename__ = "bill_image"
    name: str = Field(primary_key=True)
    sha256: str = words()


class PostingBatch(SQLModel, table=True):
    """One business day's payments for the billing system: numbered, closed, immutable."""

    __tablename__ = "posting_batch"
    batch_id: str = Field(primary_key=True)
    business_date: date = Field(unique=True)
    closed_at: datetime = instant()
    row_count: int
    pay_total_cents: int = cents()
    reverse_total_cents: int = cents()
    sha256: str = words()
    # The files as closed, {"payment_posting.csv": "...", ...}: the day run again gives these bytes.
    files: dict = Field(default_factory=dict, sa_type=JSONB)  # type: ignore[type-arg]


class PostingRow(SQLModel, table=True):
    """One line of a batch, as written to payment_posting.csv."""

    __tablename__ = "posting_row"
    __table_args__ = (
        CheckConstraint("record IN ('PAY','REVERSE')", name="record"),
        CheckConstraint("result IN ('','POSTED','REJECTED','PARTIAL')", name="result"),
        UniqueConstraint("record", "portal_payment_id"),
    )
    batch_id: str = Field(primary_key=True, foreign_key="posting_batch.batch_id")
    seq: int = Field(primary_key=True)
    record: str = words()
    # Number of the payment item (one bill's part of one payment): see models.payments.
    portal_payment_id: str = words(index=True)
    reverses_portal_payment_id: str = words(default="")
    bill_id: UUID = ref("bill.id")
    amount_cents: int = cents()
    # What the acknowledgement said; empty until it came.
    result: str = words(default="")
    result_reason: str = words(default="")
    result_posted_date: date | None = None
    receipt_no: str = words(default="")


class DeliveryChange(SQLModel, table=True):
    """A resident's change of how bills reach them, with the consent they gave."""

    __tablename__ = "delivery_change"
    id: UUID = key()
    account_id: UUID = ref("account.id")
    customer_id: UUID = ref("customer.id")
    user_id: UUID = ref("user_account.id")
    old: str = words()
    new: str = words()
    email: str = words(default="")
    consent_version: str = words()
    consented_at: datetime = instant()
    exported_at: datetime | None = instant(default=None)


class ContactRequest(SQLModel, table=True):
    """A requested change of address; staff approve it before it leaves for the billing system."""

    __tablename__ = "contact_request"
    __table_args__ = (
        CheckConstraint("status IN ('received','approved','declined')", name="status"),
        Index(
            "uq_contact_request_open",
            "account_id",
            "customer_id",
            unique=True,
            postgresql_where=text("status = 'received'"),
        ),
    )
    id: UUID = key()
    reference: str = words(unique=True)
    account_id: UUID = ref("account.id")
    customer_id: UUID = ref("customer.id")
    user_id: UUID = ref("user_account.id")
    # {"addr1": ["old", "new"], ...}: the exchange's own column names.
    fields: dict = Field(sa_type=JSONB)  # type: ignore[type-arg]
    note: str = words(default="")
    status: str = words(default="received")
    requested_at: datetime = instant()
    decided_at: datetime | None = instant(default=None)
    decided_by: UUID | None = ref("user_account.id", default=None)
    reason: str = words(default="")
    exported_at: datetime | None = instant(default=None)
