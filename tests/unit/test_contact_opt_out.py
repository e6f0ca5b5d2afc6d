"""Whole-message opt-out words, whatever the spelling."""

import pytest

from clarion.domain.opt_out import DEFAULT_WORDS, read_reply


@pytest.mark.parametrize("word", DEFAULT_WORDS)
def test_each_default_word_is_an_opt_out_in_any_case(word: str) -> None:
    for text in (word, word.lower(), f" {word.title()}! ", f"«{word}»."):
        assert read_reply(text) == (True, False)


@pytest.mark.parametrize(
    "text",
    [
        "ＳＴＯＰ",
        "s\u200bt\u200dop",
        "\ufeffstop",
        "stop 🙏",
        "STOP\ufe0f",
        "opt\u00a0 out",
        "¡baja!",
        '"Sair"',
    ],
)
def test_a_disguised_word_is_an_opt_out(text: str) -> None:
    assert read_reply(text).opt_out


@pytest.mark.parametrize("text", ["please stop", "stop it now", "quero sair da lista", "me dê baja, gracias"])
def test_a_longer_text_with_such_a_word_is_for_a_person_to_read(text: str) -> None:
    assert read_reply(text) == (False, True)


@pytest.mark.parametrize("text", ["", "nonstop", "weekend", "yes", "ok 👍", "...", "trabaja"])
def test_other_texts_are_nothing(text: str) -> None:
    assert read_reply(text) == (False, False)


def test_a_workspace_adds_its_own_words() -> None:
    assert read_reply("arrêt", ["Arrêt"]).opt_out
    assert read_reply("arrêt", ["..."]) == (False, False)
