"""What every table of a city's file is built on."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A table of the file: unknown keys are refused, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid")
