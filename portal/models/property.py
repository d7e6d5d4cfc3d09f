"""Tax and licence rows, accepted and kept for the modules that will show them."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, Numeric
from sqlmodel import Field, SQLModel

from portal.models.base import cents, ref, words


class Parcel(SQLModel, table=True):
    """Land and buildings in one tax year (exchange: parcels.csv)."""

    __tablename__ = "parcel"
    parcel_id: str = Field(primary_key=True)
    tax_year: int = Field(primary_key=True)
    alternate_id: str = words(default="")
    location: str = words()
    unit: str = words(default="")
    legal_description: str = words(default="")
    owner_of_record: str = words()
    owner_as_of: date
    customer_id: UUID | None = ref("customer.id", default=None)
    jurisdiction: str = words(default="")
    acres: Decimal | None = Field(default=None, sa_type=Numeric)
    land_value_cents: int = cents()
    building_value_cents: int = cents()
    assessed_value_cents: int = cents()
    exemption_cents: int = cents()
    taxable_value_cents: int = cents()
    rate_per_100: Decimal = Field(sa_type=Numeric)
    tax_cents: int = cents()


class Vehicle(SQLModel, table=True):
    """A taxed vehicle in one tax year (exchange: vehicles.csv)."""

    __tablename__ = "vehicle"
    property_code: str = Field(primary_key=True)
    tax_year: int = Field(primary_key=True)
    customer_id: UUID = ref("customer.id")
    year: int
    make: str = words()
    model: str = words()
    vin_last4: str = words()
    assessed_value_cents: int = cents()
    rate_per_100: Decimal = Field(sa_type=Numeric)
    relief_cents: int = cents()
    tax_cents: int = cents()


class Licence(SQLModel, table=True):
    """A business licence in one year (exchange: licences.csv)."""

    __tablename__ = "licence"
    __table_args__ = (
        CheckConstraint("status IN ('ACTIVE','EXPIRED','PENDING','REVOKED')", name="status"),
    )
    licence_no: str = Field(primary_key=True)
    licence_year: int = Field(primary_key=True)
    customer_id: UUID = ref("customer.id")
    trade_name: str = words()
    owner_name: str = words()
    location: str = words()
    class_code: str = words()
    class_description: str = words()
    gross_receipts_cents: int = cents()
    rate_per_100: Decimal = Field(sa_type=Numeric)
    tax_cents: int = cents()
    status: str = words()
    issued_date: date | None = None
    expires_date: date | None = None
    tax_id_last4: str = words(default="")
