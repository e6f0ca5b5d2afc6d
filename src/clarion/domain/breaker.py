"""When a campaign must stop by itself: refusals that repeat are a fault of the campaign, not of its people.

The last 200 outcomes are kept as text, one letter each, newest last: "." for taken, else the refusal's class.
"""

from clarion.domain.sending import FaultKind

WINDOW = 200
IN_A_ROW = 20
TEMPLATE_IN_A_ROW = 3  # a paused template refuses everybody: a few are proof enough
SHARE = 0.30

TAKEN = "."
_LETTERS = {
    FaultKind.RECIPIENT: "r",
    FaultKind.REQUEST: "q",
    FaultKind.TEMPLATE: "t",
    FaultKind.TRANSIENT: "s",
}
_WORDS = {
    "r": "these people cannot be reached",
    "q": "the provider finds the message itself wrong",
    "t": "the template is paused, missing or does not fit",
    "s": "the provider keeps failing",
}


def letter(kind: FaultKind) -> str:
    """How a refusal of this class is written in the history."""
    return _LETTERS.get(kind, "q")


def tripped(history: str) -> str | None:
    """Why the campaign must pause, as one sentence; None while all is well."""
    if not history or history[-1] == TAKEN:
        return None
    last = history[-1]
    row = len(history) - len(history.rstrip(last))
    if row >= (TEMPLATE_IN_A_ROW if last == "t" else IN_A_ROW):
        return f"{row} refusals in a row: {_WORDS[last]}. Mend the cause, then resume."
    recent = history[-WINDOW:]
    refused = sum(mark != TAKEN for mark in recent)
    if refused > SHARE * WINDOW:
        why = _WORDS[max(_WORDS, key=recent.count)]
        return (
            f"{refused} of the last {len(recent)} were refused, mostly: {why}. Mend the cause, then resume."
        )
    return None
