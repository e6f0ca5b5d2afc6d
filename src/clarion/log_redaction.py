"""Keeps people and secrets out of the log, whatever a caller passes.

Values under a telling key go whole; everywhere else what looks like a phone number or a credential is masked.
It is a net below the rule that callers log ids only, so it rather masks too much than too little.
"""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

# A key is telling when one of its words is: `phone`, `to_address`, `access_token`.
TELLING = frozenset(
    {
        *("address", "addresses", "msisdn", "person", "phone", "phones", "recipient", "to"),
        *("body", "bodies", "payload", "text", "texts"),
        *("auth", "authorization", "credential", "credentials", "key", "password"),
        *("secret", "secrets", "signature", "token", "tokens"),
    }
)
# Numbers that count or point may be as long as phone numbers are.
COUNTING = frozenset({"at", "bytes", "count", "id", "ids", "ms", "ns", "s", "seconds", "size", "us"})
# A last word may take back what the others tell, because it says what follows: `body_bytes`, `token_id`.
HARMLESS = COUNTING | {"hash", "index", "kind", "length", "name", "status", "type"}

_DATE_OR_IP = r"(?!\d{4}-\d\d-\d\d(?!\d))(?!\d{1,3}(?:\.\d{1,3}){3}(?![\d.]))"
_PHONE = re.compile(rf"(?<![\w.+-])(?<!\d:){_DATE_OR_IP}\+?\(?\d(?:[\s().-]{{0,2}}\d){{7,17}}(?![\w-])")
_SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 ***"),
    (re.compile(r"\bEAA[A-Za-z0-9]{20,}"), "***"),  # how Meta's access tokens begin
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "***"),  # a JSON web token
    (re.compile(r"\b[0-9a-f]{32}\b"), "***"),  # a Twilio auth token; its ids have two letters before
    (re.compile(r"wamid\.[\w+/=-]+"), "wamid.***"),  # a WhatsApp message id has the phone number in it
    (re.compile(r"(://[^/@:\s]*):[^/\s]*@"), r"\1:***@"),
    (
        re.compile(
            r"(?i)\b([\w-]*(?:token|secret|password|signature|api[_-]?key))(['\"]?\s*[=:]\s*)[^\s&,}]+"
        ),
        r"\1\2***",
    ),
    (re.compile(r"\[parameters: .*"), "[parameters: ***]"),  # SQLAlchemy quotes what a statement was given
)
# Everything that moves the cursor, ends a line or turns the direction of writing: one event stays one line.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROL_IN_TRACE = re.compile(_CONTROL.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Structlog processor: the event with every value masked and made printable."""
    for key, value in event.items():
        if key not in {"event", "level", "timestamp"}:
            event[key] = clean(value, key)
    return event


def clean(value: Any, key: str = "") -> Any:
    """The value as it may be written under `key`."""
    words = key.lower().replace("-", "_").split("_")
    telling = not TELLING.isdisjoint(words) and words[-1] not in HARMLESS
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        looks_like_phone = 10**9 <= abs(value) < 10**15 and words[-1] not in COUNTING
        return _tail(str(value)) if looks_like_phone or telling else value
    if isinstance(value, Mapping):
        return {_printable(str(k)): clean(v, key if telling else str(k)) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [clean(part, key) for part in value]
    if telling:
        return _tail(str(value))
    return masked(str(value), keep_lines=key == "exception", ids=words[-1] in {"id", "ids"})


def masked(text: str, *, keep_lines: bool = False, ids: bool = False) -> str:
    """The text with phone numbers and credentials masked and control characters escaped.

    `keep_lines` leaves line ends, for tracebacks; `ids` lets 32 hexadecimal digits stand, for our own ids.
    """
    for pattern, instead in _SECRETS:
        if not (ids and "{32}" in pattern.pattern):
            text = pattern.sub(instead, text)
    return _printable(_PHONE.sub(lambda found: _tail(found.group()), text), keep_lines)


def _tail(text: str) -> str:
    """Two characters at most are left, of a long value, so that one person's events can be told from
    another's."""
    digits = re.sub(r"\D", "", text)
    return f"***{digits[-2:]}" if len(digits) >= 8 and len(text) <= 24 else "***"


def _printable(text: str, keep_lines: bool = False) -> str:
    pattern = _CONTROL_IN_TRACE if keep_lines else _CONTROL
    return pattern.sub(lambda found: found.group().encode("unicode_escape").decode(), text)
