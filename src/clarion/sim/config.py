"""Everything that can be set, with its default: a file at the start, `/_sim/config` while running.

Durations end in `_ms` (milliseconds), shares lie between 0 and 1, and every choice made by a share is
fixed by `seed`, recipient and attempt.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import BaseModel, Field, ValidationError, model_validator

from clarion.sim.accounts import TwilioSettings, WhatsAppSettings
from clarion.sim.faults import Fault
from clarion.sim.fields import Millis, Model, Recipient, Share, Span
from clarion.sim.habits import People

M = TypeVar("M", bound=BaseModel)


class ConfigError(ValueError):
    """Values that cannot be used; `problems` names each field with what is wrong and what was given."""

    def __init__(self, problems: list[dict[str, object]]) -> None:
        super().__init__("; ".join(f"{p['field']}: {p['problem']} (given: {p['given']!r})" for p in problems))
        self.problems = problems


class Latency(Model):
    """How long a send request waits for its answer."""

    kind: Literal["fixed", "uniform", "lognormal"] = Field(
        "uniform", description="`fixed`, `uniform` or `lognormal`."
    )
    fixed_ms: Millis = Field(200, description="With kind fixed.")
    low_ms: Millis = Field(100, description="With kind uniform.")
    high_ms: Millis = Field(500, description="With kind uniform.")
    median_ms: Annotated[float, Field(gt=0)] = Field(200, description="With kind lognormal.")
    sigma: Millis = Field(0.5, description="With kind lognormal: the spread of the logarithm, no unit.")
    cap_ms: Millis = Field(30_000, description="With kind lognormal: never longer than this.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.low_ms > self.high_ms:
            raise ValueError(f"low_ms ({self.low_ms:g}) must not be above high_ms ({self.high_ms:g})")
        return self


class Faults(Model):
    """The share of send requests that go wrong in each way; one request suffers at most one."""

    reset_before_accept: Share = Field(0, description="Connection reset; the provider has nothing.")
    html_5xx_before_accept: Share = Field(
        0, description="Bare 5xx with an HTML body; the provider has nothing."
    )
    provider_5xx: Share = Field(0, description="5xx in the provider's own envelope; not accepted.")
    accept_then_timeout: Share = Field(0, description="Accepted, receipts come, the answer does not.")
    reset_after_accept: Share = Field(0, description="Accepted, then the connection is reset.")
    html_5xx_after_accept: Share = Field(0, description="Accepted, then a bare 5xx with an HTML body.")
    empty_2xx: Share = Field(0, description="Accepted; a 2xx without a body.")
    broken_2xx: Share = Field(0, description="Accepted; a 2xx whose body is cut off.")
    timeout_ms: Millis | None = Field(
        60_000, description="When the withheld answer comes after all; null: never."
    )
    html_status: Annotated[int, Field(ge=500, le=599)] = Field(503, description="HTTP status of a bare 5xx.")
    whatsapp_5xx_code: Literal[131000, 131016, 131057, 2] = Field(
        131000, description="WhatsApp's provider_5xx."
    )
    twilio_5xx_code: Literal[20500, 20503] = Field(20500, description="Twilio's provider_5xx.")
    first_attempts: Annotated[int, Field(ge=0)] | None = Field(
        None, description="Shares strike only the first so many attempts to a recipient; null: every attempt."
    )
    recipients: dict[Recipient, Fault] = Field(
        {}, description="Recipients whose every attempt suffers this fault."
    )

    @model_validator(mode="after")
    def _at_most_all(self) -> Self:
        total = sum(getattr(self, fault.value) for fault in Fault)
        if total > 1 + 1e-9:
            raise ValueError(f"the shares add up to {total:g}, but a request suffers at most one fault")
        return self

    @cached_property
    def borders(self) -> tuple[tuple[float, Fault], ...]:
        """Upper border of each fault's part of [0, 1), for the faults that occur."""
        borders: list[tuple[float, Fault]] = []
        for fault in Fault:
            if share := getattr(self, fault.value):
                borders.append(((borders[-1][0] if borders else 0.0) + share, fault))
        return tuple(borders)


class Receipts(Model):
    """When status callbacks come, and how they go wrong. Steps are counted from the HTTP answer."""

    sent: Span = Field(Span(low_ms=20, high_ms=200), description="From the answer.")
    delivered: Span = Field(Span(low_ms=100, high_ms=1_000), description="From sent.")
    read: Span = Field(Span(low_ms=500, high_ms=5_000), description="From delivered.")
    missing: Share = Field(0, description="Single callbacks that never come, though the thing happened.")
    repeated: Share = Field(0, description="Single callbacks that come twice.")
    reversed: Share = Field(0, description="Messages whose callbacks come last first.")
    shuffled: Share = Field(0, description="Messages whose callbacks come in any order.")
    late: Share = Field(0, description="Messages whose callbacks are all late by late_ms.")
    late_ms: Millis = Field(10_000, description="How late.")
    before_answer: Share = Field(
        0, description="Messages whose first callback leaves before the HTTP answer."
    )
    skip_delivered: Share = Field(
        0, description="Messages whose delivered callback is left out because they were read."
    )

    @cached_property
    def plain(self) -> bool:
        """Whether each callback comes once, in order and as it happens."""
        odd = (self.missing, self.repeated, self.reversed, self.shuffled, self.late, self.skip_delivered)
        return not any(odd)


class Delivery(Model):
    """How webhooks are posted."""

    batch_max: Annotated[int, Field(ge=1, le=1000)] = Field(
        100, description="Most WhatsApp updates in one POST."
    )
    batch_wait_ms: Millis = Field(50, description="How long a WhatsApp update waits for company.")
    connections: Annotated[int, Field(ge=1, le=1000)] = Field(32, description="POSTs under way at once.")
    timeout_ms: Annotated[float, Field(gt=0)] = Field(15_000, description="For one POST.")
    connect_timeout_ms: Annotated[float, Field(gt=0)] = Field(5_000, description="For opening a connection.")
    retry_ms: Annotated[float, Field(gt=0)] = Field(
        1_000, description="Second retry of WhatsApp; the first is at once."
    )
    retry_factor: Annotated[float, Field(ge=1)] = Field(2, description="Growth of the gaps between retries.")
    retry_horizon_s: Annotated[float, Field(ge=0)] = Field(
        604_800, description="WhatsApp gives up after 7 days."
    )
    clock: Annotated[float, Field(gt=0)] = Field(1, description="Retry gaps and horizon are divided by this.")


class SimConfig(Model):
    """The whole configuration; `SimConfig()` is a working demo."""

    seed: int = Field(1, description="Another number makes other choices, the same number the same.")
    ledger_texts: bool = Field(False, description="The ledger keeps what each accepted message says.")
    latency: Latency = Latency()
    faults: Faults = Faults()
    people: People = People()
    receipts: Receipts = Receipts()
    delivery: Delivery = Delivery()
    whatsapp: WhatsAppSettings = WhatsAppSettings()
    twilio: TwilioSettings = TwilioSettings()

    @cached_property
    def reads(self) -> bool:
        """Whether it matters what messages say."""
        return self.ledger_texts or bool(self.people.conversations)


def check(model: type[M], values: object) -> M:
    """`values` (parsed JSON or TOML) as a `model`. Raises ConfigError."""
    try:
        return model.model_validate_json(json.dumps(values, default=str))
    except ValidationError as error:
        raise ConfigError(
            [
                {
                    "field": ".".join(map(str, problem["loc"])) or "(the whole)",
                    "problem": problem["msg"].removeprefix("Value error, "),
                    "given": problem["input"],
                }
                for problem in error.errors(include_url=False, include_context=False)
            ]
        ) from None


def load_config(path: Path) -> SimConfig:
    """Read a `.toml` or `.json` file. Raises ConfigError, also when it is missing or cannot be parsed."""
    try:
        text = path.read_text("utf-8")
        values = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        raise ConfigError([{"field": "(file)", "problem": str(error), "given": str(path)}]) from None
    return check(SimConfig, values)


def merged(config: SimConfig, patch: Mapping[str, object]) -> SimConfig:
    """`config` with the patch's values; objects merge, lists and values replace. Raises ConfigError."""
    return check(SimConfig, _merge(config.model_dump(mode="json"), patch))


def _merge(base: Mapping[str, object], patch: Mapping[str, object]) -> dict[str, object]:
    result = dict(base)
    for key, value in patch.items():
        held = result.get(key)
        result[key] = _merge(held, value) if isinstance(held, dict) and isinstance(value, dict) else value
    return result
