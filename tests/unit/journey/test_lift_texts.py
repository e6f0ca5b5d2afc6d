"""How foreign patterns, texts and names are read."""

import pytest

from clarion.domain.errors import BadGraph
from clarion.domain.journey.lift.calls import Calls, path_of
from clarion.domain.journey.lift.loose import as_map
from clarion.domain.journey.lift.names import Names, variable_names
from clarion.domain.journey.lift.patterns import carry, literal
from clarion.domain.journey.lift.references import References, Subject, subject
from clarion.domain.journey.lift.report import Report
from clarion.domain.journey.lift.texts import Texts, form
from clarion.domain.journey.lift.words import Words, holds_groups
from clarion.domain.journey.regex import BadPattern, compile_pattern


@pytest.mark.parametrize(
    ("source", "pattern"),
    [
        ("yes|no", "yes|no"),
        ("/^yes$/i", "^yes$"),
        ("/a.b/gis", "(?s)a.b"),
        ("/^a$/im", "(?m)^a$"),
        (r"https?:\/\/x", "https?://x"),
        (r"\d{2}\s\w\b", r"\d{2}\s\w\b"),
        (r"caf\u00e9 \u{1F44D}", r"caf\x{00e9} \x{1F44D}"),
        ("(?<day>[0-9]+)", "(?P<day>[0-9]+)"),
        ("a[^]b", r"a[\s\S]b"),
        ("a[]b", r"a[^\s\S]b"),
        (r"[(\]\/[]x(", None),
        ("[(]", "[(]"),
    ],
)
def test_patterns_for_javascript_become_patterns_for_re2(source: str, pattern: str | None) -> None:
    if pattern is None:
        with pytest.raises(BadPattern):
            carry(source)
    else:
        assert carry(source).pattern == pattern


def test_groups_without_a_name_get_one_when_asked() -> None:
    assert (
        carry(r"(a)(?:b)(?<c>c)\((d)[(]", name_groups=True).pattern
        == r"(?P<group_1>a)(?:b)(?P<c>c)\((?P<group_2>d)[(]"
    )


def test_a_pattern_that_minded_case_says_so() -> None:
    assert carry("/Yes/").remarks == ("upper and lower case are the same here",)
    assert carry("/Yes/i").remarks == carry("Yes").remarks == ()


@pytest.mark.parametrize(
    ("source", "position"), [("(?=a)b", 1), (r"(a)\1", 4), ("a(?<!b)", 2), ("(", 1), ("a{2000}", 2), ("", 1)]
)
def test_what_re2_lacks_is_refused_with_its_position(source: str, position: int) -> None:
    with pytest.raises(BadPattern) as refusal:
        carry(source)
    assert refusal.value.position == position


@pytest.mark.parametrize("words", ["a.b*c", "what?", "50% (off) [x] {y} ^$|\\", "é 👍 #1 & ~", "it's"])
def test_a_literal_pattern_matches_these_words_alone(words: str) -> None:
    assert compile_pattern(literal(words)).search(f"so {words.upper()} then") is not None
    assert compile_pattern(literal(words)).search("axbbc") is None
    assert compile_pattern(literal(words, start=True)).search(f" {words}!") is not None
    assert compile_pattern(literal(words, start=True)).search(f"x {words}") is None


@pytest.mark.parametrize(
    ("source", "ours"),
    [
        ("Hi {{name}}", "Hi {{name}}"),
        ("Hi ${name}, {{{city}}}", "Hi {{ name }}, {{ city }}"),
        ("{{contact.name}} {{user.phone}} {{ customer.first }}", "{{name}} {{contact.phone}} {{ first }}"),
        ("{{ order.id }}", "{{ order.id }}"),
        ("{{vars.order.id}} {{lead.id}}", "{{order.id}} {{lead.id}}"),
        ("{{ name || 'you' }}", "{{ name | default: 'you' }}"),
        ("{{ first name }}", '{{ ["first name"] }}'),
        (
            "$1, ${2}, {{$1}}, {{match[2]}}, $3",
            "{{ group_1 }}, {{ group_2 }}, {{ group_1 }}, {{ group_2 }}, $3",
        ),
        ("It costs $10, $1.50 or $2,000", "It costs $10, $1.50 or $2,000"),
    ],
)
def test_the_platforms_variables_are_written_our_way(source: str, ours: str) -> None:
    words = Words(Report(), groups=2, saved=frozenset({"lead"}))
    assert words.translate(source, "m") == ours


def test_amounts_of_money_are_no_groups() -> None:
    assert not holds_groups("Only $10 or $1,50")
    assert holds_groups("You said $1!")


def test_studios_references_are_written_our_way() -> None:
    kinds = {"ask": "send-and-wait-for-reply", "http": "make-http-request", "set": "set-variables"}
    report = Report()
    references = References(kinds, report)
    source = (
        "{{widgets.ask.inbound.Body}} {{ widgets.http.parsed.a[0].b | upcase }} {{widgets.set.x}} "
        "{{flow.variables.x.y}} {{trigger.message.From}} {% if flow.variables.x == 'flow.variables' %}{% endif %} "
        "flow.variables.x {{widgets.gone.x}}"
    )
    assert references.translate(source, "m") == (
        '{{ask_reply}} {{ http_a_0_b | upcase }} {{x}} {{x["y"]}} '
        "{{contact.phone}} {% if x == 'flow.variables' %}{% endif %} flow.variables.x {{widgets_gone_x}}"
    )
    assert (references.replies, dict(references.answers)) == (
        {"ask": "ask_reply"},
        {"http": {"$.a[0].b": "http_a_0_b"}},
    )
    assert [note.level for note in report.notes] == ["lost"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("{{widgets.a.inbound.Body}}", Subject(("widgets", "a", "inbound", "Body"), reply="a")),
        (
            "{{ widgets.a.inbound.Body | downcase | strip }}",
            Subject(("widgets", "a", "inbound", "Body"), reply="a"),
        ),
        (
            "{{widgets.a.inbound.ButtonPayload}}",
            Subject(("widgets", "a", "inbound", "ButtonPayload"), payload="a"),
        ),
        ("{{flow.variables.n}}", Subject(("flow", "variables", "n"))),
        ("{{flow.variables.n | plus: 1}}", None),
        ("x{{flow.variables.n}}", None),
        ("{{name}}", None),
        ("", None),
    ],
)
def test_what_a_split_looks_at(source: str, found: Subject | None) -> None:
    assert subject(source) == found


def test_a_form_encodes_names_and_values() -> None:
    assert form([("a b", "x&y"), ("c", "{{ n }}!"), ("d", "{% if n %}1{% endif %}")]) == (
        "a%20b=x%26y&c={{ n | url_encode }}%21&d={% capture value %}{% if n %}1{% endif %}{% endcapture %}"
        "{{ value | url_encode }}"
    )


def test_a_text_that_cannot_be_read_is_shown_as_written() -> None:
    report = Report()
    texts = Texts(report, lambda source, _: source)
    assert texts.carry("{{ a", "m", "text") == "{% raw %}{{ a{% endraw %}"
    assert (
        texts.carry("{{ a | nosuch }}{% endraw %}", "m", "text")
        == "{% raw %}{{ a | nosuch }}{% end raw %}{% endraw %}"
    )
    assert [note.level for note in report.notes] == ["lost", "lost"]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ("", "$"), ("$.a", "$.a"), ("a.b[0].c", "$.a.b[0].c"), ("a.0.b", "$.a[0].b"), ("response.data.id", "$.id"),
        ("response", "$"), ("body.id", "$.id"), ("data.id", "$.data.id"), ("a.b-c", '$.a["b-c"]'),
        ("responses.id", "$.responses.id"),
    ],
)  # fmt: skip
def test_paths_into_an_answer_become_json_paths(given: str, path: str) -> None:
    assert path_of(given) == path


def test_names_are_made_fit_and_stay_apart() -> None:
    ids, variables = Names(), variable_names()
    assert [ids.of(each) for each in ("a-b", "a b", "a_b", "a-b")] == ["a-b", "a_b", "a_b_2", "a-b"]
    assert [variables.of(each) for each in ("a-b", "1st", "São Paulo", "👍", "")] == [
        "a_b", "_1st", "Sao_Paulo", "unnamed", "unnamed_2",
    ]  # fmt: skip
    assert len(variables.of("x" * 100)) == len(variables.of("x" * 101)) == 64


@pytest.mark.parametrize(
    "part",
    [
        "{{",
        "{{ ",
        "{{{ ",
        "{%",
        "}}",
        "${",
        "{{a||",
        "/a",
        "(",
        "{{widgets.a",
        ".a",
        "{{ a b",
        " ",
        "|",
        "[[",
    ],
)
def test_long_texts_take_no_longer_than_their_length(part: str) -> None:
    long = part * (200_000 // len(part))
    for source in (long, "{{" + long, "{{ widgets.ask" + long, "/" + long):
        texts = Texts(Report(), Words(Report(), groups=1).translate)
        assert len(texts.carry(source, "m", "text", blanks=True)) <= 10_000
        References({}, Report()).translate(source, "m")
        subject(source)
        with pytest.raises(BadPattern):
            carry(source)


def test_json_in_a_text_may_not_be_deeper_than_the_rest() -> None:
    with pytest.raises(BadGraph):
        as_map('{"a":' * 200 + "1" + "}" * 200)
    calls = Calls(Texts(Report(), lambda source, _: source), Report())
    deep = "[" * 900 + "]" * 900
    assert calls.body(deep, "h") == deep
    assert calls.body("[[1]]", "h") == [[1]]
