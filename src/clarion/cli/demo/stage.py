"""Where the demo plays: what was asked for, the folders, the settings of both child processes."""

import json
import math
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from clarion.cli.base import BadOption
from clarion.cli.demo.journey.sample import PEOPLE
from clarion.cli.demo.processes import free_port
from clarion.settings import Settings, load_settings
from clarion.sim.config import ConfigError, SimConfig, merged

WORKSPACE = "demo-"
"""What the names of workspaces made by demos on a shared database begin with."""

FAULTS: Mapping[str, Mapping[str, Any]] = {
    "none": {},
    "provider": {
        "faults": {"accept_then_timeout": 0.05, "provider_5xx": 0.02, "timeout_ms": None},
        "receipts": {"late": 0.2, "late_ms": 3_000, "repeated": 0.1, "shuffled": 0.1, "reversed": 0.1},
    },
    "bare": {"faults": {"reset_before_accept": 0.02, "html_5xx_before_accept": 0.02}},
}
"""What goes wrong at the simulator, by the name `--faults` takes."""

_IMPATIENT = {"CLARION_SENDING__CONNECT_TIMEOUT": "PT2S", "CLARION_SENDING__REQUEST_TIMEOUT": "PT4S"}
"""With faults: otherwise every withheld answer would be awaited for 30 s."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asked for. `rate` is messages per second, 0 for no limit.

    `journey`: the sample journey instead of a campaign; `contacts` are then people, not rows.
    """

    contacts: int
    rate: float
    provider: Literal["whatsapp", "twilio"]
    faults: str
    seed: int
    keep: Path | None
    once: bool
    journey: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """Folders, addresses and settings of one run. `shared`: the database was given and holds other things too."""

    options: Options
    folder: Path
    shared: bool
    workspace: str
    port: int

    @property
    def url(self) -> str:
        """Where `clarion serve` listens."""
        return f"http://127.0.0.1:{self.port}"

    def sim_config(self) -> SimConfig:
        """The simulator's settings. Raises BadOption."""
        return sim_config(self.options, self.url)

    def environment(self, sim_url: str, api_url: str = "") -> dict[str, str]:
        """The variables `clarion serve` runs with, over those that are set. `api_url`: what journeys may call."""
        own = load_settings()
        data = own.data_dir if self.shared else self.folder / "data"
        return {
            "CLARION_DATA_DIR": str(data),
            "CLARION_DATABASE_URL": own.database_url if self.shared else f"sqlite:///{data / 'clarion.db'}",
            "CLARION_HTTP__HOST": "127.0.0.1",
            "CLARION_HTTP__PORT": str(self.port),
            "CLARION_HTTP__PUBLIC_URL": self.url,
            "CLARION_WHATSAPP__BASE_URL": sim_url,
            "CLARION_TWILIO__BASE_URL": sim_url,
            "CLARION_TWILIO__CONTENT_URL": sim_url,
            "CLARION_TWILIO__MESSAGING_URL": sim_url,
            "CLARION_ENGINE__SWEEP": "PT1S",
            "CLARION_LOG__FORMAT": "json",
            **({} if self.options.faults == "none" else _IMPATIENT),
            **(_allowed(api_url) if api_url else {}),
        }


def set_stage(options: Options) -> Stage:
    """A fresh folder, and a free port. Raises BadOption for --faults, and for --keep with a folder in use."""
    sim_config(options, "http://127.0.0.1")  # a wrong --faults leaves no folder behind
    if options.keep is None:
        folder = Path(tempfile.mkdtemp(prefix="clarion-demo-"))
    else:
        folder = options.keep.absolute()
        if folder.exists() and any(folder.iterdir()):
            raise BadOption(f"--keep: {folder} is not empty; name a new folder.")
    (folder / "data").mkdir(parents=True, exist_ok=True)
    own = load_settings()
    shared = own.database_url != f"sqlite:///{own.data_dir / 'clarion.db'}"
    workspace = f"{WORKSPACE}{datetime.now(UTC):%Y%m%d-%H%M%S-%f}" if shared else "default"
    return Stage(options, folder, shared, workspace, free_port())


def _allowed(api_url: str) -> dict[str, str]:
    """The guarded client calls no address of this machine's unless its operator says so."""
    url = urlsplit(api_url)
    return {"CLARION_CALLS__ALLOW": str(url.hostname), "CLARION_CALLS__PORTS": str(url.port)}


def sim_config(options: Options, serve_url: str) -> SimConfig:
    """A simulator that calls `serve_url` and enforces exactly the rate that is asked for. Raises BadOption."""
    limit = max(1, math.ceil(options.rate)) if options.rate else None
    patch: dict[str, Any] = {
        "seed": options.seed,
        "whatsapp": {"rate": limit, "webhook_url": f"{serve_url}/webhooks/whatsapp"},
        "twilio": {"rate": limit, "inbound_url": f"{serve_url}/webhooks/twilio"},
    }
    if options.journey:
        patch |= {"people": PEOPLE, "ledger_texts": True}
    try:
        return merged(merged(SimConfig(), patch), _faults(options.faults))
    except ConfigError as error:
        raise BadOption(f"--faults {options.faults}: {error}") from None


def settings_of(environment: Mapping[str, str]) -> Settings:
    """The settings that a process started with these variables over ours would have.

    They are put into our own environment, so that everything read from it afterwards agrees.
    """
    for name, value in environment.items():
        os.environ.pop(f"{name}_FILE", None)
        os.environ[name] = value
    return load_settings()


def _faults(name: str) -> Mapping[str, Any]:
    if name in FAULTS:
        return FAULTS[name]
    path = Path(name)
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        known = ", ".join(FAULTS)
        raise BadOption(f"--faults {name}: neither one of {known} nor a file ({error.strerror}).") from None
    except ValueError as error:
        raise BadOption(f"--faults: {path} is not JSON: {error}.") from None
    if not isinstance(read, dict):
        raise BadOption(f"--faults: {path} must hold a JSON object of the simulator's settings.")
    return read
