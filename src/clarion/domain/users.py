"""What a user's address and password must be like."""

import re
import unicodedata

from clarion.domain.errors import BadField

LEAST, MOST = 12, 200
"""Characters of a password."""

_COMMON = frozenset(
    "password1234 password12345 passwordpassword password123456 123456789012 1234567890123 12345678901234 "
    "123456123456 012345678901 987654321098 abcdefghijkl abcdefghijklm abcd1234abcd abc123abc123 1q2w3e4r5t6y "
    "1qaz2wsx3edc qwertyuiop12 qwertyuiop123 qwertyuiopas qwertyqwerty qwerty123456 asdfghjkl123 zxcvbnm12345 "
    "administrator administrator1 admin1234567 adminadminadmin letmeinletmein welcome12345 welcomewelcome "
    "changeme1234 changemenow1 iloveyou1234 iloveyouforever correcthorsebatterystaple clarionclarion".split()
)


def read_email(text: str) -> str:
    """The address as it is stored and compared. Raises BadField."""
    email = text.strip().lower()
    if len(email) > 254 or not re.fullmatch(r"[^\s@\x00-\x1f\x7f]{1,64}@[^\s@\x00-\x1f\x7f]{1,190}", email):
        raise BadField("email", "this is not an e-mail address, such as ana@example.org")
    return email


def same_password(text: str) -> str:
    """The form that is hashed: one however a keyboard composes its letters."""
    return unicodedata.normalize("NFKC", text)


def check_password(text: str, *, email: str, field: str = "password") -> None:
    """Raises BadField for a password that is too short, too long, or among the first that anybody tries."""
    password = same_password(text)
    if not LEAST <= len(password) <= MOST:
        raise BadField(field, f"must have {LEAST} to {MOST} characters")
    plain = password.casefold()
    if plain in _COMMON or _repeats(plain):
        raise BadField(
            field, "is among the first that anybody tries: choose another, such as four random words"
        )
    person, _, host = email.casefold().partition("@")
    if plain in (email.casefold(), person, host) or (len(person) >= 6 and plain.startswith(person)):
        raise BadField(field, "must not be made of your own address")


def _repeats(text: str) -> bool:
    """Whether it is a few letters again and again: aaaaaaaaaaaa, abcabcabcabc."""
    return any(text == (text[:n] * len(text))[: len(text)] for n in range(1, 5))
