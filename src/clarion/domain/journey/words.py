"""Words as people type them, compared without case, accents and punctuation; digits and emoji are words too."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

LONGEST = 4_096
_ASCII_WORD = re.compile("[a-z0-9]+")


@lru_cache(maxsize=128)  # every edge of a node looks at the same reply
def fold(text: str) -> tuple[str, ...]:
    """The first 4,096 characters of the text as a row of words.

    "Não, obrigado!" is ("nao", "obrigado"); every emoji and every Chinese or Japanese sign is a word of its own,
    skin tones and text or emoji style do not count, and "1️⃣", "１" and "١" are all "1".
    """
    text = text[:LONGEST]
    if text.isascii():
        return tuple(_ASCII_WORD.findall(text.lower()))
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    words: list[str] = []
    open_word = joined = touching = half_flag = False
    for c in plain:
        if c == "\u200d":
            joined = bool(words)  # one emoji made of several
            continue
        kind = unicodedata.category(c)
        if _silent(c, kind):
            continue
        if kind[0] == "N" and (digit := unicodedata.digit(c, None)) is not None:
            c = str(digit)  # noqa: PLW2901  # the same digit in another script
        flag = "\U0001f1e6" <= c <= "\U0001f1ff"  # two such letters are one flag
        half_flag, second = flag and not half_flag, flag and half_flag
        if kind == "So" or flag:
            if joined or second:
                words[-1] += c
            else:
                words.append(c)
            open_word = touching = False
        elif kind[0] in "LNM":
            alone = _alone(c)
            if (open_word and not alone) or (touching and kind[0] == "M"):
                words[-1] += c  # a mark belongs to the letter before it, also in scripts without spaces
            else:
                words.append(c)
            open_word, touching = not alone, True
        else:
            open_word = touching = False
        joined = False
    return tuple(words)


def contains(said: Sequence[str], phrase: Sequence[str]) -> bool:
    """Whether the words of `phrase` stand in `said`, one after another."""
    size = len(phrase)
    if not size or phrase[0] not in said:
        return False
    return any(said[n : n + size] == phrase for n, word in enumerate(said) if word == phrase[0])


def _silent(c: str, kind: str) -> bool:
    """Latin, Greek and Cyrillic accents, Arabic vowel signs, key caps, styles and skin tones.

    Marks of other scripts are letters' own vowels, and stay.
    """
    return (
        "\u0300" <= c <= "\u036f"
        or "\u064b" <= c <= "\u0652"
        or "\U0001f3fb" <= c <= "\U0001f3ff"
        or kind in ("Cf", "Me")
        or "\ufe00" <= c <= "\ufe0f"
    )


def _alone(c: str) -> bool:
    """Scripts written without spaces: any sign may be a word's end."""
    return "\u3040" <= c <= "\u30ff" or "\u3400" <= c <= "\u9fff" or "\U00020000" <= c <= "\U0003ffff"
