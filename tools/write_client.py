"""Writes the Python client's models and methods from the OpenAPI document. `make docs` runs it; a test fails when they
are stale."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from clarion.api.app import describe
from tools.client_models import models
from tools.client_operations import ASYNC, SYNC, Operation, module, operations
from tools.client_types import Schema, Types, targets

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "src" / "clarion" / "client"


@cache
def files() -> Mapping[Path, str]:
    """The text of every file, by its path."""
    return made_of(describe())


def made_of(said: dict[str, Any]) -> dict[Path, str]:
    """The files of this document."""
    components = said["components"]["schemas"]
    found = list(operations(Types(components), said))
    shown = Types(components).reachable(_shown(found, components))
    types = Types(components, shown)
    sent = types.reachable(_sent(types, said, found))
    wanted = frozenset(
        each for each in shown | sent if types.page_of({"$ref": f"#/components/schemas/{each}"}) is None
    )
    found = list(operations(types, said))
    made = {
        CLIENT / "models.py": models(types, wanted),
        CLIENT / "operations.py": module(types, found, SYNC),
        CLIENT / "operations_async.py": module(types, found, ASYNC),
    }
    return {path: _formatted(path, text) for path, text in made.items()}


def _shown(found: list[Operation], components: dict[str, Schema]) -> Iterator[str]:
    for each in found:
        yield from targets(each.answer)
    yield from (
        name for name in components if name.startswith("Live") and name not in ("LiveEvent", "LiveEnd")
    )


def _sent(types: Types, document: dict[str, Any], found: list[Operation]) -> Iterator[str]:
    """What stands inside of bodies and parameters; bodies themselves are arguments."""
    names = {each.name for each in found}
    whole = {each.name for each in found if each.whole}
    for methods in document["paths"].values():
        for said in methods.values():
            if said["operationId"] not in names:
                continue
            yield from targets(said.get("parameters"))
            for body in targets(said.get("requestBody")):
                if said["operationId"] in whole:
                    yield body
                yield from targets(types.components[body].get("properties"))


def _formatted(path: Path, text: str) -> str:
    """As `ruff check --fix` (imports nobody needs) and `ruff format` leave it."""
    ruff = Path(sys.executable).with_name("ruff")
    rules = ["check", "--fix", "--quiet", "--select", "F401,I001", "--exit-zero"]
    for words in (rules, ["format", "--quiet"]):
        done = subprocess.run(  # noqa: S603  # our own linter, on text that we wrote
            [ruff, *words, "--stdin-filename", path, "-"],
            input=text.encode(),
            capture_output=True,
            check=True,
            cwd=ROOT,
        )
        text = done.stdout.decode()
    return text


if __name__ == "__main__":
    for path, text in files().items():
        path.write_text(text, encoding="utf-8")
