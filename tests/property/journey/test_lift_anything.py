"""Foreign graphs of any shape: a journey and a report, or a refusal; never anything else."""

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clarion.domain.errors import BadGraph
from clarion.domain.journey.graph import read_graph
from clarion.domain.journey.lift import lift
from tests.support.lifted import JUNK, bent


@given(st.sampled_from(["platform", "platform_flat", "studio"]).flatmap(bent))
@settings(max_examples=300)
def test_a_bent_graph_becomes_a_journey_with_a_note_for_each_part_or_is_refused(data: Any) -> None:
    try:
        found = lift(orjson.dumps(data))
    except BadGraph:
        return
    read_graph(found.graph)
    told = {note.where for note in found.report}
    assert {name for name in names(data) if name} <= told
    assert all(
        note.text.endswith((".", "}}.")) and note.level in ("carried", "changed", "lost")
        for note in found.report
    )


@given(
    st.one_of(
        st.binary(max_size=60), JUNK.map(lambda junk: orjson.dumps(junk, option=orjson.OPT_NON_STR_KEYS))
    )
)
def test_what_is_no_graph_is_refused_in_one_sentence(source: bytes) -> None:
    with pytest.raises(BadGraph) as refusal:
        lift(source)
    assert str(refusal.value).startswith("The journey cannot be used: ")


def names(data: Any) -> set[str]:
    """The ids of the parts that have one."""
    parts, key = (data["states"], "name") if isinstance(data.get("states"), list) else (data["nodes"], "id")
    return {part[key] for part in parts if isinstance(part, dict) and isinstance(part.get(key), str)}
