"""Make every table, and the job queue's."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from portal import database

revision = "7aca57614475"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("account_no", sa.Text(), nullable=False),
        sa.Column("account_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("service_address", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("zip", sa.Text(), nullable=False),
        sa.Column("parcel_id", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("route_book", sa.Text(), nullable=False),
        sa.Column("read_seq", sa.Text(), nullable=False),
        sa.Column("cycle_code", sa.Text(), nullable=False),
        sa.Column("inside_limits", sa.Boolean(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=True),
        sa.Column("stop_date", sa.Date(), nullable=True),
        sa.Column("match_no", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status IN ('ACTIVE','INACTIVE','FINAL','PENDING')", name=op.f("ck_account_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("account_no", name=op.f("uq_account_account_no")),
    )
    op.create_index(op.f("ix_account_match_no"), "account", ["match_no"], unique=False)
    op.create_table(
        "announcement",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("body_en", sa.Text(), nullable=False),
        sa.Column("title_es", sa.Text(), nullable=False),
        sa.Column("body_es", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement")),
    )
    op.create_table(
        "bill_image",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_bill_image")),
    )
    op.create_table(
        "customer",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("cid", sa.Text(), nullable=False),
        sa.Column("name1", sa.Text(), nullable=False),
        sa.Column("name2", sa.Text(), nullable=False),
        sa.Column("addr1", sa.Text(), nullable=False),
        sa.Column("addr2", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("zip", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("match_no", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('A','I')", name=op.f("ck_customer_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer")),
        sa.UniqueConstraint("cid", name=op.f("uq_customer_cid")),
    )
    op.create_index(op.f("ix_customer_match_no"), "customer", ["match_no"], unique=False)
    op.create_table(
        "feed_meter",
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("first_date", sa.Date(), nullable=False),
        sa.Column("last_date", sa.Date(), nullable=False),
        sa.Column("register_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("capacity", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_feed_meter")),
    )
    op.create_table(
        "import_run",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_name", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("as_of", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("reason_params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fault_count", sa.Integer(), nullable=False),
        sa.Column("notes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("counts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("kind IN ('exchange','usage')", name=op.f("ck_import_run_kind")),
        sa.CheckConstraint(
            "status IN ('done','refused','unchanged')", name=op.f("ck_import_run_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index(
        op.f("ix_import_run_content_hash"), "import_run", ["content_hash"], unique=False
    )
    op.create_table(
        "ledger_tx",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("effective_date", sa.Date(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_tx")),
        sa.UniqueConstraint("reference", name=op.f("uq_ledger_tx_reference")),
    )
    op.create_table(
        "meter_day",
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("usage_date", sa.Date(), nullable=False),
        sa.Column("hours", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("minimum", sa.Integer(), nullable=True),
        sa.Column("maximum", sa.Integer(), nullable=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("estimated_count", sa.Integer(), nullable=False),
        sa.Column("stamps", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "usage_date", name=op.f("pk_meter_day")),
    )
    op.create_table(
        "posting_batch",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("pay_total_cents", sa.BigInteger(), nullable=False),
        sa.Column("reverse_total_cents", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("files", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_posting_batch")),
        sa.UniqueConstraint("business_date", name=op.f("uq_posting_batch_business_date")),
    )
    op.create_table(
        "register_day",
        sa.Column("feed_id", sa.Text(), nullable=False),
        sa.Column("usage_date", sa.Date(), nullable=False),
        sa.Column("seconds", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("values", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("stamps", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("feed_id", "usage_date", name=op.f("pk_register_day")),
    )
    op.create_table(
        "throttle",
        sa.Column("bucket", sa.String(length=200), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("window_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lock_level", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_throttle")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("activated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("password_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_failed_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('resident','viewer','administrator')", name=op.f("ck_user_account_role")
        ),
        sa.CheckConstraint(
            "status IN ('unverified','active','closed')", name=op.f("ck_user_account_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
    )
    op.create_index(
        "uq_user_account_email_lower",
        "user_account",
        [sa.literal_column("lower(email)")],
        unique=True,
    )
    op.create_index(
        "uq_user_account_username_lower",
        "user_account",
        [sa.literal_column("lower(username)")],
        unique=True,
        postgresql_where=sa.text("username <> ''"),
    )
    op.create_table(
        "webhook_event",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("object_ref", sa.Text(), nullable=False),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_webhook_event")),
    )
    op.create_table(
        "account_link",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("soon_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(rights = 'hold') = (granted_by IS NULL)", name=op.f("ck_account_link_delegate")
        ),
        sa.CheckConstraint("rights IN ('hold','pay','view')", name=op.f("ck_account_link_rights")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_link_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_account_link_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["granted_by"],
            ["user_account.id"],
            name=op.f("fk_account_link_granted_by"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_account_link_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_link")),
        sa.UniqueConstraint(
            "user_id",
            "account_id",
            "customer_id",
            name=op.f("uq_account_link_user_id_account_id_customer_id"),
        ),
    )
    op.create_index(
        op.f("ix_account_link_account_id"), "account_link", ["account_id"], unique=False
    )
    op.create_index(
        op.f("ix_account_link_customer_id"), "account_link", ["customer_id"], unique=False
    )
    op.create_index(
        op.f("ix_account_link_granted_by"), "account_link", ["granted_by"], unique=False
    )
    op.create_index(op.f("ix_account_link_user_id"), "account_link", ["user_id"], unique=False)
    op.create_table(
        "alert_address",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_alert_address_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_address")),
    )
    op.create_index(
        "uq_alert_address_token_hash",
        "alert_address",
        ["token_hash"],
        unique=True,
        postgresql_where=sa.text("token_hash <> ''"),
    )
    op.create_index(
        "uq_alert_address_user_email",
        "alert_address",
        ["user_id", sa.literal_column("lower(email)")],
        unique=True,
    )
    op.create_table(
        "bill",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("bill_year", sa.Integer(), nullable=False),
        sa.Column("category", sa.Integer(), nullable=False),
        sa.Column("bill_no", sa.Text(), nullable=False),
        sa.Column("bill_type", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("property_code", sa.Text(), nullable=False),
        sa.Column("statement_date", sa.Date(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=True),
        sa.Column("period_to", sa.Date(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("billed_cents", sa.BigInteger(), nullable=False),
        sa.Column("adjusted_cents", sa.BigInteger(), nullable=False),
        sa.Column("abated_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("refunded_cents", sa.BigInteger(), nullable=False),
        sa.Column("written_off_cents", sa.BigInteger(), nullable=False),
        sa.Column("penalty_due_cents", sa.BigInteger(), nullable=False),
        sa.Column("interest_due_cents", sa.BigInteger(), nullable=False),
        sa.Column("balance_cents", sa.BigInteger(), nullable=False),
        sa.Column("on_lien", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("image_name", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status IN ('OPEN','PAID','CREDIT','LIENED','WRITTENOFF','VOID')",
            name=op.f("ck_bill_status"),
        ),
        sa.CheckConstraint(
            "balance_cents = billed_cents + adjusted_cents - abated_cents - paid_cents + refunded_cents - written_off_cents + penalty_due_cents + interest_due_cents",
            name=op.f("ck_bill_balance"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_bill_account_id")),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name=op.f("fk_bill_customer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill")),
        sa.UniqueConstraint(
            "bill_year", "category", "bill_no", name=op.f("uq_bill_bill_year_category_bill_no")
        ),
    )
    op.create_index(
        "ix_bill_account_id_statement_date", "bill", ["account_id", "statement_date"], unique=False
    )
    op.create_index(op.f("ix_bill_customer_id"), "bill", ["customer_id"], unique=False)
    op.create_table(
        "cart",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("extensions", sa.Integer(), nullable=False),
        sa.Column("billing", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint(
            "status IN ('open','checkout','confirming','processing','paid','expired')",
            name=op.f("ck_cart_status"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_cart_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cart")),
    )
    op.create_index(
        "uq_cart_current",
        "cart",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("status NOT IN ('paid','processing')"),
    )
    op.create_table(
        "contact_request",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('received','approved','declined')", name=op.f("ck_contact_request_status")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_contact_request_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_contact_request_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user_account.id"], name=op.f("fk_contact_request_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_contact_request_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_request")),
        sa.UniqueConstraint("reference", name=op.f("uq_contact_request_reference")),
    )
    op.create_index(
        op.f("ix_contact_request_account_id"), "contact_request", ["account_id"], unique=False
    )
    op.create_index(
        op.f("ix_contact_request_customer_id"), "contact_request", ["customer_id"], unique=False
    )
    op.create_index(
        op.f("ix_contact_request_decided_by"), "contact_request", ["decided_by"], unique=False
    )
    op.create_index(
        op.f("ix_contact_request_user_id"), "contact_request", ["user_id"], unique=False
    )
    op.create_index(
        "uq_contact_request_open",
        "contact_request",
        ["account_id", "customer_id"],
        unique=True,
        postgresql_where=sa.text("status = 'received'"),
    )
    op.create_table(
        "delivery_change",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("consent_version", sa.Text(), nullable=False),
        sa.Column("consented_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_delivery_change_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_delivery_change_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_delivery_change_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_change")),
    )
    op.create_index(
        op.f("ix_delivery_change_account_id"), "delivery_change", ["account_id"], unique=False
    )
    op.create_index(
        op.f("ix_delivery_change_customer_id"), "delivery_change", ["customer_id"], unique=False
    )
    op.create_index(
        op.f("ix_delivery_change_user_id"), "delivery_change", ["user_id"], unique=False
    )
    op.create_table(
        "email_change",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("old_email", sa.Text(), nullable=False),
        sa.Column("new_email", sa.Text(), nullable=False),
        sa.Column("new_hash", sa.Text(), nullable=False),
        sa.Column("old_hash", sa.Text(), nullable=False),
        sa.Column("session_hash", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("new_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("old_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_email_change_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_change")),
    )
    op.create_index(op.f("ix_email_change_new_hash"), "email_change", ["new_hash"], unique=False)
    op.create_index(op.f("ix_email_change_old_hash"), "email_change", ["old_hash"], unique=False)
    op.create_index(op.f("ix_email_change_user_id"), "email_change", ["user_id"], unique=False)
    op.create_index(
        "uq_email_change_open",
        "email_change",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("done_at IS NULL AND ended_at IS NULL"),
    )
    op.create_table(
        "external_identity",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_external_identity_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_identity")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_external_identity_issuer_subject")),
    )
    op.create_index(
        op.f("ix_external_identity_user_id"), "external_identity", ["user_id"], unique=False
    )
    op.create_table(
        "import_fault",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("import_run_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column_name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_run_id"],
            ["import_run.id"],
            name=op.f("fk_import_fault_import_run_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_fault")),
    )
    op.create_index(
        op.f("ix_import_fault_import_run_id"), "import_fault", ["import_run_id"], unique=False
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("rights", sa.Text(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("rights IN ('pay','view')", name=op.f("ck_invitation_rights")),
        sa.CheckConstraint(
            "num_nonnulls(accepted_at, withdrawn_at) <= 1", name=op.f("ck_invitation_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_invitation_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_invitation_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["invited_by"],
            ["user_account.id"],
            name=op.f("fk_invitation_invited_by"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_index(op.f("ix_invitation_invited_by"), "invitation", ["invited_by"], unique=False)
    op.create_index(
        "ix_invitation_open",
        "invitation",
        ["account_id", "customer_id"],
        unique=False,
        postgresql_where=sa.text("accepted_at IS NULL AND withdrawn_at IS NULL"),
    )
    op.create_table(
        "known_browser",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("device_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_known_browser_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "device_hash", name=op.f("pk_known_browser")),
    )
    op.create_table(
        "licence",
        sa.Column("licence_no", sa.String(), nullable=False),
        sa.Column("licence_year", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("trade_name", sa.Text(), nullable=False),
        sa.Column("owner_name", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("class_code", sa.Text(), nullable=False),
        sa.Column("class_description", sa.Text(), nullable=False),
        sa.Column("gross_receipts_cents", sa.BigInteger(), nullable=False),
        sa.Column("rate_per_100", sa.Numeric(), nullable=False),
        sa.Column("tax_cents", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("issued_date", sa.Date(), nullable=True),
        sa.Column("expires_date", sa.Date(), nullable=True),
        sa.Column("tax_id_last4", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status IN ('ACTIVE','EXPIRED','PENDING','REVOKED')", name=op.f("ck_licence_status")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_licence_customer_id")
        ),
        sa.PrimaryKeyConstraint("licence_no", "licence_year", name=op.f("pk_licence")),
    )
    op.create_index(op.f("ix_licence_customer_id"), "licence", ["customer_id"], unique=False)
    op.create_table(
        "link_code",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_link_code_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_link_code_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_link_code_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_code")),
        sa.UniqueConstraint(
            "user_id",
            "account_id",
            "customer_id",
            name=op.f("uq_link_code_user_id_account_id_customer_id"),
        ),
    )
    op.create_table(
        "mail_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('activate','reset','unlock','staff_enrol')",
            name=op.f("ck_mail_token_purpose"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_mail_token_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_mail_token")),
    )
    op.create_index(op.f("ix_mail_token_user_id"), "mail_token", ["user_id"], unique=False)
    op.create_table(
        "meter",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("manufacturer", sa.Text(), nullable=False),
        sa.Column("serial_no", sa.Text(), nullable=False),
        sa.Column("size", sa.Text(), nullable=False),
        sa.Column("dials", sa.Integer(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("multiplier", sa.Numeric(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("service_code", sa.Text(), nullable=False),
        sa.Column("service_seq", sa.Integer(), nullable=False),
        sa.Column("connected", sa.Date(), nullable=False),
        sa.Column("removed", sa.Date(), nullable=True),
        sa.Column("in_read", sa.Numeric(), nullable=False),
        sa.Column("out_read", sa.Numeric(), nullable=True),
        sa.CheckConstraint(
            "unit IN ('GAL','KGAL','CCF','CF','M3','L')", name=op.f("ck_meter_unit")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_meter_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meter")),
        sa.UniqueConstraint(
            "manufacturer",
            "serial_no",
            "connected",
            name=op.f("uq_meter_manufacturer_serial_no_connected"),
        ),
    )
    op.create_index(op.f("ix_meter_account_id"), "meter", ["account_id"], unique=False)
    op.create_index(op.f("ix_meter_remote_id"), "meter", ["remote_id"], unique=False)
    op.create_index(op.f("ix_meter_serial_no"), "meter", ["serial_no"], unique=False)
    op.create_table(
        "numbers_request",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("way IN ('mail','call')", name=op.f("ck_numbers_request_way")),
        sa.ForeignKeyConstraint(
            ["done_by"], ["user_account.id"], name=op.f("fk_numbers_request_done_by")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_numbers_request_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_numbers_request")),
        sa.UniqueConstraint("reference", name=op.f("uq_numbers_request_reference")),
    )
    op.create_index(
        op.f("ix_numbers_request_user_id"), "numbers_request", ["user_id"], unique=False
    )
    op.create_index(
        "ix_numbers_request_waiting",
        "numbers_request",
        ["requested_at"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "parcel",
        sa.Column("parcel_id", sa.String(), nullable=False),
        sa.Column("tax_year", sa.Integer(), nullable=False),
        sa.Column("alternate_id", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("legal_description", sa.Text(), nullable=False),
        sa.Column("owner_of_record", sa.Text(), nullable=False),
        sa.Column("owner_as_of", sa.Date(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("jurisdiction", sa.Text(), nullable=False),
        sa.Column("acres", sa.Numeric(), nullable=True),
        sa.Column("land_value_cents", sa.BigInteger(), nullable=False),
        sa.Column("building_value_cents", sa.BigInteger(), nullable=False),
        sa.Column("assessed_value_cents", sa.BigInteger(), nullable=False),
        sa.Column("exemption_cents", sa.BigInteger(), nullable=False),
        sa.Column("taxable_value_cents", sa.BigInteger(), nullable=False),
        sa.Column("rate_per_100", sa.Numeric(), nullable=False),
        sa.Column("tax_cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_parcel_customer_id")
        ),
        sa.PrimaryKeyConstraint("parcel_id", "tax_year", name=op.f("pk_parcel")),
    )
    op.create_index(op.f("ix_parcel_customer_id"), "parcel", ["customer_id"], unique=False)
    op.create_table(
        "passkey",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("transports", sa.Text(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_passkey_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    op.create_index(op.f("ix_passkey_user_id"), "passkey", ["user_id"], unique=False)
    op.create_table(
        "passkey_challenge",
        sa.Column("challenge_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose IN ('register','sign_in','second_step')",
            name=op.f("ck_passkey_challenge_purpose"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_passkey_challenge_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_passkey_challenge")),
    )
    op.create_index(
        op.f("ix_passkey_challenge_user_id"), "passkey_challenge", ["user_id"], unique=False
    )
    op.create_table(
        "pending_sign_in",
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("remember", sa.Boolean(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_pending_sign_in_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("secret_hash", name=op.f("pk_pending_sign_in")),
    )
    op.create_index(
        op.f("ix_pending_sign_in_user_id"), "pending_sign_in", ["user_id"], unique=False
    )
    op.create_table(
        "prepared_link",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_prepared_link_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_prepared_link_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prepared_link")),
        sa.UniqueConstraint(
            "email",
            "account_id",
            "customer_id",
            name=op.f("uq_prepared_link_email_account_id_customer_id"),
        ),
    )
    op.create_index(
        op.f("ix_prepared_link_account_id"), "prepared_link", ["account_id"], unique=False
    )
    op.create_index(
        "ix_prepared_link_waiting",
        "prepared_link",
        ["email"],
        unique=False,
        postgresql_where=sa.text("linked_at IS NULL"),
    )
    op.create_table(
        "provider_flow",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("next_path", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_typed", sa.Boolean(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("last_name", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_provider_flow_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_provider_flow")),
    )
    op.create_index(
        op.f("ix_provider_flow_browser_hash"), "provider_flow", ["browser_hash"], unique=False
    )
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_recovery_code_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_user_id"), "recovery_code", ["user_id"], unique=False)
    op.create_table(
        "saved_search",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("account_no", sa.Text(), nullable=False),
        sa.Column("cid", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_saved_search_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_saved_search")),
    )
    op.create_table(
        "service",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("service_code", sa.Text(), nullable=False),
        sa.Column("service_seq", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rate_code", sa.Text(), nullable=False),
        sa.Column("customer_type", sa.Text(), nullable=False),
        sa.Column("cycle_code", sa.Text(), nullable=False),
        sa.Column("multiplier", sa.Numeric(), nullable=True),
        sa.Column("winter_average", sa.Numeric(), nullable=True),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("stop_date", sa.Date(), nullable=True),
        sa.CheckConstraint("kind IN ('METERED','FLAT','OTHER')", name=op.f("ck_service_kind")),
        sa.CheckConstraint(
            "status IN ('ACTIVE','INACTIVE','FINAL','SEASONAL')", name=op.f("ck_service_status")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_service_account_id")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_service_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
        sa.UniqueConstraint(
            "account_id",
            "customer_id",
            "service_code",
            "service_seq",
            name=op.f("uq_service_account_id_customer_id_service_code_service_seq"),
        ),
    )
    op.create_table(
        "tenure",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("responsible", sa.Boolean(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("stop_date", sa.Date(), nullable=True),
        sa.Column("bill_hold", sa.Boolean(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("eft_enrolled", sa.Boolean(), nullable=False),
        sa.Column("times_paid_late", sa.Integer(), nullable=True),
        sa.CheckConstraint("delivery IN ('MAIL','EMAIL','BOTH')", name=op.f("ck_tenure_delivery")),
        sa.CheckConstraint(
            "relation IN ('OWNER','TENANT','AGENT','COPY')", name=op.f("ck_tenure_relation")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_tenure_account_id")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_tenure_customer_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenure")),
        sa.UniqueConstraint(
            "account_id",
            "customer_id",
            "start_date",
            name=op.f("uq_tenure_account_id_customer_id_start_date"),
        ),
    )
    op.create_index(op.f("ix_tenure_customer_id"), "tenure", ["customer_id"], unique=False)
    op.create_table(
        "totp_factor",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("seed_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_totp_factor_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_totp_factor")),
    )
    op.create_index(op.f("ix_totp_factor_user_id"), "totp_factor", ["user_id"], unique=False)
    op.create_index(
        "uq_totp_factor_in_force",
        "totp_factor",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("confirmed_at IS NOT NULL"),
    )
    op.create_index(
        "uq_totp_factor_waiting",
        "totp_factor",
        ["user_id"],
        unique=True,
        postgresql_where=sa.text("confirmed_at IS NULL"),
    )
    op.create_table(
        "usage_notification",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("threshold_gallons", sa.Integer(), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.Column("emails", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("threshold_gallons > 0", name=op.f("ck_usage_notification_threshold")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_usage_notification_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_usage_notification_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_usage_notification_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_notification")),
        sa.UniqueConstraint(
            "user_id",
            "account_id",
            "customer_id",
            name=op.f("uq_usage_notification_user_id_account_id_customer_id"),
        ),
    )
    op.create_index(
        op.f("ix_usage_notification_account_id"), "usage_notification", ["account_id"], unique=False
    )
    op.create_index(
        op.f("ix_usage_notification_customer_id"),
        "usage_notification",
        ["customer_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_usage_notification_user_id"), "usage_notification", ["user_id"], unique=False
    )
    op.create_table(
        "user_session",
        sa.Column("id_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("authenticated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idle_expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("remembered", sa.Boolean(), nullable=False),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("previous_sign_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user_account.id"],
            name=op.f("fk_user_session_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_user_session")),
    )
    op.create_index(op.f("ix_user_session_user_id"), "user_session", ["user_id"], unique=False)
    op.create_table(
        "vehicle",
        sa.Column("property_code", sa.String(), nullable=False),
        sa.Column("tax_year", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("make", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("vin_last4", sa.Text(), nullable=False),
        sa.Column("assessed_value_cents", sa.BigInteger(), nullable=False),
        sa.Column("rate_per_100", sa.Numeric(), nullable=False),
        sa.Column("relief_cents", sa.BigInteger(), nullable=False),
        sa.Column("tax_cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_vehicle_customer_id")
        ),
        sa.PrimaryKeyConstraint("property_code", "tax_year", name=op.f("pk_vehicle")),
    )
    op.create_index(op.f("ix_vehicle_customer_id"), "vehicle", ["customer_id"], unique=False)
    op.create_table(
        "bill_activity",
        sa.Column("payment_ref", sa.String(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("activity", sa.Text(), nullable=False),
        sa.Column("posted_date", sa.Date(), nullable=False),
        sa.Column("entered_date", sa.Date(), nullable=False),
        sa.Column("effective_date", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("tender", sa.Text(), nullable=False),
        sa.Column("paid_by", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("portal_payment_id", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "activity IN ('PAYMENT','ADJUSTMENT','ABATEMENT','REFUND','REVERSAL','TRANSFER','FEE','LIEN')",
            name=op.f("ck_bill_activity_activity"),
        ),
        sa.CheckConstraint(
            "source IN ('PORTAL','LOCKBOX','COUNTER','EFT','OTHER')",
            name=op.f("ck_bill_activity_source"),
        ),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_bill_activity_bill_id")),
        sa.PrimaryKeyConstraint("payment_ref", name=op.f("pk_bill_activity")),
    )
    op.create_index(op.f("ix_bill_activity_bill_id"), "bill_activity", ["bill_id"], unique=False)
    op.create_index(
        op.f("ix_bill_activity_portal_payment_id"),
        "bill_activity",
        ["portal_payment_id"],
        unique=False,
    )
    op.create_table(
        "bill_installment",
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("installment", sa.Integer(), nullable=False),
        sa.Column("pay_by", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("credits_cents", sa.BigInteger(), nullable=False),
        sa.Column("balance_cents", sa.BigInteger(), nullable=False),
        sa.Column("interest_cents", sa.BigInteger(), nullable=False),
        sa.Column("due_cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_bill_installment_bill_id")),
        sa.PrimaryKeyConstraint("bill_id", "installment", name=op.f("pk_bill_installment")),
    )
    op.create_table(
        "bill_line",
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("charge_code", sa.Text(), nullable=False),
        sa.Column("service_code", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("qty", sa.Numeric(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("rate", sa.Numeric(), nullable=True),
        sa.Column("original_cents", sa.BigInteger(), nullable=False),
        sa.Column("adjusted_cents", sa.BigInteger(), nullable=False),
        sa.Column("abated_cents", sa.BigInteger(), nullable=False),
        sa.Column("paid_cents", sa.BigInteger(), nullable=False),
        sa.Column("balance_cents", sa.BigInteger(), nullable=False),
        sa.Column("agency", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_bill_line_bill_id")),
        sa.PrimaryKeyConstraint("bill_id", "line", name=op.f("pk_bill_line")),
    )
    op.create_table(
        "cart_item",
        sa.Column("cart_id", sa.Uuid(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column(
            "added_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_cart_item_amount")),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_cart_item_bill_id")),
        sa.ForeignKeyConstraint(
            ["cart_id"], ["cart.id"], name=op.f("fk_cart_item_cart_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("cart_id", "bill_id", name=op.f("pk_cart_item")),
    )
    op.create_index(op.f("ix_cart_item_bill_id"), "cart_item", ["bill_id"], unique=False)
    op.create_table(
        "ledger_entry",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("tx_id", sa.Uuid(), nullable=False),
        sa.Column("ledger_account", sa.Text(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=True),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_ledger_entry_bill_id")),
        sa.ForeignKeyConstraint(["tx_id"], ["ledger_tx.id"], name=op.f("fk_ledger_entry_tx_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entry")),
        sa.UniqueConstraint(
            "tx_id",
            "ledger_account",
            "bill_id",
            name=op.f("uq_ledger_entry_tx_id_ledger_account_bill_id"),
        ),
    )
    op.create_index(op.f("ix_ledger_entry_bill_id"), "ledger_entry", ["bill_id"], unique=False)
    op.create_index(op.f("ix_ledger_entry_tx_id"), "ledger_entry", ["tx_id"], unique=False)
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "number", sa.BigInteger(), sa.Identity(always=False, start=100001), nullable=False
        ),
        sa.Column("cart_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("livemode", sa.Boolean(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("request", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("processor_ref", sa.Text(), nullable=True),
        sa.Column("card_brand", sa.Text(), nullable=False),
        sa.Column("last4", sa.Text(), nullable=False),
        sa.Column("payer_name", sa.Text(), nullable=False),
        sa.Column("receipt_email", sa.Text(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("effective_date", sa.Date(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("failure_code", sa.Text(), nullable=False),
        sa.CheckConstraint("method IN ('card','ach')", name=op.f("ck_payment_method")),
        sa.CheckConstraint(
            "status IN ('confirming','requires_action','processing','succeeded','failed','canceled')",
            name=op.f("ck_payment_status"),
        ),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_payment_amount")),
        sa.ForeignKeyConstraint(["cart_id"], ["cart.id"], name=op.f("fk_payment_cart_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_payment_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_payment_idempotency_key")),
        sa.UniqueConstraint("number", name=op.f("uq_payment_number")),
        sa.UniqueConstraint("processor_ref", name=op.f("uq_payment_processor_ref")),
    )
    op.create_index(op.f("ix_payment_cart_id"), "payment", ["cart_id"], unique=False)
    op.create_index(op.f("ix_payment_user_id"), "payment", ["user_id"], unique=False)
    op.create_index(
        "uq_payment_live_attempt",
        "payment",
        ["cart_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('confirming','requires_action')"),
    )
    op.create_table(
        "posting_row",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("portal_payment_id", sa.Text(), nullable=False),
        sa.Column("reverses_portal_payment_id", sa.Text(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("result_reason", sa.Text(), nullable=False),
        sa.Column("result_posted_date", sa.Date(), nullable=True),
        sa.Column("receipt_no", sa.Text(), nullable=False),
        sa.CheckConstraint("record IN ('PAY','REVERSE')", name=op.f("ck_posting_row_record")),
        sa.CheckConstraint(
            "result IN ('','POSTED','REJECTED','PARTIAL')", name=op.f("ck_posting_row_result")
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["posting_batch.batch_id"], name=op.f("fk_posting_row_batch_id")
        ),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_posting_row_bill_id")),
        sa.PrimaryKeyConstraint("batch_id", "seq", name=op.f("pk_posting_row")),
        sa.UniqueConstraint(
            "record", "portal_payment_id", name=op.f("uq_posting_row_record_portal_payment_id")
        ),
    )
    op.create_index(op.f("ix_posting_row_bill_id"), "posting_row", ["bill_id"], unique=False)
    op.create_index(
        op.f("ix_posting_row_portal_payment_id"), "posting_row", ["portal_payment_id"], unique=False
    )
    op.create_table(
        "read",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("service_code", sa.Text(), nullable=False),
        sa.Column("service_seq", sa.Integer(), nullable=False),
        sa.Column("serial_no", sa.Text(), nullable=False),
        sa.Column("meter_id", sa.Uuid(), nullable=True),
        sa.Column("read_date", sa.Date(), nullable=False),
        sa.Column("prev_read_date", sa.Date(), nullable=False),
        sa.Column("prev_read", sa.Numeric(), nullable=False),
        sa.Column("curr_read", sa.Numeric(), nullable=False),
        sa.Column("actual_usage", sa.Numeric(), nullable=False),
        sa.Column("billed_usage", sa.Numeric(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("read_code", sa.Text(), nullable=False),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("transaction", sa.Text(), nullable=False),
        sa.Column("bill_year", sa.Integer(), nullable=True),
        sa.Column("category", sa.Integer(), nullable=True),
        sa.Column("bill_no", sa.Text(), nullable=False),
        sa.CheckConstraint("read_code IN ('A','E','C','R')", name=op.f("ck_read_read_code")),
        sa.CheckConstraint(
            "transaction IN ('CYCLE','SPECIAL','REPLACE_OUT','REPLACE_IN','FINAL')",
            name=op.f("ck_read_transaction"),
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_read_account_id")),
        sa.ForeignKeyConstraint(["meter_id"], ["meter.id"], name=op.f("fk_read_meter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_read")),
        sa.UniqueConstraint(
            "account_id",
            "service_code",
            "serial_no",
            "read_date",
            "transaction",
            name=op.f("uq_read_account_id_service_code_serial_no_read_date_transaction"),
        ),
    )
    op.create_index("ix_read_bill", "read", ["bill_year", "category", "bill_no"], unique=False)
    op.create_table(
        "usage_alert",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("usage_date", sa.Date(), nullable=False),
        sa.Column("used_gallons", sa.Integer(), nullable=False),
        sa.Column("threshold_gallons", sa.Integer(), nullable=False),
        sa.Column(
            "sent_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["usage_notification.id"],
            name=op.f("fk_usage_alert_notification_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_alert")),
        sa.UniqueConstraint(
            "notification_id", "usage_date", name=op.f("uq_usage_alert_notification_id_usage_date")
        ),
    )
    op.create_index(
        op.f("ix_usage_alert_notification_id"), "usage_alert", ["notification_id"], unique=False
    )
    op.create_table(
        "audit_event",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("actor_user_id", sa.Uuid(), nullable=True),
        sa.Column("actor_role", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("subject_user_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("ip", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_audit_event_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["actor_user_id"], ["user_account.id"], name=op.f("fk_audit_event_actor_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_audit_event_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_audit_event_payment_id")
        ),
        sa.ForeignKeyConstraint(
            ["subject_user_id"], ["user_account.id"], name=op.f("fk_audit_event_subject_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_account", "audit_event", ["account_id", "at"], unique=False)
    op.create_index("ix_audit_event_act", "audit_event", ["act", "at"], unique=False)
    op.create_index("ix_audit_event_actor", "audit_event", ["actor_user_id", "at"], unique=False)
    op.create_index(op.f("ix_audit_event_at"), "audit_event", ["at"], unique=False)
    op.create_index("ix_audit_event_customer", "audit_event", ["customer_id", "at"], unique=False)
    op.create_index(op.f("ix_audit_event_payment_id"), "audit_event", ["payment_id"], unique=False)
    op.create_index(
        "ix_audit_event_subject", "audit_event", ["subject_user_id", "at"], unique=False
    )
    op.create_table(
        "mail",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("text_body", sa.Text(), nullable=False),
        sa.Column("html_body", sa.Text(), nullable=False),
        sa.Column("stop_url", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "next_try_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('waiting','sent','failed')", name=op.f("ck_mail_status")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_mail_account_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_mail_payment_id")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_mail_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
    )
    op.create_index(op.f("ix_mail_account_id"), "mail", ["account_id"], unique=False)
    op.create_index(
        "ix_mail_due",
        "mail",
        ["next_try_at"],
        unique=False,
        postgresql_where=sa.text("status = 'waiting'"),
    )
    op.create_index(op.f("ix_mail_payment_id"), "mail", ["payment_id"], unique=False)
    op.create_index(op.f("ix_mail_user_id"), "mail", ["user_id"], unique=False)
    op.create_table(
        "payment_event",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column(
            "at",
            sa.DateTime(timezone=True),
            server_default=sa.text("clock_timestamp()"),
            nullable=False,
        ),
        sa.Column("from_status", sa.Text(), nullable=False),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_payment_event_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_event")),
    )
    op.create_index(
        op.f("ix_payment_event_payment_id"), "payment_event", ["payment_id"], unique=False
    )
    op.create_table(
        "payment_item",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("bill_id", sa.Uuid(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("portal_payment_id", sa.Text(), nullable=False),
        sa.Column("excess_cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bill_id"], ["bill.id"], name=op.f("fk_payment_item_bill_id")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_payment_item_payment_id")
        ),
        sa.PrimaryKeyConstraint("payment_id", "seq", name=op.f("pk_payment_item")),
        sa.UniqueConstraint("portal_payment_id", name=op.f("uq_payment_item_portal_payment_id")),
    )
    op.create_index(op.f("ix_payment_item_bill_id"), "payment_item", ["bill_id"], unique=False)
    op.create_table(
        "staff_task",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "created_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["done_by"], ["user_account.id"], name=op.f("fk_staff_task_done_by")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_staff_task_payment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_task")),
        sa.UniqueConstraint("reference", name=op.f("uq_staff_task_reference")),
    )
    op.create_index(op.f("ix_staff_task_done_by"), "staff_task", ["done_by"], unique=False)
    op.create_index(op.f("ix_staff_task_payment_id"), "staff_task", ["payment_id"], unique=False)
    database.run_sql(op.get_bind(), database.queue_sql())
