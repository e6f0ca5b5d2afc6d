"""Content round-trips through JSON, and says which field is wrong when it cannot be read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clarion.domain.content import (
    ButtonParameter,
    Buttons,
    Choice,
    Content,
    ListPicker,
    Media,
    Parameter,
    Section,
    Template,
    Text,
    from_json,
    map_text,
    to_json,
)
from clarion.domain.errors import BadContent

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
medias = st.builds(Media, st.sampled_from(["image", "video", "audio", "document", "sticker"]), *[texts] * 4)
choices = st.lists(st.builds(Choice, texts, texts, texts), max_size=3).map(tuple)
sections = st.lists(st.builds(Section, texts, choices), max_size=3).map(tuple)
parameters = st.builds(Parameter, texts, texts)
button_parameters = st.builds(
    ButtonParameter, st.integers(0, 9), st.sampled_from(["quick_reply", "url", "copy_code"]), texts
)
contents = st.one_of(
    st.builds(Text, texts, st.booleans()),
    medias,
    st.builds(Buttons, texts, choices, texts, st.none() | medias, texts),
    st.builds(ListPicker, texts, texts, sections, texts, texts),
    st.builds(
        Template,
        texts,
        texts,
        st.lists(parameters, max_size=3).map(tuple),
        st.none() | parameters,
        st.none() | medias,
        st.lists(button_parameters, max_size=3).map(tuple),
        st.booleans(),
    ),
)


@given(contents)
def test_what_was_stored_is_read_back_the_same(content: Content) -> None:
    assert from_json(to_json(content)) == content


@given(contents)
def test_changing_no_text_changes_nothing(content: Content) -> None:
    assert map_text(content, lambda text: text) == content


def test_the_first_button_keeps_its_index_zero() -> None:
    content = Template("offer", "en", buttons=(ButtonParameter(0, "url", "a"),))
    assert to_json(content)["buttons"] == [{"index": 0, "kind": "url", "value": "a"}]


def test_only_fields_that_say_something_are_stored() -> None:
    assert to_json(Text("hello")) == {"type": "text", "body": "hello"}


def test_texts_are_rendered_but_names_at_the_provider_are_not() -> None:
    content = Template(
        "offer", "en", (Parameter("name", "x"),), header_media=Media("image", link="y"), named=True
    )
    changed = map_text(content, lambda text: text.upper())
    assert changed == Template(
        "offer", "en", (Parameter("name", "X"),), header_media=Media("image", link="Y"), named=True
    )


def _template(**fields: Any) -> dict[str, Any]:
    return {"type": "template", "name": "a", **fields}


@pytest.mark.parametrize(
    ("data", "field", "problem"),
    [
        ([], "", "must be an object"),
        ({}, "type", "must be one of"),
        ({"type": "poem", "body": ""}, "type", "must be one of"),
        ({"type": "text"}, "body", "is missing"),
        ({"type": "text", "body": 1}, "body", "must be a text"),
        ({"type": "text", "body": None}, "body", "must be a text"),
        ({"type": "text", "body": "a\x00"}, "body", "NUL"),
        ({"type": "text", "body": "\ud800"}, "body", "surrogate"),
        ({"type": "text", "body": "", "bold": True}, "bold", "is not a field"),
        ({"type": "text", "body": "", "preview_url": 1}, "preview_url", "must be true or false"),
        ({"type": "media", "kind": "virus"}, "kind", "must be one of image"),
        ({"type": "media", "kind": ["image"]}, "kind", "must be one of image"),
        ({"type": "buttons", "body": "", "buttons": {}}, "buttons", "must be a list"),
        ({"type": "buttons", "body": "", "buttons": [{"id": "a"}]}, "buttons/0/title", "is missing"),
        ({"type": "buttons", "body": "", "buttons": ["a"]}, "buttons/0", "must be an object"),
        (
            _template(buttons=[{"index": True, "kind": "url", "value": ""}]),
            "buttons/0/index",
            "a whole number",
        ),
        (_template(header_media={"kind": "image", "size": 1}), "header_media/size", "is not a field"),
    ],
)
def test_a_wrong_content_is_refused_by_field(data: Any, field: str, problem: str) -> None:
    with pytest.raises(BadContent) as refused:
        from_json(data)
    assert refused.value.field == field
    assert problem in refused.value.problem
