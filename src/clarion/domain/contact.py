"""Phone numbers: one spelling to dial, one key for the person whatever the spelling.

Only the ASCII digits count, and a text that names two numbers, or lost digits on its way, is refused.
"""

import re
import unicodedata
from typing import NamedTuple

import phonenumbers

from clarion.domain import numbering
from clarion.domain.errors import BadAddress

MAX_DIGITS = 15  # ITU-T E.164


class Address(NamedTuple):
    """A phone number that can be dialled."""

    e164: str  # +5541991234567
    person: str  # digits only; the same for every spelling of one person's number


class Reading(NamedTuple):
    """An address as it was read, and what had to be changed in its digits ("" = nothing)."""

    address: Address
    correction: str


def read_address(text: str, country: str = "") -> Reading:
    """Read a number as people write it; without + or 00 it is one of `country` ("BR", or "" for none).

    Spaces, punctuation, trunk prefixes and a missing country code are not corrections; other digits are.
    Raises BadAddress.
    """
    digits, correction = _digits(text)
    try:
        number = numbering.read_digits(digits, country)
    except numbering.Refused as refused:
        raise BadAddress(text, str(refused)) from None
    modern, changed = numbering.modern(number)
    typed = digits.lstrip("+")
    if not changed and not typed.endswith(modern.national):
        changed = f"{typed} read as +{modern.code}{modern.national}"
    return Reading(_address(modern), "; ".join(filter(None, (correction, changed))))


def known_address(digits: str) -> Address:
    """The address of a number that a provider told us, + or not: it exists, so it is never refused."""
    digits = "".join(c for c in digits if c in "0123456789")
    code = numbering.calling_code(digits)
    if not code:
        return Address(f"+{digits}", digits)
    return _address(numbering.modern(numbering.Number(code, digits[len(code) :]))[0])


def _address(number: numbering.Number) -> Address:
    """Argentina's mobile 9 is only dialled from abroad, so its presence tells nobody from anybody."""
    code, national = number
    key = national
    if code == "55" and len(national) == 10 and national[2] == "7":
        key = f"{national[:2]}9{national[2:]}"
    elif code == "54" and len(national) == 11 and national[0] == "9":
        key = national[1:]
    return Address(f"+{code}{national}", code + key)


def check_country(country: str) -> str:
    """The two-letter code in capitals, "" as it is. Raises ValueError, naming the problem."""
    code = country.strip().upper()
    if code and code not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(f"{country!r} is not a country: use two letters such as BR, MX or US")
    return code


# --- from text to digits ----------------------------------------------------------------------------------

_PUNCTUATION = dict.fromkeys(
    map(
        ord,
        " -().'\t\r\n‐‑‒–—−\u00a0\u00ad\u2009\u200b\u200e\u200f\u202a\u202c\u202d\u202f"
        "\u2060\u2066\u2069\ufeff",
    )
)
"""What people, word processors and address books put around digits; invisible marks included."""

_SCIENTIFIC = re.compile(r"\+?\d+(?:[.,]\d+)?[eE]\+?\d+")
_DECIMAL = re.compile(r"(\+?\d{7,})[.,]0{1,2}")
_SCHEME = re.compile(r"(?:tel|whatsapp):", re.IGNORECASE)


def _digits(text: str) -> tuple[str, str]:
    """The digits, after a + if it had one, and what was corrected."""
    if text.isascii() and text.removeprefix("+").isdigit():
        _check_length(text, text)
        return text, ""
    plain, correction = text.strip(), ""
    if not plain:
        raise BadAddress(text, "is empty")
    if _SCIENTIFIC.fullmatch(plain):
        raise BadAddress(text, "lost digits in a spreadsheet: format the column as text and fill it in again")
    if decimal := _DECIMAL.fullmatch(plain):  # never read as one more digit
        plain, correction = decimal[1], "decimals left out"
    plain = _SCHEME.sub("", plain, count=1) if ":" in plain else plain
    plain = plain.translate(_PUNCTUATION)
    if "/" in plain:
        head, _, tail = plain.partition("/")
        if "/" in tail or len(tail) < 5:  # "3323-4567/68" names two numbers, "030/1234567" one
            raise BadAddress(text, "holds more than one number: keep one")
        plain = head + tail
    if not (plain.isascii() and plain.removeprefix("+").isdigit()):
        raise BadAddress(text, _strange(plain))
    _check_length(text, plain)
    return plain, correction


def _strange(plain: str) -> str:
    for c in plain.removeprefix("+"):
        if c not in "0123456789":
            if unicodedata.category(c)[0] == "N":
                return f"has {c!r}, which is not one of the digits 0 to 9"
            if c == "+":
                return "has a + after its first digit: keep one number"
            return f"has {c!r}, which is not part of a phone number"
    return "has no digits"


def _check_length(text: str, plain: str) -> None:
    if len(plain) > MAX_DIGITS + 6:  # room for +, 00 and a carrier's code
        count = len(plain.lstrip("+"))
        raise BadAddress(text, f"has {count} digits; a phone number has at most {MAX_DIGITS}")
