"""Every refusal Clarion raises, as one tree. Each carries data; only the edges turn it into words or HTTP."""

from collections.abc import Sequence
from datetime import UTC, datetime


class ClarionError(Exception):
    """Something the caller can mend. `str(error)` is one sentence for a person: what, where, how to mend."""


class NotFound(ClarionError):
    """A thing named by the caller does not exist (or belongs to somebody else, which is the same to them)."""

    def __init__(self, what: str, which: object) -> None:
        super().__init__(f"There is no {what} {which!r}.")
        self.what, self.which = what, which


class AlreadyExists(ClarionError):
    """A name that must be unique is taken."""

    def __init__(self, what: str, which: object) -> None:
        super().__init__(f"A {what} named {which!r} exists already: choose another name.")
        self.what, self.which = what, which


class BadField(ClarionError):
    """A value that was given cannot be used. `field` names it as the caller does: `scopes`, `people/0/phone`."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}.")
        self.field, self.problem = field, problem


class BadContent(ClarionError):
    """A message's content has a wrong shape. `field` is a path such as `buttons/0/title`."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"content{f'.{field}' if field else ''}: {problem}.")
        self.field, self.problem = field, problem


class BadSender(ClarionError):
    """A sender's fields are missing, wrong, or do not fit together. `problems` holds one phrase for each."""

    def __init__(self, provider: str, problems: list[str]) -> None:
        super().__init__(f"This {provider} sender cannot be used: {'; '.join(problems)}.")
        self.provider, self.problems = provider, problems


class ProviderRefused(ClarionError):
    """A provider turned down an administrative call (templates, health). `code` is the provider's."""

    def __init__(self, provider: str, code: str, reason: str) -> None:
        super().__init__(f"{provider} refused ({code}): {reason}")
        self.provider, self.code, self.reason = provider, code, reason


class ProviderUnreachable(ProviderRefused):
    """A provider gave no answer of its own to an administrative call: it may work in a moment."""


class InUse(ClarionError):
    """Something cannot be deleted (or another `wish`) as other things need it. `by`: "it is used by ..."."""

    def __init__(self, what: str, name: str, by: str, wish: str = "deleted") -> None:
        super().__init__(f"The {what} {name!r} cannot be {wish}: it is used by {by}.")
        self.what, self.name, self.by = what, name, by


class BadWebhook(ClarionError):
    """A webhook, or one event in it, cannot be read. The event is set aside with this reason."""


class TemplateSyntax(BadContent):
    """A text with variables cannot be read. `line` and `column` count from 1 within the field."""

    def __init__(self, field: str, line: int, column: int, problem: str) -> None:
        super().__init__(field, f"line {line}, column {column}: {problem}")
        self.line, self.column = line, column


class KeyMissing(ClarionError):
    """Credentials were encrypted with a key that was not given, or no key was given at all."""


class KeyWrong(ClarionError):
    """A key is malformed, or is not the one the credentials were encrypted with."""


class WrongStatus(ClarionError):
    """Something was asked of a campaign that its status does not allow."""

    def __init__(self, campaign: str, status: str, wish: str) -> None:
        super().__init__(f"Campaign {campaign!r} is {status} and cannot be {wish}.")
        self.campaign, self.status, self.wish = campaign, status, wish


class CampaignRefused(ClarionError):
    """A campaign cannot be launched as it is. `problems` holds one sentence for each thing to mend."""

    def __init__(self, campaign: str, problems: Sequence[str]) -> None:
        super().__init__(f"Campaign {campaign!r} cannot be launched: " + " ".join(problems))
        self.campaign, self.problems = campaign, tuple(problems)


class BadAddress(ClarionError):
    """A text is not a phone number we can dial. `reason` completes the sentence "this number ..."."""

    def __init__(self, text: str, reason: str) -> None:
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        super().__init__(f"phone {shown!r} {reason}")
        self.text, self.reason = text, reason


class BadFile(ClarionError):
    """A file to import cannot be read as a whole. `problem` says where and how to mend it."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")
        self.name, self.problem = name, problem


class BadMapping(ClarionError):
    """Columns and attributes do not fit together. `problems` holds one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class ImportNotPossible(ClarionError):
    """An import cannot start or go on as things stand: another one holds the list, or its file changed."""


class DiskFull(ClarionError):
    """There is no room on the server's disk for what was sent."""


class ContactExists(ClarionError):
    """A contact with this number, in whatever spelling, is there already."""

    def __init__(self, contact_id: int) -> None:
        super().__init__(
            "There is a contact with this number: change that one, or use the request that does either."
        )
        self.contact_id = contact_id


class ContactBusy(ClarionError):
    """Something to or about a person is under way and cannot be forgotten before it ends."""

    def __init__(self, sending: int, journeys: int) -> None:
        super().__init__(
            f"Not everything about this person has ended yet ({sending} messages on their way, {journeys} journeys): "
            "nothing new starts any more, so ask again in a minute."
        )
        self.sending, self.journeys = sending, journeys


class BadCampaign(ClarionError):
    """A field of a campaign has a value that cannot be used."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}.")
        self.field, self.problem = field, problem


class PersonStopped(ClarionError):
    """The person asked not to be written to, or must not be for a while."""

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"{address} must not be written to ({reason.replace('_', ' ')}): choose another number."
        )
        self.address, self.reason = address, reason


class WindowClosed(ClarionError):
    """Free text may not be sent now: the person has not written for 24 hours. `closed_at` in microseconds, 0: never.

    WhatsApp takes templates at any time.
    """

    def __init__(self, closed_at: int) -> None:
        since = (
            f"since {_moment(closed_at)}, 24 hours after they last wrote" if closed_at else "they never wrote"
        )
        super().__init__(
            f"The 24-hour window is closed ({since}): send a template, or wait for their next message."
        )
        self.closed_at = closed_at


class WrongMessageStatus(ClarionError):
    """Something was asked of a message that its status does not allow. `why` completes the sentence."""

    def __init__(self, message_id: int, status: str, wish: str, why: str = "") -> None:
        super().__init__(f"The message is {status} and cannot be {wish}{f': {why}' if why else ''}.")
        self.message_id, self.status, self.wish = message_id, status, wish


class WebhookNotActive(ClarionError):
    """Something was to be sent to a webhook that is told nothing now. `state` is `paused` or `disabled`."""

    def __init__(self, state: str) -> None:
        super().__init__(f"The webhook is {state}: resume it first.")
        self.state = state


class LimitReached(ClarionError):
    """A workspace has as many of something as it may have."""

    def __init__(self, what: str, most: int) -> None:
        super().__init__(
            f"There are {most} {what} already, the most there may be: delete one you do not need."
        )
        self.what, self.most = what, most


class NoSenderFor(ClarionError):
    """Messages were given for a channel that no sender of the workspace can send on now."""

    def __init__(self, channel: str, problem: str) -> None:
        super().__init__(f"Nothing can be sent by {channel}: {problem}.")
        self.channel, self.problem = channel, problem


class BadGraph(ClarionError):
    """A journey's graph cannot be used. `problems` holds one Problem (domain/journey/problem.py) for each thing."""

    def __init__(self, problems: Sequence[object]) -> None:
        shown = "; ".join(map(str, problems[:20]))
        more = f"; and {len(problems) - 20} more" if len(problems) > 20 else ""
        super().__init__(f"The journey cannot be used: {shown}{more}.")
        self.problems = tuple(problems)


class JourneyRefused(ClarionError):
    """Something was asked of a journey or run that its state does not allow. `problem` completes "... cannot be"."""

    def __init__(self, what: str, wish: str, problem: str) -> None:
        super().__init__(f"{what} cannot be {wish}: {problem}.")
        self.what, self.wish, self.problem = what, wish, problem


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
