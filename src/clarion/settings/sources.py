"""Where values come from: variables of the environment, a `.env` file, and files that variables name."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from dotenv import dotenv_values
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

PREFIX = "CLARION_"
NOT_OURS = "CLARION_TEST_"  # the test suite's own variables
ENV_FILE = Path(".env")


class SettingsError(Exception):
    """A setting that cannot be used: its name, its value and why, one line each."""


@dataclass(frozen=True)
class Found:
    """A variable that was set, and where."""

    value: str
    source: str


@dataclass(frozen=True)
class Leaf:
    """One setting of a model: its path, such as `("http", "port")`, and its field."""

    path: tuple[str, ...]
    field: FieldInfo

    @property
    def name(self) -> str:
        """Its name, such as `http.port`."""
        return ".".join(self.path)

    @property
    def variable(self) -> str:
        """The variable that sets it, such as `CLARION_HTTP__PORT`."""
        return PREFIX + "__".join(self.path).upper()

    @property
    def secret(self) -> bool:
        """Whether its value must never be shown."""
        return SecretStr in (self.field.annotation, *get_args(self.field.annotation))


def leaves(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Every setting of a model and of the groups in it, in the order they are written."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from leaves(field.annotation, (*above, name))
        else:
            yield Leaf((*above, name), field)


def read(env_file: Path | None) -> tuple[dict[str, Found], dict[str, str]]:
    """The variables that are set and not empty, and those among them that name a file.

    Returns values by variable, `NAME_FILE` already read into `NAME`, and the same for sources of variables as
    written. Raises SettingsError for a file that cannot be read and a variable given both ways.
    """
    found: dict[str, Found] = {}
    written: dict[str, str] = {}
    for source, variables in ((str(env_file), _dotenv(env_file)), ("environment", os.environ)):
        ours = {
            n: v for n, v in variables.items() if n.startswith(PREFIX) and not n.startswith(NOT_OURS) and v
        }
        written |= dict.fromkeys(ours, source)
        for name, value in ours.items():
            base = name.removesuffix("_FILE")
            if base == name:
                found[name] = Found(value, source)
            elif base in ours:
                raise SettingsError(f"{base} and {name} are both set in {source}; keep one.")
            else:
                found[base] = Found(_content(name, value), f"file {value}")
    return found, written


def _dotenv(path: Path | None) -> Mapping[str, str | None]:
    if path is None or not path.is_file():
        return {}
    try:
        return dotenv_values(path, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error


def _content(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"{name}={path}: the file cannot be read: {reason}") from error


class Variables(PydanticBaseSettingsSource):
    """Values for a settings model from its variables; unknown ones are left to `describe` to name."""

    def __init__(self, model: type[BaseSettings], env_file: Any) -> None:
        super().__init__(model)
        self._env_file = env_file

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """No value for a single field: `__call__` gives all values at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The values that are set, nested as the model is."""
        found, _ = read(self._env_file)
        values: dict[str, Any] = {}
        for leaf in leaves(self.settings_cls):
            if leaf.variable in found:
                group = values
                for name in leaf.path[:-1]:
                    group = group.setdefault(name, {})
                group[leaf.path[-1]] = found[leaf.variable].value
        return values


def masked(leaf: Leaf, value: str) -> str:
    """The value as it may be shown: no secrets, no passwords in addresses."""
    return "***" if leaf.secret and value else re.sub(r"(://[^/@:]*):[^/]*@", r"\1:***@", value)


def explain(error: ValidationError, model: type[BaseModel], env_file: Path | None) -> str:
    """One line for each problem: the variable, its value, where it was set, and why it cannot be used."""
    found, _ = read(env_file)
    lines = []
    for problem in error.errors(include_url=False, include_context=False):
        path = tuple(str(part) for part in problem["loc"])
        # A path may go on below a setting (the second of a list) or end at a group (settings that do not fit
        # together).
        concerned = [
            leaf
            for leaf in leaves(model)
            if leaf.path == path[: len(leaf.path)] or leaf.path[: len(path)] == path
        ]
        given = [
            f"{leaf.variable}={masked(leaf, found[leaf.variable].value)} ({found[leaf.variable].source})"
            for leaf in concerned
            if leaf.variable in found
        ]
        why = problem["msg"].removeprefix("Value error, ")
        lines.append(f"{', '.join(given) or '.'.join(path)}: {why}")
    return "\n".join(lines)
