"""The Content API: contents, their approvals, pages, and what a message made from one says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import orjson
from pydantic import ValidationError

from clarion.sim.catalogue import Approval, Content
from clarion.sim.desk import Refusal
from clarion.sim.http import Answer
from clarion.sim.twilio.errors import refusal

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_MADE = "2026-10-01T09:00:00Z"


class Contents:
    """The account's contents in the order they were made."""

    def __init__(self, account: str, contents: Iterable[Content]) -> None:
        self._account = account
        self._all = {content.sid: content for content in contents}
        self._dates = dict.fromkeys(self._all, _MADE)

    def get(self, sid: str) -> Content | None:
        """The content with that SID."""
        return self._all.get(sid)

    def named(self, name: str) -> list[Content]:
        """The contents with that friendly name."""
        return [content for content in self._all.values() if content.friendly_name == name]

    def put(self, content: Content) -> None:
        """Add or change it."""
        self._all[content.sid] = content
        self._dates.setdefault(content.sid, datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))

    def remove(self, sid: str) -> bool:
        """Delete it; whether it was there."""
        return self._all.pop(sid, None) is not None

    def create(self, body: bytes, base: str) -> Answer | Refusal:
        """`POST /v1/Content`."""
        try:
            asked = orjson.loads(body)
            content = Content.model_validate({**asked, "sid": f"HX{len(self._dates) + 1:032x}"})
        except (orjson.JSONDecodeError, TypeError, ValidationError):
            return refusal(20001)
        self.put(content)
        return Answer.json(self.resource(content, base), 201)

    def resource(self, content: Content, base: str) -> dict[str, object]:
        """As the API shows it, without its approval."""
        url = f"{base}/v1/Content/{content.sid}"
        return {
            "sid": content.sid,
            "account_sid": self._account,
            "friendly_name": content.friendly_name,
            "language": content.language,
            "variables": content.variables,
            "types": content.types,
            "url": url,
            "date_created": self._dates[content.sid],
            "date_updated": self._dates[content.sid],
            "links": {
                "approval_create": f"{url}/ApprovalRequests/whatsapp",
                "approval_fetch": f"{url}/ApprovalRequests",
            },
        }

    def page(self, parameters: Mapping[str, str], base: str, *, approvals: bool) -> dict[str, object]:
        """One page. Raises ValueError for a page that is not a number."""
        size = min(max(int(parameters.get("PageSize", "50")), 1), 1000)
        page = max(int(parameters.get("Page", "0")), 0)
        contents = list(self._all.values())
        listed = [self.resource(content, base) for content in contents[page * size : (page + 1) * size]]
        if approvals:
            for shown in listed:
                del shown["url"], shown["links"]
                shown["approval_requests"] = self._all[str(shown["sid"])].approval_requests.model_dump()
        path = f"{base}/v1/{'ContentAndApprovals' if approvals else 'Content'}"

        def url(number: int, token: str = "") -> str:
            return f"{path}?PageSize={size}&Page={number}" + (f"&PageToken={token}" if token else "")

        last = (page + 1) * size >= len(contents)
        meta = {
            "page": page,
            "page_size": size,
            "first_page_url": url(0),
            "previous_page_url": url(page - 1, f"PB{listed[0]['sid']}") if page > 0 and listed else None,
            "url": url(page),
            "next_page_url": None if last else url(page + 1, f"PA{listed[-1]['sid']}"),
            "key": "contents",
        }
        return {"contents": listed, "meta": meta}

    def approvals(self, content: Content, base: str) -> dict[str, object]:
        """`GET /v1/Content/{sid}/ApprovalRequests`."""
        return {
            "sid": content.sid,
            "account_sid": self._account,
            "whatsapp": {"type": "whatsapp", **content.approval_requests.model_dump()},
            "url": f"{base}/v1/Content/{content.sid}/ApprovalRequests",
        }

    def submit(self, content: Content, body: bytes) -> Answer | Refusal:
        """`POST /v1/Content/{sid}/ApprovalRequests/whatsapp`: received; `/_sim/template` approves it."""
        try:
            asked = orjson.loads(body)
            approval = Approval(
                name=asked["name"],
                category=asked["category"],
                content_type=next(iter(content.types)),
                status="received",
            )
        except (orjson.JSONDecodeError, TypeError, KeyError, ValidationError):
            return refusal(20001)
        self.put(content.model_copy(update={"approval_requests": approval}))
        return Answer.json(approval.model_dump(), 201)


def variables(text: str | None) -> dict[str, str] | None:
    """`ContentVariables` as an object of strings; None when it is not one, or a value is empty."""
    if not text:
        return {}
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(values, dict) or not all(isinstance(value, str) and value for value in values.values()):
        return None
    return values


def render(content: Content, values: Mapping[str, str]) -> str:
    """The text of the content's richest type with its variables filled in."""
    texts = (kind.get("body") or kind.get("title") for kind in content.types.values())
    text = next((text for text in texts if isinstance(text, str)), "")
    known = {**content.variables, **values}
    return _VARIABLE.sub(lambda found: known.get(found[1], found[0]), text)


def buttons(content: Content) -> list[tuple[str, str]]:
    """Payload and text of the quick-reply buttons."""
    found: list[tuple[str, str]] = []
    for kind in content.types.values():
        actions = kind.get("actions")
        found.extend(
            (str(action["id"]), str(action.get("title", "")))
            for action in (actions if isinstance(actions, list) else ())
            if action.get("type") in (None, "QUICK_REPLY") and "id" in action
        )
    return found
