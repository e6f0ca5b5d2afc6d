"""`clarion sim`: both providers' real HTTP on this machine, with a ledger and faults."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from clarion.cli.base import BadOption
from clarion.sim.config import ConfigError, SimConfig, load_config, merged
from clarion.sim.server import run


def sim(
    config: Annotated[
        Path | None, typer.Option(help="A .toml or .json file with everything that can be set.")
    ] = None,
    values: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="One setting over it, such as whatsapp.rate=60."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Repeat another run's luck.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8090,
    ledger: Annotated[
        Path | None, typer.Option(help="Append every send request to this file, as JSON lines.")
    ] = None,
) -> None:
    """Stand in for WhatsApp and Twilio until Ctrl-C. Settings can be changed while it runs: GET /_sim."""
    chosen = sim_config(config, values or (), seed)
    try:
        run(chosen, host=host, port=port, ledger_path=ledger)
    except OSError as error:
        reason = f"{host}:{port} cannot be listened on: {error.strerror or error}"
        raise BadOption(f"{reason}. Choose another --port, or 0 for a free one.") from None


def sim_config(file: Path | None, values: Sequence[str], seed: int | None) -> SimConfig:
    """The file's settings, or a working demo's, with `values` over them. Raises BadOption naming each field."""
    patch: dict[str, Any] = {} if seed is None else {"seed": seed}
    for value in values:
        _put(patch, value)
    try:
        return merged(load_config(file) if file else SimConfig(), patch)
    except ConfigError as error:
        raise BadOption(f"The simulator's settings cannot be used: {error}") from None


def _put(patch: dict[str, Any], text: str) -> None:
    name, equals, written = text.partition("=")
    *above, last = name.strip().split(".")
    if not equals or not last:
        raise BadOption(
            f"--set {text!r}: write NAME=VALUE, such as whatsapp.rate=60 or faults.provider_5xx=0.02."
        )
    inner = patch
    for part in above:
        inner = inner.setdefault(part, {})
    try:
        inner[last] = json.loads(written)
    except ValueError:
        inner[last] = written  # a word needs no quotes
