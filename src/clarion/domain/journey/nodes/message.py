"""message: send one message; go on when the provider has taken it, or when it is delivered, read or fails."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal

from pydantic import Field

from clarion.domain.campaign import Policy
from clarion.domain.content import Content, Template
from clarion.domain.errors import BadContent
from clarion.domain.journey.content import ContentField
from clarion.domain.journey.edges import Edge
from clarion.domain.journey.effects import Effect, Send, SetTimer
from clarion.domain.journey.events import Arrived, Event, MessageStatus, Replied, TimerFired
from clarion.domain.journey.nodes.base import Answer, Example, Finish, Go, Ignore, Node, Scene, Stay
from clarion.domain.journey.position import OPTED_OUT
from clarion.domain.journey.span import Span, micros
from clarion.domain.liquid import is_blank
from clarion.domain.message import NEVER_SENT, Status
from clarion.domain.template import Compiled, compile_content

_TAKEN = (Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ)


class Message(Node):
    """Send a template, text, media, buttons or a list.

    `next` is taken as soon as the provider has accepted the message. With an edge `delivered` or `read` the
    person stays until that is known. Without an edge `failed` a failure ends the journey for this person.
    """

    ports = ("next", "delivered", "read", "failed", "timeout")
    listens = True
    example: ClassVar[Example] = {
        "id": "ask",
        "kind": "message",
        "content": {
            "type": "buttons",
            "body": 'Hello {{ name | default: "there" }}, did it arrive?',
            "buttons": [{"id": "yes", "title": "Yes"}, {"id": "no", "title": "No"}],
        },
        "expires": "2h",
    }

    kind: Literal["message"] = "message"
    content: ContentField = Field(description="As in campaigns: type text, media, buttons, list or template.")
    sender: str = Field("", max_length=200, description="The sender's name; empty: the journey's own.")
    policy: Policy = Field(
        Policy.NO_DUPLICATES, description="What to do when nobody knows whether it was sent."
    )
    expires: Span = Field("", description="Not sent any more after this time; empty: never too late.")
    timeout: Span = Field(
        "", description="How long to wait for `delivered` or `read`; needs an edge `timeout`."
    )

    @cached_property
    def compiled(self) -> Compiled:
        """The content, parsed once. Raises BadContent."""
        content: Content = self.content
        return compile_content(content)

    def hear(self, event: Event, scene: Scene) -> Answer:
        match event:
            case Arrived():
                return self._send(scene)
            case MessageStatus(status=status, reason=reason):
                return self._told(status, reason, scene)
            case Replied():
                return self._answered(scene)
            case TimerFired():
                return scene.leave("timeout")
        return Ignore("it says nothing to a message")

    def _send(self, scene: Scene) -> Answer:
        if scene.facts.opted_out:
            return Finish(OPTED_OUT, "the person does not want to hear from us")
        window = scene.facts.window_until
        if window is not None and window <= scene.facts.now and not isinstance(self.content, Template):
            return scene.leave(
                "failed", otherwise="the 24-hour window is closed: only a template may be sent"
            )
        lacking = sorted(name for name in self.compiled.required if is_blank(scene.variables.get(name)))
        if lacking:
            return scene.leave("failed", otherwise=f"no value for {', '.join(lacking)}")
        try:
            content = self.compiled.render(scene.variables)
        except BadContent as problem:
            return scene.leave("failed", otherwise=str(problem))
        effects: list[Effect] = [
            Send(
                scene.visit,
                content,
                self.sender,
                self.policy.value,
                micros(self.expires) if self.expires else 0,
            )
        ]
        if self.timeout:
            effects.append(SetTimer(scene.visit, scene.facts.now + micros(self.timeout)))
        return Stay(tuple(effects))

    def _told(self, status: str, reason: str, scene: Scene) -> Answer:
        if status == Status.FAILED or status in NEVER_SENT:
            if status == Status.SUPPRESSED and scene.edge("failed") is None:
                return Finish(OPTED_OUT, "the person does not want to hear from us")
            return scene.leave("failed", otherwise=f"the message was not sent: {reason or status}")
        for edge in scene.edges:
            if edge.on == status or (edge.on == "delivered" and status == Status.READ):
                return Go(edge)
        if status in _TAKEN and not self._stays(scene.edges):
            return scene.leave("next")
        return Ignore(f"waiting for more than {status}")

    def _answered(self, scene: Scene) -> Answer:
        """A reply proves that the message arrived, before the provider says so."""
        edge = scene.edge("read") or scene.edge("delivered") or scene.edge("next")
        return Go(edge, passes_on=True) if edge else scene.leave("next")

    @staticmethod
    def _stays(edges: Sequence[Edge]) -> bool:
        return any(edge.on in ("delivered", "read") for edge in edges)

    def awaits(self, edges: Sequence[Edge]) -> frozenset[str]:
        more = {edge.on for edge in edges} & {"delivered", "read"}
        return frozenset({"failed", *(more or {"accepted"})})

    def reads(self) -> frozenset[str]:
        try:
            return self.compiled.required
        except BadContent:
            return frozenset()  # `check` says what is wrong

    def check(self, edges: Sequence[Edge]) -> Iterator[str]:
        drawn = {edge.on for edge in edges}
        try:
            _ = self.compiled
        except BadContent as problem:
            yield str(problem)
        if "next" in drawn and self._stays(edges):
            yield "has both `next` and `delivered` or `read`: keep `next`, or wait for delivery"
        if self._stays(edges) and not (self.timeout and "timeout" in drawn):
            yield "waits for delivery without a limit: set a timeout and draw an edge `timeout`"
        if "timeout" in drawn and not self.timeout:
            yield "has an edge `timeout` but no timeout: say how long to wait"
        if self.timeout and "timeout" not in drawn:
            yield "has a timeout but no edge for it: draw an edge `timeout`, or empty the timeout"


def shown(content: Any) -> str:
    """The words of a content, for traces and the chat."""
    return str(
        getattr(content, "body", "") or getattr(content, "caption", "") or getattr(content, "name", "")
    )
