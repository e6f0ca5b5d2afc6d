"""Words: what people type differently and mean the same."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from clarion.domain.journey.words import contains, fold

ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
LETTERS = "abcdeghimnoqrstuvxyzáàâãçéêíñóôõúüčďěřšžабвгдежзиклмнопрстαβγδεζηθικλμ0123456789"
WORD = st.text(LETTERS, min_size=1, max_size=8)
SENTENCE = st.lists(WORD, min_size=1, max_size=5)
GAP = st.text(" \t\n.,;:!?¿¡…-_()[]\"'«»/|", min_size=1, max_size=3)


@given(ANY)
def test_words_hold_no_space_and_no_case(text: str) -> None:
    for word in fold(text):
        assert word
        assert not any(c.isspace() for c in word)
        assert word == word.casefold()


@given(ANY)
def test_how_accents_are_spelled_does_not_matter(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text)) == fold(text)


@given(ANY.filter(lambda text: "\u200d" not in text))
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    once = fold(text)
    assert fold(" ".join(once)) == once


@given(SENTENCE)
def test_case_does_not_matter(words: list[str]) -> None:
    text = " ".join(words)
    assert fold(text.upper()) == fold(text.title()) == fold(text.swapcase()) == fold(text)


@given(SENTENCE)
def test_accents_do_not_matter(words: list[str]) -> None:
    text = " ".join(words)
    bare = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    assert fold(bare) == fold(text)


@given(SENTENCE, st.data())
def test_punctuation_does_not_matter(words: list[str], data: st.DataObject) -> None:
    gaps = [data.draw(GAP) for _ in range(len(words) + 1)]
    text = gaps[0] + "".join(word + gap for word, gap in zip(words, gaps[1:], strict=True))
    assert fold(text) == fold(" ".join(words))


@given(st.text(st.characters(max_codepoint=127), max_size=30))
def test_plain_letters_are_folded_the_same_way_with_and_without_others_beside_them(text: str) -> None:
    assert (*fold(text), "ж") == fold(f"{text} ж")


@given(SENTENCE, SENTENCE, SENTENCE)
def test_a_phrase_is_found_wherever_it_stands(before: list[str], phrase: list[str], after: list[str]) -> None:
    said = fold(" ".join([*before, *phrase, *after]))
    assert contains(said, fold(" ".join(phrase)))
    assert contains(said, fold(phrase[0]))


@given(SENTENCE, SENTENCE)
def test_a_phrase_is_found_exactly_where_plain_search_finds_it(said: list[str], phrase: list[str]) -> None:
    a, b = fold(" ".join(said)), fold(" ".join(phrase))
    assert contains(a, b) == (f" {' '.join(b)} " in f" {' '.join(a)} ")
