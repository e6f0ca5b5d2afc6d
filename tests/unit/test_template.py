"""Filling in: what is shown, what is required, what is refused and where."""

import re
from pathlib import Path

import pytest

from clarion.domain import liquid
from clarion.domain.content import (
    ButtonParameter,
    Buttons,
    Choice,
    Content,
    Media,
    Parameter,
    Template,
    Text,
)
from clarion.domain.errors import BadContent, TemplateSyntax
from clarion.domain.template import compile_content, problems


def fill(source: str, **variables: object) -> str:
    content = compile_content(Text(source)).render(variables)
    assert isinstance(content, Text)
    return content.body


@pytest.mark.parametrize(
    ("source", "variables", "text"),
    [
        pytest.param("Hi {{ name }}!", {"name": "Ana"}, "Hi Ana!", id="a name"),
        pytest.param("Hi {{name}}", {}, "Hi ", id="nothing there"),
        pytest.param("Hi {{ name | default: 'friend' }}", {}, "Hi friend", id="a default"),
        pytest.param(
            "Hi {{ name | default: 'friend' }}", {"name": " \t"}, "Hi friend", id="white space is blank"
        ),
        pytest.param("{{ n | default: 'none' }}", {"n": 0}, "0", id="zero is a value"),
        pytest.param("{{ a }} {{ b }}", {"a": 1.5, "b": None}, "1.5 ", id="numbers and nothing"),
        pytest.param("{{ ['first name'] }}", {"first name": "Li"}, "Li", id="a name with a space"),
        pytest.param("{{ imię }}", {"imię": "Łucja"}, "Łucja", id="any script"),
        pytest.param("{{ name | upcase }}", {"name": "ana"}, "ANA", id="a filter"),
        pytest.param(
            "{% if vip %}Dear{% else %}Hi{% endif %} you", {"vip": "y"}, "Dear you", id="a condition"
        ),
        pytest.param("{{ d | date: '%d/%m' }}", {"d": "2026-12-01"}, "01/12", id="an ISO date"),
        pytest.param("{{ d | date: '%d/%m' }}", {"d": "now"}, "now", id="no clock"),
        pytest.param("{{ now }}{{ today }}", {}, "", id="no clock by name either"),
        pytest.param("a {{- ' b ' -}} c", {}, "a b c", id="white space control"),
        pytest.param("{% raw %}{{ name }}{% endraw %}", {"name": "Ana"}, "{{ name }}", id="raw"),
        pytest.param("50 % }} off", {}, "50 % }} off", id="not Liquid"),
        pytest.param("line\r\n{{ a | upcase }}", {"a": "x\r\ny"}, "line\r\nX\r\nY", id="line ends stay"),
    ],
)
def test_a_text_is_filled_in(source: str, variables: dict[str, object], text: str) -> None:
    assert fill(source, **variables) == text


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ secret }}",
        "{% assign a = secret %}{{ a }}",
        "${secret}",
        "%s %(secret)s %n",
        "<b>Ana</b> & <script>alert(1)</script>",
        "{{ '{{ secret }}' }}",
        "{% raw %}",
        "`rm -rf` $(id) \\N{BULLET}",
        "'; DROP TABLE messages; --",
    ],
)
@pytest.mark.parametrize(
    "source", ["{{ v }}", "{{ v | default: 'x' }}", "{% if v %}{{ v | append: '' }}{% endif %}"]
)
def test_R20_what_a_person_holds_is_shown_as_written_and_never_evaluated(source: str, hostile: str) -> None:
    assert fill(source, v=hostile, secret="TOP") == hostile


@pytest.mark.parametrize(
    "source", ["{{ v }}", "Hi {{ v | default: 'x' }}", "{{ v | upcase }}", "{{ v | truncate: 9 }}"]
)
def test_R20_a_megabyte_in_a_variable_is_refused_for_that_person(source: str) -> None:
    with pytest.raises(
        BadContent, match=r"content.body: is longer than 10,000 characters once it is filled in"
    ):
        fill(source, v="x" * 1_000_000)


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in (1..100000) %}{{ a }}{% endfor %}",
        "{{ v | replace: 'x', v | replace: 'x', v }}",
        "{% assign a = v %}" + "{% assign a = a | append: a %}" * 20 + "{{ a }}",
        "{{ 5 | divided_by: 0 }}",
        "{{ 'x' | truncate: 'many' }}",
    ],
)
def test_a_text_that_cannot_be_filled_in_says_so_and_costs_little(source: str) -> None:
    compiled = compile_content(Text(source))
    with pytest.raises(BadContent, match=r"content\.body: "):
        compiled.render({"v": "x" * 9_000})


@pytest.mark.parametrize(
    ("source", "line", "column", "problem"),
    [
        ("Hi {{ name", 1, 4, "expected '}}'"),
        ("Hi\n\n  {{ name }", 3, 3, "expected '}}'"),
        ("{% if x %}a", 1, 12, "expected tag endif"),
        ("Hi {{ first name }}", 1, 13, "found word"),
        ("{{ name | upcsae }}", 1, 11, "there is no filter 'upcsae'. Did you mean 'upcase'?"),
        ("{% include 'etc/passwd' %}", 1, 4, "unexpected tag 'include'"),
        ("{% render 'x' %}", 1, 4, "unexpected tag 'render'"),
        ("{{ }}", 1, 6, "expected a primitive"),
        ("{{ [name] }}", 1, 1, "cannot be a variable"),
        ("a {{ ['x\"y'] }}", 1, 8, "cannot be a variable"),
        ("{{ x | safe }}", 1, 8, "there is no filter 'safe'"),
    ],
)
def test_a_mistake_is_told_with_its_place(source: str, line: int, column: int, problem: str) -> None:
    with pytest.raises(TemplateSyntax) as refusal:
        compile_content(Text(source))
    assert (refusal.value.field, refusal.value.line, refusal.value.column) == ("body", line, column)
    assert problem in str(refusal.value)


def test_a_mistake_deep_in_the_content_names_its_field() -> None:
    content = Buttons(body="ok", buttons=(Choice("1", "Yes"), Choice("2", "No {{ x")))
    with pytest.raises(TemplateSyntax, match=r"content\.buttons/1/title: line 1, column 4"):
        compile_content(content)


def test_a_text_of_a_megabyte_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(BadContent, match="is 1,000,000 characters long"):
        compile_content(Text("{{" * 500_000))


@pytest.mark.parametrize(
    ("source", "required"),
    [
        ("{{ a }} {{ b | upcase }}", {"a", "b"}),
        ("{{ a | default: 'x' }}", set()),
        ("{{ a | default: b }}", set()),
        ("{% if a %}{{ a }}{% endif %}", set()),
        ("{% if a %}{{ a }} {{ b }}{% endif %}", {"b"}),
        ("{% if a %}{% else %}{{ b }}{% endif %}", {"b"}),
        ("{% unless a %}{{ b }}{% endunless %}{{ a }}", {"a", "b"}),
        ("{% assign n = a | split: ' ' | first %}{{ n }}", set()),
        ("{{ 'Dr ' | append: a }}", {"a"}),
    ],
)
def test_what_is_shown_without_a_default_is_required(source: str, required: set[str]) -> None:
    assert compile_content(Text(source)).required == required


def test_every_text_of_a_content_is_filled_in_and_what_addresses_the_provider_is_not() -> None:
    content = Template(
        name="promo_{{ x }}",
        language="pt_BR",
        body=(Parameter("1", "{{ name }}"), Parameter("2", "fixed")),
        header_media=Media("image", link="https://example.com/{{ code }}.png"),
        buttons=(ButtonParameter(0, "url", "{{ code }}"),),
    )
    compiled = compile_content(content)
    assert compiled.variables == {"name", "code"}
    assert compiled.render({"name": "Ana", "code": "7"}) == Template(
        name="promo_{{ x }}",
        language="pt_BR",
        body=(Parameter("1", "Ana"), Parameter("2", "fixed")),
        header_media=Media("image", link="https://example.com/7.png"),
        buttons=(ButtonParameter(0, "url", "7"),),
    )


def test_a_content_without_variables_is_itself() -> None:
    content: Content = Template("hello", "en")
    assert compile_content(content).render({"name": "Ana"}) is content


def test_an_unknown_variable_is_told_with_the_nearest_there_is() -> None:
    assert problems({"nmae", "name", "zz"}, {"name", "city"}) == [
        "Nobody in the audience has the attribute 'nmae'. Did you mean 'name'?",
        "Nobody in the audience has the attribute 'zz'. The attributes there are: city, name.",
    ]


def test_the_reference_lists_exactly_the_filters_there_are() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/templates.md").read_text(encoding="utf-8")
    table = page.split("## Filters")[1].split("`date` reads no clock")[0]
    assert set(re.findall(r"`(\w+)`", table)) == set(liquid.filters())
