"""`clarion doctor`: what is in force here, where it comes from, and what is wrong with it."""

import os
import shutil
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Annotated

import sqlalchemy as sa
import typer
import uvloop
from rich.text import Text

from clarion import __version__, bootstrap
from clarion.bootstrap import DatabaseBehind, DatabaseNewer, DatabaseUnreachable, Installation
from clarion.cli.base import (
    Json,
    console,
    found_problems,
    globals_of,
    json_wanted,
    moment,
    print_json,
    quiet_log,
    settings,
    table,
)
from clarion.cli.sender import ask_health
from clarion.domain.errors import ClarionError
from clarion.providers.registry import kind_of
from clarion.services import senders
from clarion.services.senders import Sender
from clarion.settings import Setting, Settings, describe
from clarion.store.books import check_books

OLDEST_SQLITE = (3, 35, 0)  # the first with RETURNING
CLOCKS_APART = 2_000_000
LEAST_FREE = 500 * 1024**2


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `detail` says what was found, and how to mend it when it is not `ok`."""

    name: str
    ok: bool
    detail: str


def doctor(
    ctx: typer.Context,
    books: Annotated[
        bool, typer.Option("--books", help="Recount every campaign from its rows and compare.")
    ] = False,
    online: Annotated[bool, typer.Option("--online", help="Ask the providers about each sender.")] = False,
    json: Json = False,
) -> None:
    """Print the effective settings with their source, check everything, and say how to mend what is wrong."""
    effective = settings(ctx)
    quiet_log(effective)
    shown = describe(effective)
    checks = [
        *_machine(effective),
        *_database(effective, globals_of(ctx).workspace, books=books, online=online),
    ]
    ok = all(check.ok for check in checks) and not any(setting.problem for setting in shown)
    if json_wanted():
        print_json({"ok": ok, "version": __version__, "settings": shown, "checks": checks})
    else:
        _print(shown, checks, ok)
    if not ok:
        found_problems()


def _machine(effective: Settings) -> Iterator[Check]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", sys.version_info >= (3, 11), python)
    linked = sqlite3.sqlite_version_info >= OLDEST_SQLITE
    yield Check(
        "sqlite library", linked, f"{sqlite3.sqlite_version}{'' if linked else '; at least 3.35 is needed'}"
    )
    try:
        effective.data_dir.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(effective.data_dir).free
        writable = os.access(effective.data_dir, os.W_OK)
    except OSError as error:
        yield Check("data directory", False, f"{effective.data_dir}: {error.strerror}; set CLARION_DATA_DIR")
        return
    detail = f"{effective.data_dir}, {free / 1024**3:.1f} GiB free"
    problem = "" if writable else "; it cannot be written to by this user"
    problem = problem or ("; make room, or sending will stop" if free < LEAST_FREE else "")
    yield Check("data directory", not problem, detail + problem)
    sane = time.time() > 1_700_000_000
    yield Check("clock", sane, f"{moment(time.time_ns() // 1_000)}{'' if sane else '; set it'}")
    url = bootstrap.public_url(effective)
    unset = "" if effective.http.public_url else "; not set, so only this machine's simulators can call back"
    yield Check("public address", True, f"{url}{unset}")


def _database(effective: Settings, workspace: str, *, books: bool, online: bool) -> list[Check]:
    try:
        bootstrap.prepare_database(effective)
    except (DatabaseBehind, DatabaseNewer, DatabaseUnreachable) as error:
        return [Check("database", False, str(error))]

    async def run() -> list[Check]:
        try:
            async with bootstrap.installation(effective, workspace=workspace) as installed:
                checks = [check async for check in _store(installed)]
                checks += [check async for check in _senders(installed, online=online)]
                return checks + (await _books(installed) if books else [])
        except ClarionError as error:  # a key that does not fit, a workspace that does not exist
            return [Check("database", False, str(error))]

    return uvloop.run(run())


async def _store(installed: Installation) -> AsyncIterator[Check]:
    db = installed.db
    began = time.monotonic()
    async with db.reading() as tx:
        now = await tx.now()
        release = await tx.scalar("SELECT sqlite_version()" if db.name == "sqlite" else "SHOW server_version")
        revision = await tx.scalar("SELECT version_num FROM alembic_version")
    took = (time.monotonic() - began) * 1_000
    where = sa.make_url(installed.settings.database_url).render_as_string(hide_password=True)
    yield Check("database", True, f"{db.name} {release}, revision {revision}, {took:.1f} ms, {where}")
    if db.name == "postgresql":
        yield _confined(db.confined)
    apart = abs(now - time.time_ns() // 1_000)
    close = apart < CLOCKS_APART
    mend = "" if close else ": set both by NTP"
    yield Check("database clock", close, f"{apart / 1e6:.3f} s from this machine's{mend}")
    file = str(installed.settings.data_dir / bootstrap.KEY_FILE)
    key = "CLARION_SECRET_KEY" if installed.settings.secret_key else file
    yield Check("secret key", True, f"{installed.box.first!r} from {key}; opens every stored credential")


def _confined(confined: bool) -> Check:
    detail = "PostgreSQL shows the API one workspace at a time (row-level security)"
    if not confined:
        detail = (
            "only queries keep workspaces apart: have a superuser run CREATE ROLE clarion_workspace and GRANT "
            "clarion_workspace TO this database's user, then run `clarion db upgrade` once more"
        )
    return Check("workspaces apart", confined, detail)


async def _senders(installed: Installation, *, online: bool) -> AsyncIterator[Check]:
    for sender in await senders.list_senders(installed.db, workspace=installed.workspace):
        yield await _sender(installed, sender, online=online)


async def _sender(installed: Installation, sender: Sender, *, online: bool) -> Check:
    name = f"sender {sender.name}"
    account = await senders.load_account(installed.db, installed.box, sender.id)
    base = bootstrap.provider_settings(installed.settings, sender.provider).get("url", "")
    detail = f"{sender.provider} at {base}, {sender.state} {sender.state_reason}".strip()
    if sender.state != "active":
        return Check(name, False, f"{detail}: mend it, then `clarion sender resume {sender.name}`")
    if not kind_of(sender.provider).signing_secrets(account.secrets):
        mend = f"`clarion sender secrets {sender.provider} {sender.name}`"
        return Check(name, False, f"{detail}; without a signing secret its webhooks are refused: {mend}")
    if not online:
        return Check(name, True, detail)
    try:
        health = await ask_health(installed, sender)
    except ClarionError as error:
        return Check(name, False, f"{detail}; {error}")
    return Check(name, health.ok, f"{detail}; {health.name} {health.quality} {health.detail}".strip())


async def _books(installed: Installation) -> list[Check]:
    problems = await check_books(installed.db)
    if problems:
        return [Check("books", False, problem) for problem in problems]
    return [Check("books", True, "every campaign's counters equal its rows and add up to its audience")]


def _print(shown: list[Setting], checks: list[Check], ok: bool) -> None:
    out = console()
    out.print(table(("setting", "value", "from"), [(s.name, s.value, s.source) for s in shown], empty=""))
    out.print()
    width = max(len(check.name) for check in checks)
    for check in checks:
        out.print(_line(check.ok, f"{check.name:<{width}}  {check.detail}"))
    for setting in shown:
        if setting.problem:
            out.print(_line(False, f"{setting.name}={setting.value} ({setting.source}): {setting.problem}"))
    out.print("Everything is in order." if ok else "Mend what is marked ✗.")


def _line(ok: bool, text: str) -> Text:
    return Text.assemble(("✓ ", "green") if ok else ("✗ ", "bold red"), text)
