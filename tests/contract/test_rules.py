"""What a provider would refuse is found before a request is spent on it."""

import pytest

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
)
from clarion.providers.twilio.payload import problems as twilio_problems
from clarion.providers.whatsapp.payload import problems as whatsapp_problems

HX = "HX" + "0" * 32
ROW = Choice("1", "One")


def _rows(count: int, first: int = 0) -> tuple[Choice, ...]:
    return tuple(Choice(str(number), "Row") for number in range(first, first + count))


def _buttons(*titles: str) -> tuple[Choice, ...]:
    return tuple(Choice(str(number), title) for number, title in enumerate(titles))


def _template(*values: str) -> Template:
    return Template("a", "en", tuple(Parameter(str(n), value) for n, value in enumerate(values, start=1)))


WHATSAPP_BREAKS: list[tuple[Content, str, str]] = [
    (Text(""), "body", "empty"),
    (Text(" \n"), "body", "empty"),
    (Text("x" * 4097), "body", "4,096"),
    (Media("image"), "link", "either"),
    (Media("image", link="https://a.example/1", id="1"), "link", "either"),
    (Media("image", link="http://a.example/1"), "link", "https://"),
    (Media("audio", id="1", caption="a"), "caption", "audio"),
    (Media("image", id="1", filename="a"), "filename", "documents"),
    (Buttons("x" * 1025, (ROW,)), "body", "1,024"),
    (Buttons("a", ()), "buttons", "1 to 3"),
    (Buttons("a", _buttons("a", "b", "c", "d")), "buttons", "1 to 3"),
    (Buttons("a", _buttons("same", "same")), "buttons", "same title"),
    (Buttons("a", (Choice("1", "a"), Choice("1", "b"))), "buttons", "same id"),
    (Buttons("a", (Choice("1", "x" * 21),)), "buttons/0/title", "at most 20"),
    (Buttons("a", (Choice("x" * 257, "a"),)), "buttons/0/id", "at most 256"),
    (Buttons("a", (Choice("", "a"),)), "buttons/0/id", "empty"),
    (Buttons("a", (Choice("1", "a", "b"),)), "buttons/0/description", "list"),
    (Buttons("a", (ROW,), header="x" * 61), "header", "at most 60"),
    (Buttons("a", (ROW,), footer="x" * 61), "footer", "at most 60"),
    (Buttons("a", (ROW,), header="a", header_media=Media("image", id="1")), "header", "not both"),
    (Buttons("a", (ROW,), header_media=Media("audio", id="1")), "header_media/kind", "audio"),
    (ListPicker("x" * 1025, "b", (Section("", (ROW,)),)), "body", "1,024"),
    (ListPicker("a", "x" * 21, (Section("", (ROW,)),)), "button", "at most 20"),
    (ListPicker("a", "b", ()), "sections", "1 to 10"),
    (ListPicker("a", "b", (Section("", _rows(11)),)), "sections", "11 rows"),
    (ListPicker("a", "b", (Section("x", _rows(5)), Section("y", _rows(6, 5)))), "sections", "11 rows"),
    (ListPicker("a", "b", (Section("x", (ROW,)), Section("", _rows(1, 5)))), "sections/1/title", "empty"),
    (ListPicker("a", "b", (Section("x" * 25, (ROW,)),)), "sections/0/title", "at most 24"),
    (ListPicker("a", "b", (Section("x", (ROW,)), Section("y", (ROW,)))), "sections", "same id"),
    (ListPicker("a", "b", (Section("x", ()), Section("y", (ROW,)))), "sections/0/rows", "empty"),
    (ListPicker("a", "b", (Section("", (Choice("1", "x" * 25),)),)), "sections/0/rows/0/title", "at most 24"),
    (ListPicker("a", "b", (Section("", (Choice("x" * 201, "a"),)),)), "sections/0/rows/0/id", "200"),
    (
        ListPicker("a", "b", (Section("", (Choice("1", "a", "x" * 73),)),)),
        "sections/0/rows/0/description",
        "72",
    ),
    (Template("Autumn Offer", "en"), "name", "lower-case"),
    (Template("a"), "language", "missing"),
    (_template(""), "body/0/value", "empty"),
    (_template("a", "  "), "body/1/value", "empty"),
    (_template("a\nb"), "body/0/value", "line breaks"),
    (_template("a\tb"), "body/0/value", "tabs"),
    (_template("a     b"), "body/0/value", "four spaces"),
    (Template("a", "en", header=Parameter("1", "")), "header/value", "empty"),
    (Template("a", "en", (Parameter("1", "a"), Parameter("3", "b"))), "body", "1 to 2"),
    (Template("a", "en", (Parameter("Name", "a"),), named=True), "body/0/name", "lower-case"),
    (Template("a", "en", (Parameter("n", "a"), Parameter("n", "b")), named=True), "body", "same name"),
    (Template("a", "en", buttons=(ButtonParameter(10, "url", "a"),)), "buttons/0/index", "0 to 9"),
    (Template("a", "en", buttons=(ButtonParameter(0, "url", " "),)), "buttons/0/value", "empty"),
    (Template("a", "en", header_media=Media("sticker", id="1")), "header_media/kind", "sticker"),
    (
        Template("a", "en", header=Parameter("1", "a"), header_media=Media("image", id="1")),
        "header",
        "not both",
    ),
]


@pytest.mark.parametrize(("content", "field", "says"), WHATSAPP_BREAKS)
def test_whatsapp_rules_name_the_field_and_the_limit(content: Content, field: str, says: str) -> None:
    found = whatsapp_problems(content)
    assert [(problem.field, says in problem.problem) for problem in found] == [(field, True)]


@pytest.mark.parametrize(
    "content",
    [
        Text("x" * 4096),
        Buttons("x" * 1024, _buttons("x" * 20, "b", "c"), header="x" * 60, footer="x" * 60),
        ListPicker("a", "x" * 20, tuple(Section("t", _rows(1, n)) for n in range(10))),
        ListPicker("a", "b", (Section("", _rows(10)),)),
        _template("a    b"),
        Media("document", id="1", caption="c", filename="f.pdf"),
    ],
)
def test_what_is_exactly_at_whatsapps_limits_passes(content: Content) -> None:
    assert whatsapp_problems(content) == []


@pytest.mark.parametrize(
    ("content", "field", "says"),
    [
        (Text(""), "body", "empty"),
        (Text("x" * 1601), "body", "1,600"),
        (Media("image", link="http://a.example/1"), "link", "https://"),
        (Media("image", link="https://a.example/1", id="1"), "id", "not possible"),
        (Media("image", link="https://a.example/1", caption="x" * 1601), "caption", "1,600"),
        (Template("autumn_offer"), "name", "HX"),
        (Template(HX, body=(Parameter("1", ""),)), "body/0/value", "empty"),
        (Template(HX, body=(Parameter("1", "a\nb"),)), "body/0/value", "line breaks"),
        (Template(HX, body=(Parameter("1", "a"), Parameter("1", "b"))), "body", "twice"),
    ],
)
def test_twilio_rules_name_the_field_and_the_limit(content: Content, field: str, says: str) -> None:
    found = twilio_problems(content)
    assert [(problem.field, says in problem.problem) for problem in found] == [(field, True)]


def test_what_is_exactly_at_twilios_limits_passes() -> None:
    assert twilio_problems(Text("x" * 1600)) == []
    assert twilio_problems(Template(HX, body=(Parameter("1", "a"), Parameter("2", "b")))) == []
