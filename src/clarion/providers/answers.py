"""What both sides of an HTTP exchange have in common for every provider: failures, waits, JSON, paging."""

from collections.abc import Awaitable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import orjson
from yarl import URL

from clarion.domain.errors import BadContent, ProviderRefused, ProviderUnreachable
from clarion.domain.sending import Fault, FaultKind, NotSent, Rejected, Unknown
from clarion.providers.transport import MICROS, Answer, MaybeDelivered, NotDelivered, Transport

LONGEST_WAIT = 3600 * MICROS
"""Microseconds. A Retry-After beyond an hour is a mistake, and a sender must not sleep on one."""

MOST_PAGES = 1_000


def not_sent(error: NotDelivered) -> NotSent:
    """No connection was made: certainly not sent."""
    return NotSent(Fault(FaultKind.NETWORK, error.code, f"{error} Nothing was sent; it is tried again."))


def malformed(error: BadContent) -> Rejected:
    """The content cannot be sent with this provider; found before any request."""
    return Rejected(Fault(FaultKind.REQUEST, "content", str(error)))


def unclear(answer: Answer) -> Unknown:
    """An answer that is not the provider's own: no proof that the message was sent, or that it was not."""
    if 200 <= answer.status < 300:
        return Unknown(f"HTTP {answer.status} without a message id: it was probably sent.")
    if answer.status >= 500:
        return Unknown(f"HTTP {answer.status} without the provider's error code: it may have been sent.")
    return Unknown(f"HTTP {answer.status} that is not the provider's own answer: is a proxy in between?")


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`, or {} when it holds none (HTML, half an answer)."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return data if isinstance(data, dict) else {}


def wait_of(headers: Mapping[str, str]) -> int:
    """Retry-After in microseconds, 0 if there is none. A date counts from the answer's own Date."""
    asked = headers.get("Retry-After", "").strip()
    if asked.isascii() and asked.isdigit():
        return min(int(asked[:9]) * MICROS, LONGEST_WAIT)
    try:
        away = parsedate_to_datetime(asked) - parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, TypeError):
        return 0
    return max(0, min(int(away.total_seconds() * MICROS), LONGEST_WAIT))


async def fetch(transport: Transport, url: URL, headers: Mapping[str, str], provider: str) -> Answer:
    """GET for an administrative call. Raises ProviderUnreachable when no answer comes."""
    return await _answered(transport.get(url, headers=headers), provider)


async def submit(
    transport: Transport, url: URL, headers: Mapping[str, str], body: bytes, provider: str
) -> Answer:
    """POST for an administrative call. Raises ProviderUnreachable when no answer comes."""
    return await _answered(transport.post(url, headers=headers, body=body), provider)


async def remove(transport: Transport, url: URL, headers: Mapping[str, str], provider: str) -> Answer:
    """DELETE for an administrative call. Raises ProviderUnreachable when no answer comes."""
    return await _answered(transport.delete(url, headers=headers), provider)


async def _answered(asking: Awaitable[Answer], provider: str) -> Answer:
    try:
        return await asking
    except NotDelivered as error:
        raise ProviderUnreachable(provider, error.code, str(error)) from error
    except MaybeDelivered as error:
        raise ProviderUnreachable(provider, "no_answer", str(error)) from error


def foreign(provider: str, answer: Answer) -> ProviderUnreachable:
    """An answer to an administrative call that is not the provider's own."""
    return ProviderUnreachable(
        provider,
        f"HTTP {answer.status}",
        f"the answer is not {provider}'s own: it has a disturbance, or something stands in between.",
    )


def next_page(base: URL, given: str, provider: str) -> URL:
    """The next page's address. Raises ProviderRefused when it leads elsewhere: credentials stay here."""
    try:
        url = base.join(URL(given, encoded=True))
        at_home = url.origin() == base.origin()
    except ValueError as error:
        raise ProviderRefused(provider, "paging", f"the next page has no usable address: {error}.") from None
    if not at_home:
        raise ProviderRefused(
            provider, "paging", f"the next page is not on {base.host}: check the base URL setting."
        )
    return url
