"""Whether a reply asks us to stop. Exact words only: a longer text is for a person to read."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

DEFAULT_WORDS = (
    "STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT OUT",
    "PARAR", "SAIR", "BAJA",
)  # fmt: skip
"""What carriers and Twilio take for a stop in English, and the usual words in Portuguese and Spanish."""


class Heard(NamedTuple):
    """What a reply says about hearing from us. At most one is true."""

    opt_out: bool
    maybe: bool  # a longer text that contains one of the words


def read_reply(text: str, words: Iterable[str] = ()) -> Heard:
    """Compare a reply with the default words and the workspace's own.

    Compared without case, invisible characters, and punctuation or symbols at the edges: "Stop!", "ＳＴＯＰ"
    and "stop 🙏" are a stop; "please stop" is a maybe; "nonstop" is nothing.
    """
    stops, inside = _compile(frozenset(words))
    said = fold(text)
    if said in stops:
        return Heard(opt_out=True, maybe=False)
    return Heard(opt_out=False, maybe=bool(inside.search(said)))


def fold(text: str) -> str:
    """The text with compatibility forms, case, invisible characters, edges and runs of spaces evened out."""
    # Normalised again at the end: folding case can take composed characters apart.
    even = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    seen = "".join(c for c in even if not _invisible(c))
    start, end = 0, len(seen)
    while start < end and _edge(seen[start]):
        start += 1
    while end > start and _edge(seen[end - 1]):
        end -= 1
    return " ".join(seen[start:end].split())


def _invisible(c: str) -> bool:
    # Format characters, and the selectors that ask for an emoji's colour.
    return unicodedata.category(c) == "Cf" or "\ufe00" <= c <= "\ufe0f" or c in "\u034f\u115f\u1160\u3164"


def _edge(c: str) -> bool:
    return unicodedata.category(c)[0] in "PSZC"


@lru_cache(maxsize=256)
def _compile(words: frozenset[str]) -> tuple[frozenset[str], re.Pattern[str]]:
    stops = frozenset(folded for word in (*DEFAULT_WORDS, *words) if (folded := fold(word)))
    longest_first = sorted(stops, key=lambda word: (-len(word), word))
    return stops, re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
