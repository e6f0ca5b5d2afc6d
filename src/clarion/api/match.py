"""ETag and If-Match: two people may edit one thing, and neither overwrites what they have not seen."""

import hashlib
import re
from collections.abc import Callable
from typing import Annotated, Any

import orjson
from fastapi import Header

from clarion.api.errors import Changed, NoPrecondition

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=1_000,
        description='The `ETag` of what you have seen, such as `"3f0c..."`; `*` to go over whatever is there.',
    ),
]

_TAG = re.compile(r'(W/)?"([^"]*)"')


def digest_of(*facts: Any) -> str:
    """A digest of a state: the same facts always have the same one."""
    said = orjson.dumps(facts, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return hashlib.sha256(said).hexdigest()[:24]


def etag(digest: str) -> str:
    """The header's value."""
    return f'"{digest}"'


def matching(given: str | None, what: str, *, needed: bool = True) -> Callable[[str], None]:
    """Raises Changed when told a digest that If-Match does not name; NoPrecondition at once where it is needed."""
    if given is None and needed:
        raise NoPrecondition(
            f"Somebody else may have changed this {what}: send the ETag you have seen as If-Match, or `*`."
        )
    seen = {tag for weak, tag in _TAG.findall(given or "") if not weak}

    def check(digest: str) -> None:
        if given is not None and given.strip() != "*" and digest not in seen:
            raise Changed(
                f"This {what} was changed since you read it: read it again, and make your change to what is there now."
            )

    return check
