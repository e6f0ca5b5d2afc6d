"""From digits to a number in its country's plan: the phonenumbers library, read strictly, with a fast way.

Strictly means that a number is never silently another one: what could be two numbers is refused.
"""

import re
from functools import cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata


class Number(NamedTuple):
    """A number that exists, or did before its country's plan changed (see `modern`)."""

    code: str  # country calling code
    national: str  # the rest of E.164, leading zeros included


class Refused(Exception):
    """Why digits are not a number; completes "this number ..."."""


def read_digits(digits: str, country: str) -> Number:
    """The number of ASCII `digits`, + or not, as dialled from `country` ("" for none). Raises Refused."""
    return fast(digits, country) or slow(digits, country)


_MEXICO_OLD = re.compile(r"(?:1|01|044|045)(\d{10})")


def modern(number: Number) -> tuple[Number, str]:
    """The number in today's plan, and what was changed for it.

    Brazil put a 9 before mobile numbers (2012-2016). Those that began with 6, 8 or 9 certainly have it now;
    with 7 there were also trunking radios, which never got it, so these are dialled as written.
    Mexico dropped the 1 (and 01, 044, 045) before mobile numbers (2019-2020).
    """
    code, national = number
    if code == "55" and len(national) == 10 and national[2] in "689":
        return Number(code, f"{national[:2]}9{national[2:]}"), "ninth digit added"
    if code == "52" and (old := _MEXICO_OLD.fullmatch(national)):
        return Number(code, old[1]), "old mobile prefix left out"
    return number, ""


# --- from digits to a number ------------------------------------------------------------------------------

_CODES = frozenset(str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def calling_code(digits: str) -> str:
    """The country calling code that the digits begin with, "" when there is none. No code begins another."""
    for length in (1, 2, 3):
        if digits[:length] in _CODES:
            return digits[:length]
    return ""


def slow(digits: str, country: str) -> Number:
    """The number as the library reads it. Raises Refused."""
    if digits.startswith("+"):
        return _international(digits)
    if not digits.startswith("00"):
        if not country:
            raise Refused("has no + and country code, and no default country was given")
        return _national(digits, country)
    # 00 means "abroad" nearly everywhere; some countries put a carrier's code after it. 00 55 49 99123-4567
    # is Brazil to people, and Germany to an exchange in Brazil, which takes 55 for a carrier.
    abroad, own = _attempt("+" + digits[2:], ""), _attempt(digits, country) if country else None
    if abroad and own and abroad != own and abroad.code != str(phonenumbers.country_code_for_region(country)):
        raise Refused(
            f"could be +{abroad.code}{abroad.national} or +{own.code}{own.national}: write it with +"
        )
    return abroad or own or _international("+" + digits[2:])


def _attempt(digits: str, country: str) -> Number | None:
    try:
        return _international(digits) if digits.startswith("+") else _national(digits, country)
    except Refused:
        return None


def _international(digits: str) -> Number:
    if not calling_code(digits[1:]):
        raise Refused("begins with a country code that does not exist")
    return _parse(digits, None)


def _national(digits: str, country: str) -> Number:
    try:
        return _parse(digits, country)
    except Refused as refused:
        raise Refused(f"{refused}; a number of another country needs + and its code") from None


def _parse(digits: str, country: str | None) -> Number:
    try:
        parsed = phonenumbers.parse(digits, country)
    except NumberParseException as error:
        raise Refused(_WORDS.get(error.error_type, "is not a phone number")) from None
    number = Number(str(parsed.country_code), phonenumbers.national_significant_number(parsed))
    if not _valid(modern(number)[0]):
        region = phonenumbers.region_code_for_country_code(int(number.code))
        place = f"+{number.code}" if region == "001" else f"{region} (+{number.code})"
        raise Refused(f"is not a number that exists in {place}")
    return number


_WORDS = {
    NumberParseException.INVALID_COUNTRY_CODE: "begins with a country code that does not exist",
    NumberParseException.TOO_SHORT_NSN: "is too short",
    NumberParseException.TOO_SHORT_AFTER_IDD: "is too short",
    NumberParseException.TOO_LONG: "is too long",
}


def _valid(number: Number) -> bool:
    zeros = len(number.national) - len(number.national.lstrip("0"))
    return phonenumbers.is_valid_number(
        phonenumbers.PhoneNumber(
            country_code=int(number.code),
            national_number=int(number.national or "0"),
            italian_leading_zero=zeros > 0 or None,
            number_of_leading_zeros=zeros if zeros > 1 else None,
        )
    )


# --- the same, five times faster, for the mobile numbers that lists are made of ---------------------------

_NEVER = "(?!)"


class _Plan:
    """What is certainly a mobile number behind one country code, from the library's own tables."""

    __slots__ = ("_general", "_lengths", "_mobile", "_prefix", "code", "longest")

    def __init__(self, code: str) -> None:
        region = phonenumbers.region_code_for_country_code(int(code))
        data = PhoneMetadata.metadata_for_region_or_calling_code(int(code), region)
        general = data.general_desc if data else None
        # Where leading digits tell regions apart, the library may find another region first.
        mobile = data.mobile if data and not data.leading_digits else None
        prefix = data.national_prefix_for_parsing if data else None
        self.code = code
        self.longest = max(general.possible_length) if general else 0
        self._general = re.compile((general and general.national_number_pattern) or _NEVER).fullmatch
        self._mobile = re.compile((mobile and mobile.national_number_pattern) or _NEVER).fullmatch
        self._lengths = frozenset(mobile.possible_length if mobile else ())
        self._prefix = re.compile(prefix or _NEVER).match

    def has(self, national: str) -> bool:
        """Whether the library would take no digit off its front and find it valid as it stands."""
        return bool(
            len(national) in self._lengths
            and self._mobile(national)
            and self._general(national)
            and not self._prefix(national)
        )


_plan = cache(_Plan)


@cache
def _home(country: str) -> tuple[_Plan, re.Pattern[str]] | None:
    """The plan of the default country, and what people there dial before numbers abroad."""
    code = phonenumbers.country_code_for_region(country)
    data = PhoneMetadata.metadata_for_region(country)
    if data is None or phonenumbers.region_code_for_country_code(code) != country:
        return None
    return _plan(str(code)), re.compile(data.international_prefix or _NEVER)


def fast(digits: str, country: str) -> Number | None:
    """The number if it is plainly a mobile one, exactly as `slow` reads it; None means: ask `slow`."""
    if digits[:1] == "+":
        code = calling_code(digits[1:4])
        national = digits[1 + len(code) :]
        return Number(code, national) if code and _plan(code).has(national) else None
    home = _home(country) if country and not digits.startswith("00") else None
    if home is None:
        return None
    plan, abroad = home
    if abroad.match(digits):
        return None
    if not digits.startswith(plan.code):
        return Number(plan.code, digits) if plan.has(digits) else None
    national = digits[len(plan.code) :]
    # Not longer than a number at home: only the library can tell the country's code from an area's.
    return Number(plan.code, national) if len(digits) > plan.longest and plan.has(national) else None
