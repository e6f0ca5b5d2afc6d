"""The settings themselves: a new one is a field with a default and a sentence below it."""

import base64
import binascii
import re
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from clarion.domain.addresses import Allowed
from clarion.settings.sources import ENV_FILE, SettingsError, Variables, explain


def micros(duration: timedelta) -> int:
    """The duration in whole microseconds, the unit everything below `bootstrap` counts in."""
    return duration // timedelta(microseconds=1)


def secret_keys(text: str) -> list[tuple[str, bytes]]:
    """Each key of `secret_key` with its id, in order: the first encrypts, all decrypt.

    Raises ValueError, which never quotes the text.
    """
    keys = []
    for number, part in enumerate(text.split(","), start=1):
        name, colon, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded.replace("-", "+").replace("_", "/"), validate=True)
        except binascii.Error:
            key = b""
        if not colon or not re.fullmatch(r"[A-Za-z0-9._-]{1,32}", name) or len(key) != 32:
            raise ValueError(f"key {number} must be an id, a colon and 32 bytes in base64")
        keys.append((name, key))
    if len({name for name, _ in keys}) < len(keys):
        raise ValueError("two keys have the same id")
    return keys


def _checked_keys(text: SecretStr | None) -> SecretStr | None:
    if text is not None:
        secret_keys(text.get_secret_value())
    return text


def _http_url(text: str) -> str:
    url = urlsplit(text)
    if url.scheme not in {"http", "https"} or not url.hostname or url.query or url.fragment:
        raise ValueError("must be an address such as https://example.org")
    return text.rstrip("/")


def _database_url(text: str) -> str:
    url = urlsplit(text)
    if url.scheme == "sqlite" and not url.netloc and len(url.path) > 1:
        return text
    if url.scheme == "postgresql" and url.hostname and len(url.path) > 1:
        return text
    raise ValueError("must be sqlite:////absolute/path.db or postgresql://user:password@host:port/database")


def _iso(value: Any) -> Any:
    if isinstance(value, str) and not value.startswith("P"):
        raise ValueError("must be a duration such as PT0.5S, PT30S, PT15M or P1D")
    return value


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return value


def _listed(value: Any) -> Any:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _a_minute_at_most(value: timedelta) -> timedelta:
    if value > timedelta(minutes=1):
        raise ValueError("must not be longer than PT1M: a person is waiting in the journey")
    return value


def _networks(entries: tuple[str, ...]) -> tuple[str, ...]:
    for entry in entries:
        ip_network(entry, strict=False)
    return entries


def _allowed(entries: tuple[str, ...]) -> tuple[str, ...]:
    Allowed.parse(entries)
    return entries


Duration = Annotated[timedelta, BeforeValidator(_iso), AfterValidator(_positive)]
Url = Annotated[str, AfterValidator(_http_url)]


class Group(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )


class Http(Group):
    host: str = "127.0.0.1"
    """Address that `clarion serve` listens on; 127.0.0.1 is reached from this machine only."""
    port: int = Field(8080, ge=0, le=65535)
    """Port that `clarion serve` listens on; 0 takes a free one."""
    public_url: Url | None = None
    """Where providers reach us from outside, such as https://clarion.example.org; callbacks and webhook
    signatures are made from it, never from a request's Host."""
    trusted_proxies: Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_networks)] = ()
    """Addresses or networks of the proxies in front of us, separated by commas: their X-Forwarded-For says where
    a request comes from."""


class Api(Group):
    rate: float = Field(50.0, ge=0)
    """Requests per second that one API key or session may send to one process, over time; 0: no limit."""
    burst: int = Field(200, ge=1)
    """Requests that it may send at once."""
    max_body: int = Field(1024 * 1024, ge=1024)
    """Largest JSON body, in bytes; uploads and journeys have limits of their own."""
    streams: int = Field(500, ge=1)
    """Live streams that one process keeps open at a time."""
    streams_per_caller: int = Field(20, ge=1)
    """Live streams that one API key or user may have open in one process."""


class Access(Group):
    idle: Duration = timedelta(hours=12)
    """A session that nobody used for this long has ended."""
    lifetime: Duration = timedelta(days=14)
    """A session ends this long after its user signed in, however much it is used."""


class FirstUser(Group):
    email: str = ""
    """E-mail address of the owner whom `clarion serve` makes when there is no user yet; without it, it prints a
    one-time link."""
    password: SecretStr | None = None
    """Their first password, of at least 12 characters; to be changed after signing in."""

    @model_validator(mode="after")
    def _fits_together(self) -> "FirstUser":
        if bool(self.email) != (self.password is not None):
            raise ValueError("email and password must be given together")
        return self


class Metrics(Group):
    token: SecretStr | None = None
    """What `/metrics` asks for, as `Authorization: Bearer ...`; without it only this machine itself is answered."""


class Telemetry(Group):
    endpoint: Url | None = None
    """Where spans are sent (OpenTelemetry, OTLP over HTTP), such as http://collector:4318; none without it. Needs
    `pip install 'clarion[otel]'`."""


class Log(Group):
    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least grave events that are written."""
    format: Literal["auto", "json", "console"] = "auto"
    """`json` for machines, `console` for people; `auto` is `console` on a terminal and `json` elsewhere."""


class Sending(Group):
    horizon: Duration = timedelta(seconds=1)
    """How far ahead a claim reserves slots; a new rate or a pause takes effect within it."""
    lease: Duration = timedelta(seconds=60)
    """How long claimed messages belong to a worker before another may take them."""
    mark_group: Duration = timedelta(milliseconds=20)
    """Span of slots whose marks are committed together, just before their requests start."""
    mark_lead: Duration = timedelta(milliseconds=100)
    """How long before its slot a message is marked, so that the commit is done when the slot comes."""
    mark_expiry: Duration = timedelta(seconds=5)
    """A request that has not started this long after its mark is not sent any more."""
    connect_timeout: Duration = timedelta(seconds=10)
    """Longest wait for a connection to a provider; when it passes, nothing was sent."""
    request_timeout: Duration = timedelta(seconds=30)
    """Longest wait for a provider's answer; when it passes, the message is `unknown`."""
    attempt_deadline: Duration = timedelta(seconds=60)
    """A marked message without an outcome is `unknown` after this long."""
    in_flight: int = Field(1024, ge=1)
    """Most requests that one process has open at a time."""
    max_attempts: int = Field(3, ge=1)
    """Most attempts for a message that the provider certainly did not take."""
    headroom: float = Field(0.007, ge=0, lt=1)
    """Share of a sender's rate left unused, so that jitter on the way never exceeds the provider's limit."""

    @model_validator(mode="after")
    def _fits_together(self) -> "Sending":
        if self.connect_timeout > self.request_timeout:
            raise ValueError("connect_timeout must not be longer than request_timeout")
        if self.request_timeout > self.attempt_deadline:
            raise ValueError("request_timeout must not be longer than attempt_deadline")
        if self.horizon * 2 > self.lease:
            raise ValueError(
                "lease must be at least twice horizon, or messages go back while they wait for their slot"
            )
        return self


class Engine(Group):
    sweep: Duration = timedelta(seconds=1)
    """How often the database is asked for due work that nobody was woken for."""
    heartbeat: Duration = timedelta(seconds=10)
    """How often a worker says that it is alive."""
    dead_after: Duration = timedelta(seconds=30)
    """A worker silent for this long is dead, and its work is given to others."""

    @model_validator(mode="after")
    def _fits_together(self) -> "Engine":
        if self.heartbeat * 2 > self.dead_after:
            raise ValueError(
                "dead_after must be at least twice heartbeat, or one late heartbeat is taken for a death"
            )
        return self


class Evidence(Group):
    query_after: Annotated[tuple[Duration, ...], BeforeValidator(_listed)] = (
        timedelta(seconds=30),
        timedelta(minutes=2),
        timedelta(minutes=10),
        timedelta(hours=1),
    )
    """When after an unknown outcome the provider is asked for the message: durations separated by commas."""
    quiet_after: Duration = timedelta(minutes=15)
    """Silence after which the policy `resend_if_quiet` tries again, if the sender's other messages are heard
    of."""
    unresolved_after: Duration = timedelta(hours=24)
    """An unknown message waits for a person after this long."""


class WhatsApp(Group):
    base_url: Url = "https://graph.facebook.com"
    """Where the WhatsApp Cloud API is; any server that speaks it will do."""
    version: str = Field("v26.0", pattern=r"^v\d+\.\d+$")
    """Graph API version named in every request."""


class Twilio(Group):
    base_url: Url = "https://api.twilio.com"
    """Where Twilio's main API is; any server that speaks it will do."""
    content_url: Url = "https://content.twilio.com"
    """Where Twilio's Content API (templates) is."""
    messaging_url: Url = "https://messaging.twilio.com"
    """Where Twilio's Messaging API (services and senders) is."""


class Imports(Group):
    max_bytes: int = Field(2 * 1024**3, ge=1)
    """Largest file that is imported, in bytes."""
    max_field: int = Field(200 * 1024, ge=1)
    """Largest single cell of a file, in bytes."""
    default_country: str | None = Field(None, pattern=r"^[A-Z]{2}$")
    """Country of phone numbers written without one, as two letters such as BR."""


class Calls(Group):
    allow: Annotated[tuple[str, ...], BeforeValidator(_listed), AfterValidator(_allowed)] = ()
    """Networks and hosts that journeys may call beside the public internet, separated by commas:
    `10.1.0.0/16,crm.internal`. A cloud's metadata service is among them only by its own address."""
    ports: Annotated[tuple[Annotated[int, Field(ge=1, le=65535)], ...], BeforeValidator(_listed)] = ()
    """Ports that journeys may call beside 80 and 443, separated by commas."""
    timeout: Annotated[Duration, AfterValidator(_a_minute_at_most)] = timedelta(seconds=10)
    """Longest time of a call with its whole answer and all redirects; nodes may ask for less."""
    max_answer: int = Field(256 * 1024, ge=1, le=16 * 1024**2)
    """Largest answer to a call, in bytes once it is unpacked."""
    in_flight: int = Field(50, ge=1, le=10_000)
    """Most calls that one process has open at a time, shared among the runs that want them."""


class Webhooks(Group):
    timeout: Annotated[Duration, AfterValidator(_a_minute_at_most)] = timedelta(seconds=15)
    """How long a customer's system has to answer a webhook we send it."""
    in_flight: int = Field(64, ge=1, le=10_000)
    """Most webhooks that one process is sending at a time; at most 8 of them to the same address."""


class Settings(BaseSettings):
    """Effective values. Made by `load_settings`."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    # Below the working directory, where `.env` is too: one folder is one installation, and what it knows can
    # be seen, saved and removed in one place.
    data_dir: Annotated[Path, AfterValidator(Path.absolute)] = Path("clarion-data")
    """Folder of the embedded database and of journals, relative to the working directory."""
    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        default_factory=lambda values: (
            f"sqlite:///{values['data_dir'] / 'clarion.db'}" if "data_dir" in values else ""
        )
    )
    """`sqlite:////absolute/path.db` or `postgresql://user:password@host:port/database`; by default
    `clarion.db` in `data_dir`."""
    secret_key: Annotated[SecretStr | None, AfterValidator(_checked_keys)] = None
    """Keys that encrypt senders' credentials: each an id, a colon and 32 bytes in base64, separated by
    commas. The first encrypts, all decrypt."""

    http: Http = Http()
    api: Api = Api()
    access: Access = Access()
    first_user: FirstUser = FirstUser()
    log: Log = Log()
    metrics: Metrics = Metrics()
    telemetry: Telemetry = Telemetry()
    sending: Sending = Sending()
    engine: Engine = Engine()
    evidence: Evidence = Evidence()
    whatsapp: WhatsApp = WhatsApp()
    twilio: Twilio = Twilio()
    imports: Imports = Imports()
    calls: Calls = Calls()
    webhooks: Webhooks = Webhooks()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments first, then our own reading of variables, which keeps where each value came from."""
        return init_settings, Variables(settings_cls, getattr(dotenv_settings, "env_file", None))


def load_settings(env_file: Path | None = ENV_FILE, /, **values: Any) -> Settings:
    """The settings from `values`, the environment and `env_file`, in this order of weight.

    `values` are as the model has them: `load_settings(http={"port": 0})`. Raises SettingsError, one line a
    problem.
    """
    try:
        return Settings(_env_file=env_file, **values)
    except ValidationError as error:
        raise SettingsError(explain(error, Settings, env_file)) from None
