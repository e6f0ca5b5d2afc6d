"""Studio's widgets, one by one."""

from collections.abc import Mapping
from typing import Any

from clarion.domain.journey.lift.answers import Answers
from clarion.domain.journey.lift.calls import Calls
from clarion.domain.journey.lift.contents import Contents
from clarion.domain.journey.lift.loose import as_map, first, pairs, text, unread
from clarion.domain.journey.lift.references import References
from clarion.domain.journey.lift.report import brief
from clarion.domain.journey.lift.spans import TIMEOUTS, duration
from clarion.domain.journey.lift.splits import Conditions, branches_of, draw
from clarion.domain.journey.lift.studio_calls import FUNCTION_FIELDS, REQUEST_FIELDS, Requests
from clarion.domain.journey.lift.studio_flow import Flow, Widget
from clarion.domain.journey.lift.texts import Texts

STUDIO_TIMEOUT = "1h"
"""How long Studio waits for a reply unless told otherwise."""

_USUAL = {"from": "{{flow.channel.address}}", "to": "{{contact.channel.address}}"}

_MESSAGE = frozenset(
    "body media_url media content_sid content_template_sid content_variables content_template_variables attributes "
    "from to service channel message_type".split()
)
_READ = {
    "send-message": _MESSAGE,
    "send-and-wait-for-reply": _MESSAGE | {"timeout"},
    "split-based-on": frozenset({"input"}),
    "make-http-request": REQUEST_FIELDS,
    "run-function": FUNCTION_FIELDS,
    "set-variables": frozenset({"variables"}),
    "send-to-flex": frozenset({"workflow", "channel"}),
    "run-subflow": frozenset({"flow_sid", "flow_revision", "parameters"}),
}
"""Properties that are read, or that mean nothing outside Twilio."""


class Widgets:
    """Makes a node of ours, or two, for each of theirs."""

    def __init__(self, flow: Flow, references: References) -> None:
        self.flow, self.draft, self.report, self.references = flow, flow.draft, flow.report, references
        self.texts = Texts(self.report, references.translate)
        self.contents = Contents(self.texts, self.report)
        self.requests = Requests(flow, self.texts, Calls(self.texts, self.report))
        self.answers = Answers(self.draft, self.report)

    def make(self, widget: Widget) -> None:
        """Add it with its ways, or what stands in its place."""
        node = self.draft.ids.of(widget.name)
        match widget.kind:
            case "send-message":
                self._message(widget, node)
                self.flow.go_on(widget, node, "sent")
                self.flow.follow(widget, node, "failed", "failed")
                self.report.carried(widget.name, f"Became the message {node!r}.")
            case "send-and-wait-for-reply":
                self._ask(widget, node)
            case "split-based-on":
                self._split(widget, node)
            case "make-http-request":
                self.requests.call(widget, node)
            case "run-function" if text(widget.properties.get("url")):
                self.requests.function(widget, node)
            case "set-variables":
                self._set(widget, node)
            case "run-subflow":
                self._subflow(widget, node)
            case "send-to-flex":
                self._add("handoff", widget, node, note=f"From the flow: {widget.name}")
                self.report.changed(
                    widget.name,
                    f"Became the handoff {node!r}: the conversation goes to the inbox, not to Flex.",
                )
            case _:
                self._placeholder(widget, node)
                return
        if listed := unread(widget.properties, _READ.get(widget.kind, frozenset()) | {"offset"}):
            self.report.lost(
                widget.name, f"Fields that were not read: {listed}. If they matter, say it anew."
            )

    def keep_answers(self) -> None:
        """Let waits and calls keep what texts and splits look at."""
        for node, where in self.draft.origin.items():
            made = self.draft.nodes[node]
            if made["kind"] == "wait" and where in self.references.replies:
                made["save"] = self.references.replies[where]
            if made["kind"] == "api" and where in self.references.answers:
                saved = ((name, path) for path, name in self.references.answers[where].items())
                made["save"] = self.requests.calls.saved(saved, where)

    def _add(self, kind: str, widget: Widget, node: str, **fields: Any) -> None:
        self.draft.add(kind, node, widget.name, name=widget.name, at=widget.at, **fields)

    def _message(self, widget: Widget, node: str) -> None:
        said = widget.properties
        data = {
            "body": said.get("body"),
            "media_url": first(said, "media_url", "media"),
            "content_sid": first(said, "content_sid", "content_template_sid"),
            "content_variables": first(said, "content_variables", "content_template_variables"),
        }
        self._add("message", widget, node, content=self.contents.read(data, widget.name))
        for key, usual in _USUAL.items():
            given = text(said.get(key)).replace(" ", "")
            if given and given != usual:
                self.report.lost(
                    widget.name,
                    f"It had {key!r} set to {brief(given)!r}: here it goes from the journey's sender to the person.",
                )
        if as_map(said.get("attributes")):
            self.report.lost(widget.name, "Its attributes were left out: messages carry none here.")

    def _ask(self, widget: Widget, node: str) -> None:
        wait, where = self.draft.ids.fresh(f"{node}_wait"), widget.name
        self._message(widget, node)
        found = duration({"timeoutseconds": widget.properties.get("timeout")}, TIMEOUTS)
        timeout = found.text if found and found.text != "0s" else STUDIO_TIMEOUT
        if found is None or found.remark or found.text == "0s":
            self.report.changed(where, f"Check its timeout, now {timeout}: it could not be taken as it was.")
        name, at = f"Answer to {where}", self.draft.below(node)
        self.draft.add("wait", wait, where, name=name, at=at, timeout=timeout)
        self.draft.draw(node, wait)
        self.flow.follow(widget, node, "deliveryFailure", "failed")
        self._replied(widget, wait)
        self.draft.draw(wait, self.flow.to(widget.ways.get("timeout", ""), where), "timeout")
        self.flow.follow(widget, wait, "deliveryFailure", "failed")
        self.report.carried(where, f"Became the message {node!r} and the wait {wait!r}.")

    def _replied(self, widget: Widget, wait: str) -> None:
        name = widget.ways.get("incomingMessage", "")
        if name not in self.flow.folded:
            self.draft.draw(wait, self.flow.to(name, widget.name), "fallback")
            return
        split = self.flow.widgets[name]
        for match in split.matches:
            draw(self.answers, wait, self.flow.to(match.to, name), match.tests[0], name)
        self.draft.draw(wait, self.flow.to(split.ways.get("noMatch", ""), name), "fallback")
        self.report.carried(
            name, f"Became the ways of the wait {wait!r}: they compare without case and accents."
        )

    def _split(self, widget: Widget, node: str) -> None:
        conditions = Conditions(self.references, self.report)
        branches, ways = branches_of(widget.matches, conditions, widget.name)
        computed = conditions.computed
        split = self._computed(widget, node, computed) if computed else node
        self._add("split", widget, split, branches=branches)
        for branch, to in ways:
            self.draft.draw(split, self.flow.to(to, widget.name), "branch", branch=branch)
        self.draft.draw(split, self.flow.to(widget.ways.get("noMatch", ""), widget.name), "fallback")
        self.report.carried(
            widget.name, f"Became the split {split!r}: texts compare without case and accents."
        )

    def _computed(self, widget: Widget, node: str, computed: Mapping[str, str]) -> str:
        """An update that works out what the split looks at, in its place; the split follows."""
        split = self.draft.ids.fresh(f"{node}_split")
        texts = {
            name: self.texts.carry(source, widget.name, "input", blanks=True)
            for source, name in computed.items()
        }
        at = (widget.at[0], widget.at[1] - 80)
        self.draft.add("update", node, widget.name, name=f"For {widget.name}", at=at, variables=texts)
        self.draft.draw(node, split)
        self.report.changed(widget.name, f"What it looks at is worked out before, in the update {node!r}.")
        return split

    def _set(self, widget: Widget, node: str) -> None:
        texts = {
            self.references.variables.of(name): self.texts.carry(
                text(value), widget.name, f"variable {name}", blanks=True
            )
            for name, value in pairs(widget.properties.get("variables"))
        }
        self._add("update", widget, node, variables=texts)
        self.flow.go_on(widget, node, "next")
        self.report.carried(widget.name, f"Became the update {node!r}.")

    def _subflow(self, widget: Widget, node: str) -> None:
        flow = text(widget.properties.get("flow_sid"))[:200] or "unknown flow"
        self._add("goto", widget, node, journey=flow, returns=True)
        self.flow.go_on(widget, node, "completed")
        self.flow.follow(widget, node, "failed", "failure")
        self.report.lost(
            widget.name,
            f"Became the goto {node!r} to a journey {flow!r}: bring that flow too, and name its journey there. "
            "It begins with all variables of this one, not with parameters.",
        )

    def _placeholder(self, widget: Widget, node: str) -> None:
        why = f"There is nothing like {brief(widget.kind)!r} here: an end stands in its place. Put in what you need."
        if widget.kind == "trigger":
            why = "A journey has one start: make a journey of its own for this one."
        self.draft.placeholder(node, widget.name, name=widget.name, at=widget.at, why=why)
        for event, to in widget.leads:
            if to:
                self.report.lost(widget.name, f"Its way {brief(event)!r} to {brief(to)!r} is not drawn.")
