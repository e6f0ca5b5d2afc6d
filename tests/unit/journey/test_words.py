"""Words as people type them: what is the same, what is not."""

import pytest

from clarion.domain.journey.words import LONGEST, contains, fold


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("Não, obrigado!", ("nao", "obrigado"), id="case, accents, punctuation"),
        pytest.param("STRASSE Straße", ("strasse", "strasse"), id="ß is ss"),
        pytest.param("I'm here", ("i", "m", "here"), id="an apostrophe parts words"),
        pytest.param("snake_case-word", ("snake", "case", "word"), id="so do _ and -"),
        pytest.param("  \t\n ", (), id="white space only"),
        pytest.param("?!… ¿¡", (), id="punctuation only"),
        pytest.param("", (), id="nothing"),
        pytest.param("12 ١٢ १२ １２ 𝟏𝟐", ("12",) * 5, id="digits of any script"),
        pytest.param("1️⃣ #️⃣ *️⃣", ("1",), id="key caps"),
        pytest.param("½", ("1", "2"), id="a fraction is its digits"),
        pytest.param("👍 👍🏽 👍🏿", ("👍", "👍", "👍"), id="skin tones"),
        pytest.param("ok👍👍", ("ok", "👍", "👍"), id="each emoji is a word"),
        pytest.param("❤️ ❤", ("❤", "❤"), id="emoji style"),
        pytest.param("👨‍👩‍👧 👨👩👧", ("👨👩👧", "👨", "👩", "👧"), id="a family is one emoji"),
        pytest.param("👩🏽‍💻", ("👩💻",), id="a profession with a skin tone"),
        pytest.param("🇧🇷🇵🇹", ("🇧🇷", "🇵🇹"), id="flags"),
        pytest.param("привет ПРИВЕТ Ёлка", ("привет", "привет", "елка"), id="Cyrillic"),
        pytest.param("Ἀθήνα ΑΘΗΝΑ", ("αθηνα", "αθηνα"), id="Greek, a sigma at the end or not"),
        pytest.param("مَرْحَبًا مرحبا", ("مرحبا", "مرحبا"), id="Arabic vowel signs"),
        pytest.param("नमस्ते", ("नमस्ते",), id="Hindi vowels stay"),
        pytest.param(
            "はい、そうです", ("は", "い", "そ", "う", "て\u3099", "す"), id="Japanese: each sign is a word"
        ),
        pytest.param("我要退款", ("我", "要", "退", "款"), id="Chinese: each sign is a word"),
        pytest.param("ﬁn Ｆｕｌｌ", ("fin", "full"), id="other forms of letters"),
        pytest.param("co\u00adop zero\u200bwidth", ("coop", "zerowidth"), id="what nobody sees"),
        pytest.param("a\u202eb", ("ab",), id="signs that turn the writing around"),
    ],
)
def test_a_text_is_folded_into_words(text: str, words: tuple[str, ...]) -> None:
    assert fold(text) == words


@pytest.mark.parametrize(
    ("said", "phrase", "found"),
    [
        ("please call me back today", "call me", True),
        ("please call me back today", "me call", False),
        ("call him, then me", "call me", False),
        ("stopped", "stop", False),
        ("stop", "stop", True),
        ("a a a b", "a a b", True),
        ("", "stop", False),
        ("stop", "", False),
        ("stop", "stop it", False),
        ("我要退款", "退款", True),
        ("👍🏽", "👍", True),
        ("I love 🇧🇷", "🇧🇷", True),
        ("I love 🇧🇴", "🇧🇷", False),
        ("🇧🇷🇺🇸", "🇷🇺", False),
    ],
)
def test_a_phrase_is_its_words_one_after_another(said: str, phrase: str, found: bool) -> None:
    assert contains(fold(said), fold(phrase)) is found


def test_only_the_first_4096_characters_of_a_text_are_read() -> None:
    assert "end" in fold("x " * 2_000 + "end")
    assert "end" not in fold("x " * 2_048 + "end")
    assert len("".join(fold("é" * 100_000))) == LONGEST
