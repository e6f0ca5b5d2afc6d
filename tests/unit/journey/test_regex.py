"""Patterns: what is refused and where, and that no pattern and no text can hold a worker up."""

import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from clarion.domain.journey.regex import LONGEST_TEXT, BadPattern, compile_pattern

HOSTILE = ["a" * 100_000, "a" * 99_999 + "!", "a" * 4_095 + "!", ("a" * 49 + "!") * 2_000]


def quickest(work: Callable[[], object], times: int = 5) -> float:
    """Seconds of the best of several runs: others' work on the machine only ever adds."""
    found = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        found.append(time.perf_counter() - begun)
    return min(found)


@pytest.mark.parametrize("source", [r"(a+)+$", r"(a|aa)+$", r"(.*a){50}", r"(a?){400}a{400}$", r"(x+x+)+y"])
def test_R17_patterns_that_ruin_other_engines_take_time_in_step_with_the_text(source: str) -> None:
    pattern = compile_pattern(source)
    for text in HOSTILE:
        short = quickest(lambda text=text: pattern.search(text[:512]))  # type: ignore[misc]
        long = quickest(lambda text=text: pattern.search(text[:LONGEST_TEXT]))  # type: ignore[misc]
        whole = quickest(lambda text=text: pattern.search(text))  # type: ignore[misc]
        # Eight times the text. A backtracking engine needs 2^512 times as long; the summand is the clock's grain.
        assert long < short * 8 * 8 + 0.02
        assert whole < long * 8 + 0.02


def test_R17_a_match_is_looked_for_in_the_first_4096_characters() -> None:
    assert compile_pattern("end").search("x" * (LONGEST_TEXT - 3) + "end") is not None
    assert compile_pattern("end").search("x" * (LONGEST_TEXT - 2) + "end") is None


@pytest.mark.parametrize(
    ("source", "position", "said"),
    [
        pytest.param("a" * 10_000, 1_001, "10,000 characters", id="10,000 characters"),
        pytest.param(r"\1", 1, "back-references", id="back-reference"),
        pytest.param(r"(a)\1", 4, "back-references", id="back-reference after its group"),
        pytest.param(r"(?=a)", 1, "look-around", id="look-ahead"),
        pytest.param(r"ab(?<!c)d", 3, "look-around", id="look-behind in the middle"),
        pytest.param(r"[(?=]x(?=a)", 7, "look-around", id="not the same signs in a class before it"),
        pytest.param(r"\\1\1", 4, "back-references", id="not an escaped backslash before it"),
        pytest.param(r"\Q\1\E\1", 7, "back-references", id="not the quoted text before it"),
        pytest.param("a{100000}", 2, "at most 1,000", id="a hundred thousand times"),
        pytest.param("((a{1000}){1000})", 4, "at most 1,000", id="a thousand times a thousand"),
        pytest.param("((((x{50}){50}){50}){50})", 6, "at most 1,000", id="deeper"),
        pytest.param(r"\p{L}{1000}", 1, "too large", id="more than the memory it may take"),
        pytest.param("((a)(b", 5, "missing )", id="the bracket that is not closed"),
        pytest.param("[)](a))", 7, "unexpected )", id="the bracket too many"),
        pytest.param("é[ab", 2, "missing ]", id="a class that is not closed"),
        pytest.param("x[z-a]", 3, "range", id="a range from back to front"),
        pytest.param("[[:foo:]]", 2, "range", id="an unknown class"),
        pytest.param("*a", 1, "repetition", id="nothing to repeat"),
        pytest.param("ab**", 3, "repetition", id="repeated twice"),
        pytest.param("ab\\", 3, "trailing", id="a backslash at the end"),
        pytest.param("a(?P<x>b)(?P<x>c)", 14, "two groups", id="a name twice"),
        pytest.param("(?P<1a>b)", 5, "variable", id="a name that cannot be a variable"),
        pytest.param(f"(?P<{'n' * 65}>b)", 5, "at most 64", id="a name too long"),
        pytest.param("(?P<a b>c)", 1, "group", id="a name with a space"),
        pytest.param("", 1, "empty", id="empty"),
        pytest.param("a\0", 2, "NUL", id="NUL"),
        pytest.param("ab\ud800", 3, "surrogate", id="half a surrogate pair"),
    ],
)
def test_R17_a_pattern_is_refused_with_the_position(source: str, position: int, said: str) -> None:
    with pytest.raises(BadPattern, match="cannot be used") as refusal:
        compile_pattern(source)
    assert refusal.value.position == position
    assert said in str(refusal.value)
    assert f"(at character {position})" in str(refusal.value)


@pytest.mark.parametrize(
    "source", [r"\p{L}" * 200, "((a{31}){31})" * 76, r"[^\p{L}]" * 120, "(" * 499 + ")" * 499]
)
def test_R17_patterns_made_to_be_heavy_are_dealt_with_at_once(source: str) -> None:
    assert len(source) <= 1_000

    def attempt() -> None:
        compile_pattern.cache_clear()
        with suppress(BadPattern):
            compile_pattern(source).search("a" * 100_000)

    assert quickest(attempt, times=3) < 2  # tens of milliseconds; seconds only on a very busy machine


def test_named_groups_become_variables_and_those_without_part_are_empty() -> None:
    pattern = compile_pattern(r"order (?P<number>\d+)( for (?P<name>\w+))?")
    assert pattern.names == ("number", "name")
    assert pattern.search("my ORDER 4711 for Ana") == {"number": "4711", "name": "Ana"}
    assert pattern.search("order 4711") == {"number": "4711", "name": ""}
    assert pattern.search("ordr 4711") is None
    assert compile_pattern("yes").search("YES!") == {}


def test_case_does_not_matter_in_any_script() -> None:
    for source, text in (("não", "NÃO"), ("ДА", "да"), ("[a-z]+", "ABC")):
        assert compile_pattern(source).search(text) == {}


def test_half_a_surrogate_pair_in_a_reply_is_read_as_an_unknown_sign() -> None:
    assert compile_pattern("b").search("a\ud800b") == {}
    assert compile_pattern("^(?P<all>.*)$").search("\ud800") == {"all": "\ufffd"}
