"""The exchange's files, declared: columns, kinds, keys, money columns, references.

Everything else (the strict reader, the staging tables, the checks and the upserts) is made from
this table, so that a column is added in one place.
"""

from portal.domain.exchange.columns import Closing, Column, File, Kind, Reference

__all__ = ["BY_NAME", "FILES", "Closing", "Column", "File", "Kind", "Reference"]


def _columns(text: str, kind: Kind, **targets: str) -> tuple[Column, ...]:
    return tuple(
        Column(name.rstrip("?"), kind, name.endswith("?"), target=targets.get(name.rstrip("?"), ""))
        for name in text.split()
    )


def _text(names: str, **targets: str) -> tuple[Column, ...]:
    return _columns(names, Kind.TEXT, **targets)


def _key(names: str) -> tuple[Column, ...]:
    return _columns(names, Kind.KEY)


def _int(names: str) -> tuple[Column, ...]:
    return _columns(names, Kind.INT)


def _money(names: str) -> tuple[Column, ...]:
    return _columns(names, Kind.MONEY)


def _quantity(names: str) -> tuple[Column, ...]:
    return _columns(names, Kind.QUANTITY)


def _rate(names: str) -> tuple[Column, ...]:
    return _columns(names, Kind.RATE)


def _date(names: str, **targets: str) -> tuple[Column, ...]:
    return _columns(names, Kind.DATE, **targets)


def _open(names: str, **targets: str) -> tuple[Column, ...]:
    return _columns(names, Kind.OPEN, **targets)


def _flag(names: str, **targets: str) -> tuple[Column, ...]:
    return _columns(names, Kind.FLAG, **targets)


def _word(name: str, words: str) -> tuple[Column, ...]:
    return (Column(name, Kind.WORD, words=tuple(words.split())),)


_ACCOUNT = Reference("accounts.csv", ("account_no",), "account_id")
_CUSTOMER = Reference("customers.csv", ("cid",), "customer_id")
_BILL_KEY = ("bill_year", "category", "bill_no")
_BILL = Reference("bills.csv", _BILL_KEY, "bill_id")
_BILL_COLUMNS = (*_int("bill_year category"), *_key("bill_no"))
# As `domain.accounts.rules.match_no` makes it of what a person types; a test holds them together.
_MATCH = (
    "ltrim(upper(regexp_replace(normalize(s.%s, NFKC),"
    " '[[:space:]\\-\u2010-\u2015\u2212_.#]+', '', 'g')), '0')"
)

FILES: tuple[File, ...] = (
    File(
        "accounts.csv",
        "account",
        ("account_no",),
        (
            *_key("account_no"),
            *_text("account_type"),
            *_word("status", "ACTIVE INACTIVE FINAL PENDING"),
            *_text(
                "service_address unit? city state zip parcel_id? district? route_book? read_seq?"
            ),
            *_text("cycle_code"),
            *_flag("inside_limits"),
            *_date("start_date"),
            *_open("stop_date"),
        ),
        closing=Closing(
            "status = 'INACTIVE', stop_date = greatest(t.start_date, %(day)s)",
            "t.status IN ('ACTIVE','PENDING')",
        ),
        derived={"match_no": _MATCH % "account_no"},
        periods=(("start_date", "stop_date"),),
    ),
    File(
        "customers.csv",
        "customer",
        ("cid",),
        (
            *_key("cid"),
            *_text("name1 name2? addr1 addr2? city state zip country? phone? email?"),
            *_word("status", "A I"),
            *_flag("confidential"),
        ),
        closing=Closing("status = 'I'", "t.status = 'A'"),
        derived={"match_no": _MATCH % "cid"},
    ),
    File(
        "account_customers.csv",
        "tenure",
        ("account_no", "cid", "start_date"),
        (
            *_key("account_no cid"),
            *_word("relation", "OWNER TENANT AGENT COPY"),
            *_flag("primary responsible", primary="is_primary"),
            *_date("start_date"),
            *_open("stop_date"),
            *_flag("bill_hold"),
            *_word("delivery", "MAIL EMAIL BOTH"),
            *_flag("eft_enrolled"),
            *_int("times_paid_late?"),
        ),
        references=(_ACCOUNT, _CUSTOMER),
        closing=Closing("stop_date = greatest(t.start_date, %(day)s)", "t.stop_date IS NULL"),
        periods=(("start_date", "stop_date"),),
    ),
    File(
        "services.csv",
        "service",
        ("account_no", "cid", "service_code", "service_seq"),
        (
            *_key("account_no cid service_code"),
            *_int("service_seq"),
            *_text("description"),
            *_word("status", "ACTIVE INACTIVE FINAL SEASONAL"),
            *_word("kind", "METERED FLAT OTHER"),
            *_text("rate_code? customer_type? cycle_code?"),
            *_rate("multiplier?"),
            *_quantity("winter_average?"),
            *_date("start_date"),
            *_open("stop_date"),
        ),
        references=(_ACCOUNT, _CUSTOMER),
        closing=Closing(
            "status = 'INACTIVE', stop_date = greatest(t.start_date, %(day)s)",
            "t.status IN ('ACTIVE','SEASONAL')",
        ),
        periods=(("start_date", "stop_date"),),
    ),
    File(
        "meters.csv",
        "meter",
        ("manufacturer", "serial_no", "connected"),
        (
            *_key("manufacturer serial_no"),
            *_text("size"),
            *_int("dials"),
            *_word("unit", "GAL KGAL CCF CF M3 L"),
            *_rate("multiplier"),
            *_text("remote_id?"),
            *_key("account_no service_code"),
            *_int("service_seq"),
            *_date("connected"),
            *_open("removed"),
            *_quantity("in_read out_read?"),
        ),
        references=(_ACCOUNT,),
        closing=Closing("removed = greatest(t.connected, %(day)s)", "t.removed IS NULL"),
        periods=(("connected", "removed"),),
    ),
    File(
        "bills.csv",
        "bill",
        _BILL_KEY,
        (
            *_BILL_COLUMNS,
            *_text("bill_type"),
            *_text("account_no? property_code?"),
            *_key("cid"),
            *_date("statement_date period_from? period_to? due_date"),
            *_money("billed adjusted abated paid refunded written_off"),
            *_money("penalty_due interest_due balance"),
            *_flag("on_lien"),
            *_word("status", "OPEN PAID CREDIT LIENED WRITTENOFF VOID"),
            *_text("message?"),
            Column("image_name", Kind.NAME, optional=True),
        ),
        money="balance",
        references=(
            Reference("accounts.csv", ("account_no",), "account_id", optional=True),
            _CUSTOMER,
        ),
        periods=(("period_from", "period_to"),),
    ),
    File(
        "reads.csv",
        "read",
        ("account_no", "service_code", "serial_no", "read_date", "transaction"),
        (
            *_key("account_no service_code"),
            *_int("service_seq"),
            *_key("serial_no"),
            *_date("read_date prev_read_date"),
            *_quantity("prev_read curr_read actual_usage billed_usage"),
            *_text("unit"),
            *_word("read_code", "A E C R"),
            *_flag("estimated"),
            *_word("transaction", "CYCLE SPECIAL REPLACE_OUT REPLACE_IN FINAL"),
            *_int("bill_year? category?"),
            *_text("bill_no?"),
        ),
        references=(_ACCOUNT,),
        periods=(("prev_read_date", "read_date"),),
    ),
    File(
        "bill_lines.csv",
        "bill_line",
        (*_BILL_KEY, "line"),
        (
            *_BILL_COLUMNS,
            *_int("line"),
            *_text("charge_code service_code? description"),
            *_quantity("qty?"),
            *_text("unit?"),
            *_rate("rate?"),
            *_money("original adjusted abated paid balance"),
            *_text("agency?"),
        ),
        money="original",
        references=(_BILL,),
    ),
    File(
        "bill_installments.csv",
        "bill_installment",
        (*_BILL_KEY, "installment"),
        (
            *_BILL_COLUMNS,
            *_int("installment"),
            *_date("pay_by"),
            *_money("amount credits balance interest due"),
        ),
        money="due",
        references=(_BILL,),
    ),
    File(
        "payments.csv",
        "bill_activity",
        ("payment_ref",),
        (
            *_key("payment_ref"),
            *_BILL_COLUMNS,
            *_word("activity", "PAYMENT ADJUSTMENT ABATEMENT REFUND REVERSAL TRANSFER FEE LIEN"),
            *_date(
                "posted entered effective",
                posted="posted_date",
                entered="entered_date",
                effective="effective_date",
            ),
            *_money("amount"),
            *_text("tender? paid_by?"),
            *_word("source", "PORTAL LOCKBOX COUNTER EFT OTHER"),
            *_text("portal_payment_id?"),
        ),
        money="amount",
        references=(_BILL,),
    ),
    File(
        "parcels.csv",
        "parcel",
        ("parcel_id", "tax_year"),
        (
            *_key("parcel_id"),
            *_int("tax_year"),
            *_text("alternate_id? location unit? legal_description? owner_of_record"),
            *_date("owner_as_of"),
            *_text("cid? jurisdiction?"),
            *_quantity("acres?"),
            *_money("land_value building_value assessed_value exemption taxable_value"),
            *_rate("rate_per_100"),
            *_money("tax"),
        ),
        references=(Reference("customers.csv", ("cid",), "customer_id", optional=True),),
    ),
    File(
        "vehicles.csv",
        "vehicle",
        ("property_code", "tax_year"),
        (
            *_key("property_code"),
            *_int("tax_year"),
            *_key("cid"),
            *_int("year"),
            *_text("make model vin_last4"),
            *_money("assessed_value"),
            *_rate("rate_per_100"),
            *_money("relief tax"),
        ),
        references=(_CUSTOMER,),
    ),
    File(
        "licences.csv",
        "licence",
        ("licence_no", "licence_year"),
        (
            *_key("licence_no"),
            *_int("licence_year"),
            *_key("cid"),
            *_text("trade_name owner_name location class_code class_description"),
            *_money("gross_receipts"),
            *_rate("rate_per_100"),
            *_money("tax"),
            *_word("status", "ACTIVE EXPIRED PENDING REVOKED"),
            *_date("issued", issued="issued_date"),
            *_open("expires", expires="expires_date"),
            *_text("tax_id_last4?"),
        ),
        references=(_CUSTOMER,),
    ),
    # The answer to a posting file; it changes rows of ours and has no table of its own.
    File(
        "ack.csv",
        "",
        ("batch_id", "seq"),
        (
            *_key("batch_id"),
            *_int("seq"),
            *_word("result", "POSTED REJECTED PARTIAL"),
            *_text("reason?"),
            *_date("posted_date?"),
            *_text("receipt_no?"),
        ),
    ),
)
BY_NAME = {file.name: file for file in FILES}
