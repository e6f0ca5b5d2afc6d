"""Studio's widgets that ask other services."""

from dataclasses import dataclass
from typing import Any

from clarion.domain.journey.lift.calls import Calls
from clarion.domain.journey.lift.loose import first, pairs, text
from clarion.domain.journey.lift.studio_flow import Flow, Widget
from clarion.domain.journey.lift.texts import Texts, form

REQUEST_FIELDS = frozenset(
    "method url body content_type parameters add_twilio_auth add_twilio_signature".split()
)
FUNCTION_FIELDS = frozenset("url parameters service_sid environment_sid function_sid".split())
"""Properties that are read, or that mean nothing outside Twilio."""

_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Requests:
    """Makes api nodes."""

    flow: Flow
    texts: Texts
    calls: Calls

    def call(self, widget: Widget, node: str) -> None:
        """For make-http-request."""
        said, where, report = widget.properties, widget.name, self.flow.report
        method = self.calls.method(said.get("method"), where)
        fields = list(pairs(said.get("parameters")))
        body, headers = (None, {}) if method == "GET" else self._body(widget, fields)
        if method == "GET" and text(said.get("body")):
            report.lost(where, "A GET carries no body here: put its values into the address.")
        if first(said, "add_twilio_auth", "add_twilio_signature") in (True, "true"):
            report.lost(where, "Twilio's own credentials are not sent along: set a header for them.")
        url = self.calls.address(said.get("url"), fields if method == "GET" else [], where)
        self._add(widget, node, "failed", method=method, url=url, headers=headers, body=body)
        report.carried(where, f"Became the api node {node!r}.")

    def function(self, widget: Widget, node: str) -> None:
        """For run-function: a request to the function's address."""
        fields = list(pairs(widget.properties.get("parameters")))
        url = self.calls.address(widget.properties.get("url"), [], widget.name)
        headers = {"Content-Type": _FORM} if fields else {}
        body = self._form(fields, widget.name) if fields else None
        failed = "fail" if "fail" in widget.ways else "failed"
        self._add(widget, node, failed, method="POST", url=url, headers=headers, body=body)
        self.flow.report.lost(
            widget.name,
            f"Functions run at Twilio: the api node {node!r} calls its address, which refuses strangers unless the "
            "function is public. Make it so, or move what it does to a service of your own.",
        )

    def _add(self, widget: Widget, node: str, failed: str, **fields: Any) -> None:
        draft, where = self.flow.draft, widget.name
        draft.add("api", node, where, name=where, at=widget.at, **fields)
        draft.draw(node, self.flow.to(widget.ways.get("success", ""), where), "success")
        draft.draw(node, self.flow.to(widget.ways.get(failed, ""), where), "failure")

    def _body(self, widget: Widget, fields: list[tuple[str, Any]]) -> tuple[Any, dict[str, str]]:
        said, where = widget.properties, widget.name
        content_type = text(said.get("content_type"))
        body = self.calls.body(said.get("body"), where)
        if body is None and fields:
            body = self._form(fields, where)
            content_type = content_type if content_type.startswith(_FORM) else _FORM
        elif body is not None and fields:
            self.flow.report.lost(where, "It had a body and parameters: the parameters were left out.")
        return body, {"Content-Type": content_type} if body is not None and content_type else {}

    def _form(self, fields: list[tuple[str, Any]], where: str) -> str:
        return form(
            [
                (name, self.texts.carry(text(value), where, f"parameter {name}", blanks=True))
                for name, value in fields
            ]
        )
