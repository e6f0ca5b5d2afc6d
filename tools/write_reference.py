"""Writes the pages of the reference that are made from code. `make docs` runs it; a test fails when one is
stale."""

import json
from functools import cache
from pathlib import Path

from pydantic_core import PydanticUndefined

from clarion import metrics
from clarion.api import errors
from clarion.api.app import describe
from clarion.cli import reference
from clarion.cli.main import mount
from clarion.domain import news_reference
from clarion.domain.journey import reference as journey
from clarion.log_events import EVENTS
from clarion.settings.model import Settings
from clarion.settings.report import meaning, shown
from clarion.settings.sources import Leaf, leaves

REFERENCE = Path(__file__).resolve().parent.parent / "docs" / "reference"
NOTE = "<!-- Written by `make docs` from {source}; change it there. -->"


def pages() -> dict[Path, str]:
    """The text of every page, by its path."""
    return {
        REFERENCE / "settings.md": settings(),
        REFERENCE / "log-events.md": log_events(),
        REFERENCE / "cli.md": _commands(),
        REFERENCE / "nodes.md": journey.page(),
        REFERENCE / "metrics.md": metrics.page(),
        REFERENCE / "webhook-events.md": news_reference.page(),
        REFERENCE / "errors.md": errors.page(),
        REFERENCE / "openapi.json": json.dumps(describe(), indent=1, ensure_ascii=False) + "\n",
    }


@cache
def _commands() -> str:
    return reference.page(mount())


def settings() -> str:
    """The page of settings, a table for each group."""
    lines = [
        "# Settings",
        "",
        NOTE.format(source="src/clarion/settings/model.py"),
        "",
        "Each is a variable of the environment, or a line of a file `.env` in the working directory; the",
        "environment wins. `NAME_FILE` names a file that holds the value of `NAME`, as container secrets do.",
        "An empty value is no value. Durations are ISO 8601: `PT0.02S`, `PT30S`, `PT15M`, `P1D`.",
        "`clarion doctor` shows what is in force, where it came from, and variables that are misspelt.",
    ]
    group = None
    for leaf in leaves(Settings):
        if leaf.path[:-1] != group:
            group = leaf.path[:-1]
            title = group[0] if group else "general"
            lines += ["", f"## {title}", "", "| Variable | Default | Meaning |", "|---|---|---|"]
        lines.append(f"| `{leaf.variable}` | {_default(leaf)} | {_cell(meaning(leaf))} |")
    return "\n".join(lines) + "\n"


def log_events() -> str:
    """The page of log events."""
    lines = [
        "# Log events",
        "",
        NOTE.format(source="src/clarion/log_events.py"),
        "",
        "Every line of the log has `timestamp` (UTC), `level` and `event`, one of these names. Other fields",
        "are ids, and numbers that carry their unit (`took_ms`). Phone numbers, texts and credentials are",
        "masked.",
        "",
        "| Event | Meaning |",
        "|---|---|",
        *(f"| `{name}` | {_cell(sentence)} |" for name, sentence in sorted(EVENTS.items())),
    ]
    return "\n".join(lines) + "\n"


def _default(leaf: Leaf) -> str:
    value = leaf.field.default
    text = "" if value is PydanticUndefined else shown(leaf, value)
    return f"`{text}`" if text else "none"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
