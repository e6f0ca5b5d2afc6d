"""docs/reference/providers.md names every field, setting and error code as the code has them."""

import json
from pathlib import Path

import pytest

from clarion.providers.registry import PROVIDERS

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "reference" / "providers.md"
MARKS = {"opt_out": " (opt-out)", "cap": " (24-hour cap)"}


def _rows(name: str) -> list[str]:
    kind = PROVIDERS[name]
    rows = [
        f"| `{field.name}` | {field.place} | {'yes' if field.required else 'no'} | {field.help} |"
        for field in kind.fields
    ]
    rows += [f"| `{setting.name}` | `{setting.default}` | {setting.help} |" for setting in kind.settings]
    codes = json.loads((ROOT / "src/clarion/providers" / name / "codes.json").read_text("utf-8"))
    for code, row in codes.items():
        marks = "".join(mark for key, mark in MARKS.items() if row.get(key))
        wait = f" (wait {row['retry_after']} s)" if row.get("retry_after") else ""
        outcome = row["outcome"].replace("_", " ") + marks + wait
        rows.append(f"| {code} | {row['kind']} | {outcome} | {row['reason']} |")
    return rows


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_reference_has_every_row_and_no_other(name: str) -> None:
    _, _, chapter = PAGE.read_text("utf-8").partition(f"(`{name}`)")
    chapter = chapter.partition("\n## ")[0]
    written = [line for line in chapter.splitlines() if line.startswith("| ") and not _is_heading(line)]
    assert written == _rows(name)


def _is_heading(line: str) -> bool:
    return line.startswith(("| Field", "| Setting", "| Code"))
