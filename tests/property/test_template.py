"""The quick way of filling in is the engine's, for every text and every value."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from clarion.domain import liquid
from clarion.domain.content import Text
from clarion.domain.errors import BadContent
from clarion.domain.template import compile_content

NAMES = st.sampled_from(["name", "order_id", "cidade-2", "имя", "now"])
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
LITERALS = WORDS.filter(lambda text: "{{" not in text and "{%" not in text and not text.endswith("{"))
HOLES = st.one_of(
    NAMES.map(lambda name: "{{ " + name + " }}"),
    NAMES.map(lambda name: "{{-" + name + "-}}"),
    st.tuples(
        NAMES, WORDS.filter(lambda text: "'" not in text and "}}" not in text and "%}" not in text)
    ).map(lambda pair: "{{ " + pair[0] + " | default: '" + pair[1] + "' }}"),
)
SOURCES = st.lists(st.one_of(LITERALS, HOLES), max_size=8).map("".join)
VALUES = st.one_of(
    WORDS,
    st.sampled_from(["", " ", "\r\n", "{{ name }}", "{% raw %}", "x" * 6_000]),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.text(max_size=3), max_size=2),
)


def outcome(fill: Any, variables: dict[str, Any]) -> str:
    try:
        return f"shows {fill(variables)}"
    except BadContent as refusal:
        return f"refuses: {refusal}"


@given(SOURCES, st.dictionaries(NAMES, VALUES))
def test_filling_in_quickly_gives_what_the_engine_gives(source: str, variables: dict[str, Any]) -> None:
    leaf = liquid.compile_text(source, "body")
    if leaf.fill is None:
        assert "{{" not in source
        return
    engine = liquid.engine_fill(liquid.parse(source), "body", leaf.variables)
    assert outcome(leaf.fill, variables) == outcome(engine, variables)


@given(st.lists(NAMES, min_size=1, max_size=4), st.data())
def test_R20_any_value_stands_in_the_text_exactly_as_it_is(names: list[str], data: st.DataObject) -> None:
    values = {
        name: data.draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=40)) for name in names
    }
    content = compile_content(Text("<" + "|".join("{{ " + name + " }}" for name in names) + ">")).render(
        values
    )
    assert content == Text("<" + "|".join(values[name] for name in names) + ">")
