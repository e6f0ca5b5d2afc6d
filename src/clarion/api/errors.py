"""What each refusal is over HTTP: the one place that knows both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from clarion.api.fields import PREFIXES, show_id
from clarion.api.origin import ForgedRequest, NeedsHttps
from clarion.api.pace import TooMany
from clarion.api.pages import BadCursor
from clarion.api.problem import URN, ProblemResponse
from clarion.api.strict import BadBody
from clarion.domain import errors
from clarion.domain.errors import ClarionError
from clarion.domain.journey.problem import Problem as GraphProblem
from clarion.services.access.accounts import BelongsElsewhere
from clarion.services.access.callers import NeedsUser, NotAllowed, NotSignedIn
from clarion.services.access.links import BadLink
from clarion.services.access.members import LastOwner, RoleNotYours
from clarion.services.access.second_factor import SecondFactorState
from clarion.services.access.sessions import SignInRefused
from clarion.services.access.setup import SetUpAlready
from clarion.services.access.sign_in import CodeNeeded, WrongPassword
from clarion.services.access.throttle import TooManyAttempts

log = structlog.get_logger()


class NoPrecondition(ClarionError):
    """Something that two people may edit at once was to be changed without saying what it was before."""


class Changed(ClarionError):
    """Something was changed by somebody else since the caller read it."""


class KeyReused(ClarionError):
    """An Idempotency-Key came with another request than before."""


class BadQuery(ClarionError):
    """A part of the address cannot be used. `place` is `path`, or `query/limit`."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}.")
        self.place, self.problem = place, problem


class BadHeader(ClarionError):
    """A header's value cannot be used."""

    def __init__(self, header: str, problem: str) -> None:
        super().__init__(f"{header}: {problem}.")
        self.header, self.problem = header, problem


class QueryKeyRefused(ClarionError):
    """Credentials stood in the address, where logs and histories keep them."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How a refusal is told: `slug` ends its stable type, `title` says it in words."""

    status: int
    slug: str
    title: str


KINDS: Mapping[type[Exception], Kind] = {
    errors.NotFound: Kind(404, "not-found", "Not found"),
    errors.AlreadyExists: Kind(409, "already-exists", "Already exists"),
    errors.BadField: Kind(422, "invalid", "Invalid request"),
    errors.BadContent: Kind(422, "bad-content", "Bad content"),
    errors.TemplateSyntax: Kind(422, "template-syntax", "A text with variables cannot be read"),
    errors.BadSender: Kind(422, "bad-sender", "Sender cannot be used"),
    errors.BadAddress: Kind(422, "bad-address", "Not a phone number"),
    errors.BadFile: Kind(422, "bad-file", "File cannot be read"),
    errors.BadMapping: Kind(422, "bad-mapping", "Columns do not fit"),
    errors.BadCampaign: Kind(422, "bad-campaign", "Campaign cannot be stored"),
    errors.BadGraph: Kind(422, "bad-graph", "Journey cannot be used"),
    errors.WebhookNotActive: Kind(409, "webhook-not-active", "Webhook is not active"),
    errors.LimitReached: Kind(409, "limit-reached", "There may be no more"),
    errors.BadWebhook: Kind(422, "bad-webhook", "Webhook cannot be read"),
    errors.DiskFull: Kind(507, "disk-full", "No room on the disk"),
    errors.ContactExists: Kind(409, "contact-exists", "Contact exists already"),
    errors.ContactBusy: Kind(409, "contact-busy", "Something about the contact is under way"),
    errors.PersonStopped: Kind(422, "person-stopped", "Person must not be written to"),
    errors.WindowClosed: Kind(409, "window-closed", "24-hour window is closed"),
    errors.CampaignRefused: Kind(422, "campaign-refused", "Campaign cannot be launched"),
    errors.NoSenderFor: Kind(409, "no-sender", "No sender for this channel"),
    errors.WrongStatus: Kind(409, "wrong-status", "Not in this status"),
    errors.WrongMessageStatus: Kind(409, "wrong-status", "Not in this status"),
    errors.ImportNotPossible: Kind(409, "import-not-possible", "Import not possible now"),
    errors.JourneyRefused: Kind(409, "journey-refused", "Not possible in this state"),
    errors.ProviderRefused: Kind(422, "provider-refused", "Provider refused"),
    errors.ProviderUnreachable: Kind(503, "provider-unreachable", "Provider does not answer"),
    errors.InUse: Kind(409, "in-use", "Still in use"),
    errors.KeyMissing: Kind(503, "key-missing", "Credentials cannot be opened"),
    errors.KeyWrong: Kind(503, "key-wrong", "Credentials cannot be opened"),
    SignInRefused: Kind(401, "sign-in-refused", "Sign-in refused"),
    CodeNeeded: Kind(401, "code-needed", "Code of the second factor needed"),
    TooManyAttempts: Kind(429, "too-many-attempts", "Too many attempts"),
    WrongPassword: Kind(422, "wrong-password", "Not your password"),
    SecondFactorState: Kind(409, "second-factor-state", "Not possible in this state of the second factor"),
    BadLink: Kind(422, "bad-link", "Link does not work"),
    SetUpAlready: Kind(409, "set-up-already", "Set up already"),
    BelongsElsewhere: Kind(409, "belongs-elsewhere", "User belongs to another workspace too"),
    LastOwner: Kind(409, "last-owner", "Last owner"),
    RoleNotYours: Kind(403, "role-not-yours", "Role is not yours to give"),
    NeedsUser: Kind(403, "needs-user", "For people only"),
    NeedsHttps: Kind(403, "needs-https", "Needs https"),
    ForgedRequest: Kind(403, "forged-request", "Request from elsewhere"),
    NotSignedIn: Kind(401, "not-signed-in", "Not signed in"),
    NotAllowed: Kind(403, "not-allowed", "Not allowed"),
    QueryKeyRefused: Kind(401, "key-in-address", "Key in the address"),
    BadCursor: Kind(422, "bad-cursor", "Bad cursor"),
    BadQuery: Kind(422, "invalid", "Invalid request"),
    BadHeader: Kind(400, "bad-header", "Bad header"),
    NoPrecondition: Kind(428, "precondition-required", "If-Match is needed"),
    Changed: Kind(412, "changed", "Changed by somebody else"),
    KeyReused: Kind(422, "idempotency-key-reused", "Idempotency-Key was used for something else"),
}
"""Every leaf of the tree in domain/errors.py, and the API's own refusals; a test finds what is missing."""

OTHERS: Mapping[str, Kind] = {
    "validation": Kind(422, "invalid", "Invalid request"),
    "too-many": Kind(429, "too-many-requests", "Too many requests"),
    "json": Kind(400, "bad-json", "Bad JSON"),
    "size": Kind(413, "body-too-large", "Body too large"),
    "media": Kind(415, "unsupported-media-type", "Unsupported media type"),
    "route": Kind(404, "no-such-address", "No such address"),
    "method": Kind(405, "method-not-allowed", "Method not allowed"),
    "unready": Kind(503, "unavailable", "Not available now"),
    "broke": Kind(500, "broke", "Something broke"),
}
"""Refusals that are no error of ours: the framework's, and accidents."""


def kind_of(error: Exception | type[Exception]) -> Kind | None:
    """How an error is told, by its nearest known class."""
    cls = error if isinstance(error, type) else type(error)
    return next((KINDS[each] for each in cls.__mro__ if each in KINDS), None)


def respond(error: ClarionError) -> Response:
    """A refusal of ours as a response."""
    kind = kind_of(error)
    if kind is None:
        raise error
    headers = {"WWW-Authenticate": 'Bearer realm="clarion"'} if kind.status == 401 else {}
    if isinstance(error, errors.ProviderUnreachable):
        headers["Retry-After"] = "30"
    if isinstance(error, TooManyAttempts):
        headers["Retry-After"] = str(error.retry_after)
    return ProblemResponse(
        kind.status,
        kind.slug,
        kind.title,
        _said(error),
        errors=_details(error),
        headers=headers,
        more=_more(error),
    )


def _more(error: ClarionError) -> Mapping[str, str]:
    """Members of a problem that belong to its type."""
    if isinstance(error, errors.ContactExists):
        return {"contact_id": show_id("contact", error.contact_id)}
    return {}


def _said(error: ClarionError) -> str:
    if isinstance(error, errors.NotFound) and isinstance(error.which, int) and error.what in PREFIXES:
        return f"There is no {error.what} {show_id(error.what, error.which)}."
    return str(error)


def _details(error: ClarionError) -> Sequence[Mapping[str, str]]:
    match error:
        case errors.BadContent():
            path = f"#/content/{error.field}" if error.field else "#/content"
            return [{"pointer": path, "detail": error.problem}]
        case errors.BadField() | errors.BadCampaign():
            return [{"pointer": f"#/{error.field}", "detail": error.problem}]
        case BadQuery():
            return [{"pointer": error.place, "detail": error.problem}]
        case BadHeader():
            return [{"pointer": f"header/{error.header}", "detail": error.problem}]
        case errors.BadGraph():
            return [_of_graph(each) for each in error.problems[:100]]
        case errors.CampaignRefused() | errors.BadMapping() | errors.BadSender():
            return [{"pointer": "#", "detail": each} for each in error.problems[:100]]
    return []


def _of_graph(problem: object) -> Mapping[str, str]:
    found = {"pointer": "#/graph", "detail": str(problem)}
    if isinstance(problem, GraphProblem):
        found |= {
            "detail": problem.problem,
            "node": problem.node,
            "edge": problem.edge,
            "field": problem.field,
            "level": problem.level,
        }
    return found


REFUSALS: tuple[type[Exception], ...] = (ClarionError, TooMany, BadBody, RequestValidationError)
"""What is thrown when a request is refused; the rest are accidents."""


def answer(error: Exception) -> Response:
    """One of REFUSALS as a problem."""
    match error:
        case ClarionError():
            return respond(error)
        case TooMany():
            kind = OTHERS["too-many"]
            headers = {"Retry-After": str(error.retry_after)}
            return ProblemResponse(kind.status, kind.slug, kind.title, str(error), headers=headers)
        case BadBody():
            # Nobody reads the rest of a body that is too large.
            headers = {"Connection": "close"} if error.status_code == 413 else {}
            return ProblemResponse(error.status_code, error.slug, error.title, error.detail, headers=headers)
        case RequestValidationError():
            return invalid(error)
    raise error


def install(app: FastAPI) -> None:
    """Have the application answer every refusal as a problem."""

    for refusal in REFUSALS:

        @app.exception_handler(refusal)
        async def _refused(_: Request, error: Exception) -> Response:
            return answer(error)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        kind = {404: OTHERS["route"], 405: OTHERS["method"]}.get(error.status_code)
        if kind is None:
            kind = Kind(error.status_code, "refused", "Refused")
        said = {
            404: f"There is nothing at {request.url.path[:200]}: see /docs for what there is.",
            405: f"{request.method[:20]} is not possible here: see /docs for what is.",
        }.get(error.status_code, str(error.detail))
        return ProblemResponse(error.status_code, kind.slug, kind.title, said, headers=error.headers)

    @app.exception_handler(Exception)
    async def _broke(_: Request, error: Exception) -> Response:
        kind = OTHERS["broke"]
        log.error("request.broke", error=type(error).__name__, exc_info=error)
        said = "An error of our own: it is in the log, and nothing of this request was stored."
        return ProblemResponse(kind.status, kind.slug, kind.title, said)


def invalid(error: RequestValidationError) -> Response:
    """What pydantic found, each with its place."""
    found = error.errors()
    lost = [each for each in found if each["loc"] and each["loc"][0] == "path"]
    if lost:
        kind = KINDS[errors.NotFound]
        return ProblemResponse(
            kind.status, kind.slug, kind.title, f"There is no such thing: {_message(lost[0])}."
        )
    kind = OTHERS["validation"]
    details = [{"pointer": _pointer(each["loc"]), "detail": _message(each)} for each in found[:100]]
    first = details[0]
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return ProblemResponse(
        kind.status, kind.slug, kind.title, f"{first['pointer']}: {first['detail']}{more}.", errors=details
    )


def _pointer(place: Sequence[int | str]) -> str:
    where, *rest = place or ("body",)
    if where == "body":
        return "#" + "".join("/" + str(part).replace("~", "~0").replace("/", "~1")[:100] for part in rest)
    return "/".join([str(where), *(str(part)[:100] for part in rest)])


def _message(found: Mapping[str, object]) -> str:
    said = str(found["msg"]).removeprefix("Value error, ")
    return "This is not a field here" if found["type"] == "extra_forbidden" else said


def page() -> str:
    """The reference page of refusals, in Markdown."""
    found: dict[str, tuple[Kind, list[str]]] = {}
    for error, kind in KINDS.items():
        found.setdefault(kind.slug, (kind, []))[1].append(_first_sentence(error))
    for kind, sentence in zip(OTHERS.values(), _OTHERS_SAY.values(), strict=True):
        found.setdefault(kind.slug, (kind, []))[1].append(sentence)
    rows = [
        f"| `{URN}{slug}` | {kind.status} | {' '.join(dict.fromkeys(sentences))} |"
        for slug, (kind, sentences) in sorted(found.items())
    ]
    return "\n".join(
        [
            "# Refusals of the API",
            "",
            "<!-- Written by `make docs` from src/clarion/api/errors.py; change it there. -->",
            "",
            "A request that is refused changes nothing and is answered with `application/problem+json`: `type` is",
            "one of these and never changes, `detail` says what happened and how to mend it, `errors` names each",
            "place in what was sent: `#/content/body` is a JSON pointer into the body; also `query/limit` and",
            "`header/If-Match`.",
            "",
            "| type | Status | Means |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def _first_sentence(error: type[Exception]) -> str:
    line = (error.__doc__ or "").split("\n")[0]
    return line.split(". ")[0].rstrip(".") + "."


_OTHERS_SAY = {
    "validation": "Something in the body, query or a header has the wrong shape.",
    "too-many": "This key or session asked too often; `Retry-After` says in how many seconds to come back.",
    "json": "The body is no JSON, or JSON that readers understand differently (a name twice, NaN, NUL).",
    "size": "The body is larger than what is read here.",
    "media": "The body says that it is no JSON.",
    "route": "There is nothing at this address.",
    "method": "There is something at this address, but not for this method.",
    "unready": "Something that is needed does not answer now; try again after `Retry-After` seconds.",
    "broke": "An error of our own. It is in the log.",
}
