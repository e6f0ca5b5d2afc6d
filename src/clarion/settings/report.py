"""What `clarion doctor` shows of the settings: effective values, where they came from, and what is wrong."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr, TypeAdapter

from clarion.settings.model import Settings, load_settings
from clarion.settings.sources import ENV_FILE, Leaf, leaves, masked, read

WARN_BEFORE_END = timedelta(days=90)
GRAPH_VERSIONS_END: Mapping[str, date | None] = MappingProxyType(
    {
        "v20.0": date(2026, 9, 24),
        "v21.0": date(2027, 1, 21),
        "v22.0": date(2027, 5, 20),
        "v23.0": date(2027, 10, 8),
        "v24.0": date(2028, 2, 18),
        "v25.0": date(2028, 7, 29),
        "v26.0": None,  # not announced
    }
)
"""When Meta stops serving a Graph API version; from then on it answers as the next one, unasked.

Source: developers.facebook.com/docs/graph-api/changelog, read 2026-11.
"""


@dataclass(frozen=True)
class Setting:
    """One line of the report."""

    name: str
    """Such as `http.port`; for an unknown variable, the variable."""
    env: str
    """The variable that sets it."""
    value: str
    """Effective, with secrets masked; empty when there is none."""
    source: str
    """`default`, `environment`, `.env`, `file <path>` or `argument`."""
    description: str
    problem: str | None
    """What is wrong and how to mend it."""


def describe(
    settings: Settings, env_file: Path | None = ENV_FILE, today: date | None = None
) -> list[Setting]:
    """Every setting as it is in force, then every CLARION_ variable that is none. Raises SettingsError as
    loading does."""
    found, written = read(env_file)
    loaded = load_settings(env_file)
    problems = _problems(settings, today or datetime.now(UTC).date())
    report = []
    for leaf in leaves(Settings):
        value = _value(settings, leaf)
        source = found[leaf.variable].source if leaf.variable in found else "default"
        if value != _value(loaded, leaf):
            source = "argument"
        problem = problems.get(leaf.name)
        report.append(Setting(leaf.name, leaf.variable, shown(leaf, value), source, meaning(leaf), problem))
    known = {leaf.variable for leaf in leaves(Settings)}
    for name, source in sorted(written.items()):
        if name.removesuffix("_FILE") not in known:
            report.append(Setting(name, name, "", source, "", _unknown(name, known)))
    return report


def shown(leaf: Leaf, value: Any) -> str:
    """A value as it would be written in a variable, secrets masked."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ",".join(shown(leaf, part) for part in value)
    if isinstance(value, timedelta):
        return str(TypeAdapter(timedelta).dump_python(value, mode="json"))
    return masked(leaf, value.get_secret_value() if isinstance(value, SecretStr) else str(value))


def meaning(leaf: Leaf) -> str:
    """The sentence below the field, on one line."""
    return " ".join((leaf.field.description or "").split())


def _value(settings: BaseModel, leaf: Leaf) -> Any:
    value: Any = settings
    for name in leaf.path:
        value = getattr(value, name)
    return value


def _problems(settings: Settings, today: date) -> dict[str, str]:
    found = {"whatsapp.version": _version_problem(settings.whatsapp.version, today)}
    public = urlsplit(settings.http.public_url or "")
    if public.scheme == "http" and public.hostname not in {"127.0.0.1", "localhost", "::1"}:
        found["http.public_url"] = "Providers deliver webhooks to https addresses only."
    return {name: problem for name, problem in found.items() if problem}


def _version_problem(version: str, today: date) -> str | None:
    if version not in GRAPH_VERSIONS_END:
        known = ", ".join(GRAPH_VERSIONS_END)
        return f"This release does not know {version}, only {known}; check that Meta serves it."
    end = GRAPH_VERSIONS_END[version]
    if end is None or today < end - WARN_BEFORE_END:
        return None
    if today < end:
        return f"Meta stops serving {version} on {end}; move to a newer version before."
    return f"Meta stopped serving {version} on {end} and answers as another version; set a newer one."


def _unknown(name: str, known: set[str]) -> str:
    base = name.removesuffix("_FILE")
    near = difflib.get_close_matches(base, known, n=1)
    if near:
        return f"There is no such setting; did you mean {near[0]}{name.removeprefix(base)}?"
    return "There is no such setting; remove it."
