"""Reading what Twilio tells us: signature, split into events, translation. Pure.

Source: twilio.com/docs/usage/webhooks/webhooks-security and .../webhook-shared-keys (September 2026).
"""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qs, parse_qsl, urlsplit, urlunsplit

import orjson

from clarion.domain.errors import BadWebhook
from clarion.providers.base import Event, RawEvent, WebhookRequest
from clarion.providers.events import hashed, read_json
from clarion.providers.twilio import reading

_ACCOUNT = re.compile(r"(?:^|&)AccountSid=(AC[0-9a-fA-F]{32})(?:&|$)", re.ASCII)
_MOST_FIELDS = 1_000
_PREFIX = "twilio"
_PORTS = {"https": 443, "http": 80}


def challenge(request: WebhookRequest, verify_tokens: Sequence[str]) -> str | None:
    """None: Twilio does not verify addresses by GET."""
    return None


def verify(request: WebhookRequest, secrets: Sequence[str]) -> str | None:
    """The auth token or shared key that signed this URL and these parameters, or None.

    A body that is not a form is signed through its hash in the query (`bodySHA256`).
    """
    given = request.headers.get("x-twilio-signature", "").encode("utf-8", "replace")
    try:
        fields = _fields(request)
    except BadWebhook:
        return None
    if not given or (fields is None and not _body_matches(request)):
        return None
    signed = [f"{url}{_joined(fields or [])}".encode() for url in _spellings(request.url)]
    algorithm = "sha256" if _uses_sha256(request) else "sha1"
    for secret in secrets:
        for data in signed:
            expected = b64encode(hmac.digest(secret.encode(), data, algorithm))
            if secret and hmac.compare_digest(expected, given):
                return secret
    return None


def account_hint(request: WebhookRequest) -> str:
    """The AccountSid in the body or query; not yet verified."""
    found = _ACCOUNT.search(request.body.decode("utf-8", "replace")) or _ACCOUNT.search(request.query)
    return found[1] if found else ""


def split(request: WebhookRequest) -> Sequence[RawEvent]:
    """The one event of this request. Raises BadWebhook when it is neither a form nor JSON."""
    pairs = _fields(request)
    if request.method == "GET":
        pairs = parse_qsl(request.query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    if pairs is None:
        return [hashed(account_hint(request), "other", read_json(request.body), prefix=_PREFIX)]
    form = {name.replace("\x00", ""): value.replace("\x00", "") for name, value in pairs}
    account, sid = form.get("AccountSid", ""), form.get("MessageSid") or form.get("SmsSid", "")
    status = form.get("MessageStatus", "")
    if not sid:
        return [hashed(account, "other", {"form": form}, prefix=_PREFIX)]
    if status:
        attempt = parse_qs(urlsplit(request.url).query, max_num_fields=_MOST_FIELDS).get("attempt", [""])[0]
        key = ":".join((_PREFIX, "status", account, sid, status, form.get("ErrorCode", "")))
        return [_event(account, "status", key, {"form": form, "attempt": attempt.replace("\x00", "")})]
    return [_event(account, "reply", ":".join((_PREFIX, "reply", account, sid)), {"form": form})]


def translate(event: RawEvent) -> Event:
    """What one event says. Raises BadWebhook for a broken one."""
    return reading.read(event)


def _event(account: str, kind: str, key: str, data: dict[str, object]) -> RawEvent:
    return RawEvent(account, kind, key, orjson.dumps(data).decode())


def _fields(request: WebhookRequest) -> list[tuple[str, str]] | None:
    """The decoded form fields, blanks kept; None if the body is no form. Raises BadWebhook for too many."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded" and request.body:
        return None
    try:
        body = request.body.decode("utf-8", "replace")
        return parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise BadWebhook(f"The webhook has more than {_MOST_FIELDS} fields.") from None


def _joined(fields: list[tuple[str, str]]) -> str:
    """Name and value of each distinct pair, sorted by both: what Twilio signs after the URL."""
    return "".join(name + value for name, value in sorted(set(fields)))


def _spellings(url: str) -> Iterator[str]:
    """The URL as it is, and with its port written or left out, both of which Twilio is known to sign."""
    whole = urlsplit(url)
    host = whole.hostname or ""
    host = f"[{host}]" if ":" in host else host
    yield urlunsplit(whole._replace(fragment=""))
    if whole.port:
        yield urlunsplit(whole._replace(netloc=host, fragment=""))
    elif whole.scheme in _PORTS:
        yield urlunsplit(whole._replace(netloc=f"{whole.netloc}:{_PORTS[whole.scheme]}", fragment=""))


def _body_matches(request: WebhookRequest) -> bool:
    named = parse_qs(urlsplit(request.url).query, max_num_fields=_MOST_FIELDS).get("bodySHA256", [""])[0]
    return hmac.compare_digest(
        hashlib.sha256(request.body).hexdigest().encode(), named.lower().encode("utf-8", "replace")
    )


def _uses_sha256(request: WebhookRequest) -> bool:
    """Whether the request says it was signed with a shared key (public beta, September 2026)."""
    settings = request.headers.get("x-twilio-webhooks-signature-settings", "")
    return any(setting.strip() == "algorithm=HMAC_SHA256" for setting in settings.split(","))
