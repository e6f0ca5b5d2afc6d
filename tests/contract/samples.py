"""The recorded requests, answers and webhooks of both providers; what each is, manifest.json says."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "data" / "providers"
MANIFEST: dict[str, dict[str, Any]] = {
    entry["file"]: entry for entry in json.loads((FOLDER / "manifest.json").read_text("utf-8"))["files"]
}

ACCOUNT_SID = "AC000000000000000000000000e5a3b1c7"
SERVICE = "MG111111111111111111111111aa11bb22"
NUMBER_ID = "200300400500600"


def raw(file: str) -> bytes:
    """The sample's bytes."""
    return (FOLDER / file).read_bytes()


def data(file: str) -> Any:
    """The sample as JSON."""
    return json.loads(raw(file))


def status(file: str) -> int:
    """The HTTP status a response sample came with."""
    return int(MANIFEST[file]["http_status"])


def named(prefix: str, kind: str) -> list[str]:
    """All samples of a kind whose name begins so."""
    return sorted(
        file for file, entry in MANIFEST.items() if file.startswith(prefix) and entry["kind"] == kind
    )
