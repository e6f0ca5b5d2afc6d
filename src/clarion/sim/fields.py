"""The kinds of values a configuration is made of."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Millis = Annotated[float, Field(ge=0)]
Rate = Annotated[int, Field(ge=1, le=100_000)]
Recipient = Annotated[str, Field(pattern=r"^(\+\d{5,15}|[A-Z]{2}\.[A-Za-z0-9.]{1,135})$")]
Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]
Digits = Annotated[str, Field(pattern=r"^\d{1,32}$")]


class Model(BaseModel):
    """A group of settings: fixed once made, and without names it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Span(Model):
    """A duration drawn evenly between two bounds."""

    low_ms: Millis = Field(description="At least.")
    high_ms: Millis = Field(description="At most.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low_ms > self.high_ms:
            raise ValueError(f"low_ms ({self.low_ms:g}) must not be above high_ms ({self.high_ms:g})")
        return self

    def seconds(self, luck: float) -> float:
        """The duration for a draw in [0, 1)."""
        return (self.low_ms + luck * (self.high_ms - self.low_ms)) / 1000
