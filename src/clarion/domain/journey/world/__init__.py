"""A journey on a virtual clock: the same `step()`, the same facts, nothing sent.

`World` runs a whole audience, or one person whose events are given; `Forecast` says what became of them.
"""

from clarion.domain.journey.world.forecast import Forecast, Missing, NodeForecast, Sent
from clarion.domain.journey.world.person import Person
from clarion.domain.journey.world.sender import Sender
from clarion.domain.journey.world.watch import MessageLeft, Stepped, Unheard, Watch
from clarion.domain.journey.world.world import FOR_EVER, Life, World

__all__ = [
    "FOR_EVER",
    "Forecast",
    "Life",
    "MessageLeft",
    "Missing",
    "NodeForecast",
    "Person",
    "Sender",
    "Sent",
    "Stepped",
    "Unheard",
    "Watch",
    "World",
]
