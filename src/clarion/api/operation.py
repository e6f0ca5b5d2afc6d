"""How an endpoint is declared, and what happens around each: who asks, may they, once, and written down.

A request that changes something is one transaction: its effects, its Idempotency-Key with the answer, and its
line in the audit log are stored together, or not at all. So a retry after a crash gets the first answer, or
does it for the first time.
"""

import hashlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from clarion.api.authenticate import authenticate
from clarion.api.backend import Backend
from clarion.api.context import Context, Later
from clarion.api.errors import KINDS, OTHERS, BadHeader, BadQuery, KeyReused, Kind
from clarion.api.origin import ForgedRequest, address_of, need_own_site
from clarion.api.pace import Pace
from clarion.api.problem import MEDIA_TYPE, URN
from clarion.api.strict import StrictRequest
from clarion.domain.access import Permission
from clarion.domain.errors import NotFound
from clarion.domain.throttle import network_of
from clarion.services.access.callers import Caller, NotAllowed, NotSignedIn
from clarion.store import dialect
from clarion.store.access import audit, idempotency
from clarion.store.access.idempotency import Kept
from clarion.store.db import Tx
from clarion.store.joined import Joined

F = TypeVar("F", bound=Callable[..., Any])
Handler = Callable[[Request], Coroutine[Any, Any, Response]]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_KEPT_HEADERS = ("location", "etag", "content-type")
_TRIES = 4


@dataclass(frozen=True, slots=True)
class Operation:
    """What is declared of an endpoint beside its parameters."""

    id: str
    needs: Permission | None
    public: bool
    joined: bool
    everywhere: bool
    keyed: bool
    audited: bool
    limit: int | None
    json: bool


class Router(APIRouter):
    """Endpoints of one noun. Declare them with `get`, `post`, `put`, `patch`, `delete` of `operation`'s form."""

    def __init__(self, tag: str) -> None:
        super().__init__(tags=[tag], route_class=ApiRoute)

    def operation(
        self,
        method: str,
        path: str,
        *,
        id: str,
        summary: str,
        needs: Permission | None = None,
        public: bool = False,
        status: int = 200,
        refusals: Sequence[type[Exception]] = (),
        joined: bool = True,
        everywhere: bool = False,
        keyed: bool = True,
        audited: bool | None = None,
        limit: int | None = None,
        json: bool = True,
        responses: Mapping[int | str, dict[str, Any]] | None = None,
        openapi_extra: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Callable[[F], F]:
        """Declare an endpoint.

        `needs`: the permission; None: whoever is signed in. `public`: nobody need be signed in. `refusals`: the
        errors beside the usual ones that it documents. `joined`: its writes are one transaction; switch it off
        for what works in batches, calls others, or streams. `everywhere`: `ctx.db` is the whole database, for
        users, who stand above workspaces; each query names its workspace. `keyed`: an Idempotency-Key counts;
        switch it off where passwords are sent or secrets told, which must not be stored. `audited`: by default,
        what changes something.
        `limit`: bytes of body, if not the usual ones. `json`: its body is JSON. `more` goes to FastAPI.
        """
        changes = method not in SAFE
        declared = Operation(
            id=id,
            needs=needs,
            public=public,
            joined=joined and changes,
            everywhere=everywhere,
            keyed=keyed and joined and changes,
            audited=changes if audited is None else audited,
            limit=limit,
            json=json,
        )

        def declare(endpoint: F) -> F:
            endpoint.operation = declared  # type: ignore[attr-defined]
            self.add_api_route(
                path,
                endpoint,
                methods=[method],
                operation_id=id,
                name=id,
                summary=summary,
                status_code=status,
                responses={**documented(declared, method, path, refusals), **(responses or {})},
                openapi_extra={**_extra(declared), **(openapi_extra or {})},
                **more,
            )
            return endpoint

        return declare


def _extra(operation: Operation) -> dict[str, Any]:
    # Read again by openapi.py; `x-permission` stays in the document.
    return {
        "x-public": operation.public,
        "x-keyed": operation.keyed and not operation.public,
        **({"x-permission": str(operation.needs)} if operation.needs else {}),
    }


def documented(
    operation: Operation, method: str, path: str, refusals: Sequence[type[Exception]] = ()
) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an endpoint: every refusal it may give, by status."""
    kinds = [KINDS[each] for each in refusals] + [OTHERS["too-many"]]
    if not operation.public:
        kinds.append(KINDS[NotSignedIn])
    if operation.needs:
        kinds.append(KINDS[NotAllowed])
    if method not in SAFE:
        kinds.append(KINDS[ForgedRequest])
    if "{" in path:
        kinds.append(KINDS[NotFound])
    kinds += [OTHERS["validation"], KINDS[BadHeader]]
    if method in ("POST", "PUT", "PATCH"):
        kinds += [OTHERS["json"], OTHERS["size"], OTHERS["media"]] if operation.json else [OTHERS["size"]]
    by_status: dict[int, list[Kind]] = {}
    for kind in dict.fromkeys(kinds):
        by_status.setdefault(kind.status, []).append(kind)
    return {status: _response(found) for status, found in sorted(by_status.items())}


def _response(kinds: Sequence[Kind]) -> dict[str, Any]:
    content = {
        "schema": {"$ref": "#/components/schemas/Problem"},
        "examples": {
            kind.slug: {
                "summary": kind.title,
                "value": {
                    "type": URN + kind.slug,
                    "title": kind.title,
                    "status": kind.status,
                    "detail": "What happened here, and how to mend it.",
                },
            }
            for kind in kinds
        },
    }
    titles = "; ".join(dict.fromkeys(kind.title for kind in kinds))
    return {"description": f"{titles}.", "content": {MEDIA_TYPE: content}}


class ApiRoute(APIRoute):
    """A route whose endpoint was declared with `Router.operation`."""

    def get_route_handler(self) -> Handler:
        """FastAPI's own handling, with ours around it."""
        inner = super().get_route_handler()
        operation: Operation = self.endpoint.operation  # type: ignore[attr-defined]
        has_body = self.body_field is not None and operation.json

        async def _need_json(request: StrictRequest) -> None:
            if has_body and await request.body():
                request.need_json()

        async def handle(request: Request) -> Response:
            backend: Backend = request.app.state.backend
            pace: Pace = request.app.state.pace
            limit = backend.limits.body if operation.limit is None else operation.limit
            strict = StrictRequest(request.scope, request.receive, limit)
            strict.state.backend = backend
            _need_storable(strict)
            if operation.public:
                pace.take(network_of(address_of(strict, backend.trusted_proxies)))
                if strict.method not in SAFE:
                    need_own_site(strict, backend.public_url, browser=False)
                await _need_json(strict)
                context = Context(backend, NOBODY, backend.db, backend.waker, strict)
                return await _around(inner, strict, operation, context)
            caller = await authenticate(strict, backend)
            pace.take(caller.name)
            if operation.needs is not None:
                caller.need(operation.needs)
            await _need_json(strict)
            view = backend.db if operation.everywhere else backend.db.within(caller.workspace)
            context = Context(backend, caller, view, backend.waker, strict)
            return await _around(inner, strict, operation, context)

        return handle


def _need_storable(request: Request) -> None:
    """Raises BadQuery for NUL, which no column can hold, wherever in the address it stands."""
    if "\0" in request.url.path or any("\0" in str(value) for value in request.path_params.values()):
        raise BadQuery("path", "it holds NUL (%00)")
    for name, value in request.query_params.multi_items():
        if "\0" in name or "\0" in value:
            raise BadQuery(f"query/{name[:60]}".replace("\0", "%00"), "it holds NUL (%00)")


NOBODY = Caller(0, "nobody", "nobody", frozenset())


async def _around(inner: Handler, request: StrictRequest, operation: Operation, context: Context) -> Response:
    request.state.context = context
    if operation.public or not operation.joined:
        response = await inner(request)
        if operation.audited and not operation.public and response.status_code < 400:
            async with context.backend.db.transaction() as tx:
                await _note(tx, operation, context, response)
        return response
    return await _together(inner, request, operation, context)


async def _together(
    inner: Handler, request: StrictRequest, operation: Operation, context: Context
) -> Response:
    key = _key(request) if operation.keyed else ""
    view, caller = context.db, context.caller
    fingerprint = ""
    if key:
        fingerprint = await _fingerprint(request)
        async with view.reading() as tx:
            kept = await idempotency.find(tx, caller.workspace, caller.name, key)
        if kept is not None:
            return _again(kept, fingerprint)

    async def first(tx: Tx) -> None:
        if key and not await idempotency.claim(tx, caller.workspace, caller.name, key, fingerprint):
            raise _Taken

    for attempt in range(_TRIES):
        joined, later = Joined(view, first), Later(context.backend.waker)
        context.db, context.waker = joined, later
        try:
            response = await inner(request)
            if response.status_code < 400:
                if joined.wrote or key:
                    async with joined.transaction() as tx:
                        if key:
                            await idempotency.keep(tx, caller.workspace, caller.name, key, _kept(response))
                        if operation.audited:
                            await _note(tx, operation, context, response)
                await joined.commit()
                later.pass_on()
                return response
            await joined.abandon(_Refused())
            return response
        except _Taken as taken:
            await joined.abandon(taken)
            async with view.reading() as tx:
                kept = await idempotency.find(tx, caller.workspace, caller.name, key)
            if kept is not None:
                return _again(kept, fingerprint)
        except sa.exc.DBAPIError as error:
            await joined.abandon(error)
            if attempt == _TRIES - 1 or not dialect.lost_a_race(view.name, error.orig):
                raise
        except BaseException as error:
            await joined.abandon(error)
            raise
    raise AssertionError


class _Taken(Exception):
    """Another request took the key while this one began."""


class _Refused(Exception):
    """The endpoint answered with a refusal: nothing is stored."""


def _key(request: Request) -> str:
    if request.method != "POST":
        return ""
    given = request.headers.getlist("idempotency-key")
    if not given:
        return ""
    key = given[0].strip().strip('"')
    if len(given) > 1 or not 1 <= len(key) <= 255 or not key.isascii() or not key.isprintable():
        raise BadHeader("Idempotency-Key", "it must be one text of 1 to 255 printable ASCII characters")
    return key


async def _fingerprint(request: StrictRequest) -> str:
    head = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return hashlib.sha256(head + await request.body()).hexdigest()


def _kept(response: Response) -> Mapping[str, Any]:
    headers = {name: value for name, value in response.headers.items() if name.lower() in _KEPT_HEADERS}
    return {
        "status": response.status_code,
        "headers": headers,
        "body": bytes(response.body).decode(),
    }


def _again(kept: Kept, fingerprint: str) -> Response:
    if kept.fingerprint != fingerprint:
        raise KeyReused(
            "This Idempotency-Key came with another request before: use a new key for each thing you want done."
        )
    return Response(kept.body, kept.status, {**kept.headers, "Idempotency-Replayed": "true"})


async def _note(tx: Tx, operation: Operation, context: Context, response: Response) -> None:
    await audit.add(
        tx,
        context.workspace,
        actor=context.caller.name,
        actor_name=context.caller.title,
        action=operation.id,
        target=context.target or _target(context.request, response),
        detail=context.detail,
        address=context.address,
    )


def _target(request: Request, response: Response) -> str:
    """The ids in the path, else the id of what was made."""
    named = " ".join(str(value) for value in request.path_params.values())
    if named:
        return named[:200]
    try:
        made = orjson.loads(bytes(response.body))
    except (ValueError, AttributeError):
        return ""
    return str(made.get("id", ""))[:200] if isinstance(made, dict) else ""
