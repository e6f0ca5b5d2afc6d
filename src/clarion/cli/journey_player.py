"""What surrounds a contact who is played in the terminal: a phone that is on, and web services at the keyboard."""

import json
from collections.abc import Callable, Mapping, Sequence

from clarion.domain.journey.behaviour import News, Silence
from clarion.domain.journey.crowd import Result
from clarion.domain.journey.effects import Call, Enter
from clarion.domain.journey.events import Called, Returned

Tell = Callable[[str], None]
Ask = Callable[[str], str | None]
"""Shows a prompt and gives the line typed; None at the end of the input."""


class Player(Silence):
    """A phone that is on, and web services that answer as they are told."""

    def __init__(self, answers: Mapping[str, Sequence[Result]], tell: Tell, ask: Ask) -> None:
        self._answers, self._tell, self._ask = answers, tell, ask

    def delivery(self, person: str, node: str, visit: int) -> Sequence[tuple[int, News]]:
        return ((0, News("accepted")), (0, News("delivered")), (0, News("read")))

    def call(self, person: str, call: Call) -> tuple[int, Called] | None:
        self._tell(f"({call.node} calls {call.method} {call.url})")
        if call.node in self._answers:
            result = self._answers[call.node][0]
            return 0, Called(call.visit, result.status, result.body, result.error)
        return 0, self._asked(call.visit)

    def enter(self, person: str, enter: Enter) -> Returned | None:
        self._tell(f"(the journey {enter.journey!r} is not played here: you come back as finished)")
        return Returned(enter.visit, "finished")

    def _asked(self, visit: int) -> Called:
        """What the player makes the service answer; nothing typed is 200 and an empty object."""
        status = (self._ask("  status [200]: ") or "").strip() or "200"
        if not (status.isascii() and status.isdecimal() and 100 <= int(status) <= 599):
            return Called(visit, 0, None, "no answer")
        text = (self._ask("  JSON [{}]: ") or "").strip() or "{}"
        try:
            return Called(visit, int(status), json.loads(text))
        except ValueError:
            return Called(visit, int(status), text)
