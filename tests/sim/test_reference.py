"""The reference names every setting with its default, every endpoint, every fault and every figure."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from clarion.sim.config import SimConfig
from clarion.sim.faults import Fault
from clarion.sim.ledger import Ledger
from clarion.sim.server import Simulator

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "simulator.md").read_text("utf-8")


def fields(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Each setting's path and default."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from fields(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


@pytest.mark.parametrize(("path", "default"), list(fields(SimConfig())), ids=lambda value: str(value)[:40])
def test_a_setting_is_described_with_its_default(path: str, default: object) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith(f"| `{path}` |")]
    assert len(rows) == 1
    if isinstance(default, bool | int | float | str):
        shown = str(default).lower() if isinstance(default, bool) else f"{default}".removesuffix(".0")
        assert f"| `{shown}` |" in rows[0].replace(",", "")
    assert len(rows[0].split("|")[-2].strip()) > 5, "say what it means"


@pytest.mark.parametrize("fault", Fault)
def test_a_fault_is_described(fault: Fault) -> None:
    assert f"| `faults.{fault}` |" in PAGE


def test_endpoints_and_figures_are_described() -> None:
    for endpoint in Simulator().endpoints:
        assert f"`{endpoint}" in PAGE, endpoint
    for figure in Ledger().total.as_dict(0):
        assert f"`{figure}`" in PAGE, figure
