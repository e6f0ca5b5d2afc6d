"""Who may enter a journey again: the key that a person's position must have for itself."""

from typing import Literal

Reentry = Literal["never", "after_end", "always"]


def entry_key(reentry: Reentry, trigger: str) -> str:
    """What must be unique for one person in one journey. `trigger` names what let them enter: a run, a reply, a call.

    never: one key for good. after_end: one key while they are in it; it is given up at the end. always: one for
    each trigger, so that only a repeat of the very same one is refused.
    """
    return {"never": "once", "after_end": "live", "always": trigger}[reentry]
