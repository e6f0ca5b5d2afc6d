"""`python -m clarion.sim --port 8090 --config sim.toml --ledger ledger.jsonl`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from clarion.sim.config import ConfigError, SimConfig, load_config
from clarion.sim.server import run


def main(arguments: list[str] | None = None) -> int:
    """Run the simulator until it is told to stop; 2 when its settings are wrong, 1 when the port is taken."""
    parser = argparse.ArgumentParser(
        prog="clarion.sim", description="Simulate WhatsApp and Twilio over real HTTP."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8090, help="0 takes a free one")
    parser.add_argument("--config", type=Path, help="a .toml or .json file")
    parser.add_argument("--ledger", type=Path, help="append every send request to this file, as JSON lines")
    given = parser.parse_args(arguments)
    try:
        config = load_config(given.config) if given.config else SimConfig()
    except ConfigError as error:
        for problem in error.problems:
            print(f"{given.config}: {problem['field']}: {problem['problem']}", file=sys.stderr)
        return 2
    try:
        run(config, host=given.host, port=given.port, ledger_path=given.ledger)
    except OSError as error:
        print(f"Cannot serve on {given.host}:{given.port}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
