"""What every command shares: its options, the opened installation, output, errors and exit codes.

A command is a plain function that calls `with_database(ctx, work)` and gives what came back to `show`.
Exit codes:

    0    done
    1    something unexpected broke: a bug, or a machine in trouble
    2    refused: an option, a file, a setting or the state of things has to be mended first
    3    done, and what was looked at has problems (doctor, db check, campaign check, sender check,
         journey validate, journey import, journey simulate, audit verify)
    130  interrupted with Ctrl-C; what was started goes on or can be repeated
"""

import asyncio
import os
import sys
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import orjson
import typer
import uvloop
from rich.console import Console
from rich.table import Table
from typer._click.exceptions import NoArgsIsHelpError

from clarion import bootstrap, log
from clarion.bootstrap import Installation
from clarion.domain.errors import ClarionError
from clarion.settings import Settings, SettingsError, load_settings

T = TypeVar("T")

REFUSED = 2
PROBLEMS = 3
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Globals:
    """Options that stand before the command."""

    database_url: str | None = None
    workspace: str = ""


@dataclass(slots=True)
class _Output:
    json: bool = False


_output = _Output()


def _remember_json(value: bool) -> bool:
    _output.json = _output.json or value
    return value


Json = Annotated[
    bool,
    typer.Option(
        "--json", help="Print exactly one JSON value on stdout.", callback=_remember_json, is_eager=True
    ),
]
"""The type of every command's `json` parameter; `show` and `say` look at it by themselves."""


class App(typer.Typer):
    """The top-level app: every error ends as one clear line and an exit code."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line. Raises SystemExit with one of the exit codes above."""
        try:
            code = typer.main.get_command(self)(*args, **{**kwargs, "standalone_mode": False})
            raise SystemExit(code if isinstance(code, int) else 0)
        except typer.TyperException as error:
            _misused(error)
        except (ClarionError, SettingsError) as error:
            fail(str(error), REFUSED)
        except (KeyboardInterrupt, asyncio.CancelledError):
            fail("interrupted", INTERRUPTED)
        except BrokenPipeError:  # the reader, such as `head`, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise SystemExit(0) from None
        except Exception as error:  # noqa: BLE001  # the last place before the user: one line, not a screenful
            fail(f"{type(error).__name__}: {first_line(error)} (unexpected; {_traceback_hint()})", 1)


def _misused(error: typer.TyperException) -> NoReturn:
    context = getattr(error, "ctx", None)
    if isinstance(error, NoArgsIsHelpError):
        sys.stdout.write(f"{error.format_message()}\n")
        raise SystemExit(REFUSED)
    hint = f" See `{context.command_path} --help`." if context else ""
    reason = error.format_message()
    fail(f"{reason if reason.endswith(('.', '?')) else f'{reason}.'}{hint}", REFUSED)


def group(about: str, **options: Any) -> typer.Typer:
    """A Typer app for one noun, such as `clarion sender`, that shows its help when called alone."""
    return typer.Typer(help=about, no_args_is_help=True, **options)


def settings(ctx: typer.Context, **values: Any) -> Settings:
    """The effective settings with the command line's own options and `values` over them. Raises SettingsError."""
    url = globals_of(ctx).database_url
    return load_settings(**({"database_url": url} if url else {}), **values)


def quiet_log(effective: Settings) -> None:
    """Only warnings, on stderr: stdout belongs to the command."""
    log.configure("warning" if effective.log.level == "info" else effective.log.level, effective.log.format)


def globals_of(ctx: typer.Context) -> Globals:
    """The options before the command."""
    held = ctx.find_root().obj
    return held if isinstance(held, Globals) else Globals()


def with_database(ctx: typer.Context, work: Callable[[Installation], Awaitable[T]]) -> T:
    """Open the installation, run `work` on it with uvloop, close it.

    The embedded database is brought up to date first; a PostgreSQL one that is not raises DatabaseBehind.
    """
    effective = settings(ctx)
    quiet_log(effective)
    bootstrap.prepare_database(effective)

    async def run() -> T:
        async with bootstrap.installation(effective, workspace=globals_of(ctx).workspace) as installed:
            return await work(installed)

    return uvloop.run(run())


def json_wanted() -> bool:
    """Whether stdout must hold exactly one JSON value."""
    return _output.json


def show(value: Any, render: Callable[[], object]) -> None:
    """`value` as JSON with --json, otherwise what `render` gives: a string, a table, or None for nothing."""
    if _output.json:
        print_json(value)
        return
    shown = render()
    if shown is not None:
        console().print(shown)


def say(text: str) -> None:
    """A line for people: on stdout, or on stderr when stdout belongs to JSON."""
    console(stderr=_output.json).print(text)


def print_json(value: Any) -> None:
    """One line of JSON on stdout, flushed, so that a pipe sees it at once."""
    sys.stdout.write(orjson.dumps(plain(value)).decode() + "\n")
    sys.stdout.flush()


def plain(value: Any) -> Any:
    """`value` made of JSON's own kinds: dataclasses become objects, sets become sorted lists."""
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if isinstance(value, Mapping):
        return {str(key): plain(held) for key, held in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(plain(held) for held in value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(held) for held in value]
    return value


def console(*, stderr: bool = False) -> Console:
    """Rich on a terminal (NO_COLOR is respected), plain and wide elsewhere. Names are never markup."""
    stream = sys.stderr if stderr else sys.stdout
    people = stream.isatty()
    return Console(
        file=stream, width=None if people else 200, markup=False, highlight=False, soft_wrap=not people
    )


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, empty: str) -> Table | str:
    """Rows under their headings, numbers to the right; the sentence `empty` when there are none."""
    if not rows:
        return empty
    made = Table(box=None, pad_edge=False, header_style="bold")
    for n, name in enumerate(columns):
        number = all(isinstance(row[n], int | float) and not isinstance(row[n], bool) for row in rows)
        made.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in rows:
        made.add_row(*(figure(cell) for cell in row))
    return made


def figure(value: object) -> str:
    """A cell's text: whole numbers with a thin grouping, rates without needless zeros."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}".removesuffix(".0")
    return str(value)


def moment(micros: int) -> str:
    """An instant (microseconds since 1970) as RFC 3339 in UTC; "" for 0, which means never."""
    return datetime.fromtimestamp(micros / 1e6, UTC).isoformat(timespec="seconds") if micros else ""


def named(text: str) -> int | str:
    """An id when the text is a number, else a name, as services take either."""
    return int(text) if text.isascii() and text.isdecimal() else text


def secret_file(path: Path, what: str) -> str:
    """The secret in a file, without the line end. Raises BadOption when it cannot be read or is empty."""
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadOption(f"{what}: the file {path} cannot be read: {reason}.") from None
    if not text:
        raise BadOption(f"{what}: the file {path} is empty: put the secret into it, alone on one line.")
    return text


class BadOption(ClarionError):
    """An option of the command line cannot be used; the sentence says which, why and how to mend it."""


def found_problems() -> NoReturn:
    """End with the exit code that says: looked, and there is something to mend."""
    raise typer.Exit(PROBLEMS)


def fail(reason: str, code: int) -> NoReturn:
    """One line on stderr (and one JSON value on stdout with --json), then exit."""
    if _output.json:
        print_json({"error": reason})
    sys.stderr.write(f"error: {reason}\n")
    raise SystemExit(code)


def first_line(error: BaseException) -> str:
    """The first line of an error's own words: drivers add whole statements below it."""
    return (str(error).strip().splitlines() or ["no details"])[0]


def _traceback_hint() -> str:
    """Where the traceback went: shown with CLARION_LOG__LEVEL=debug, kept in a file otherwise."""
    text = traceback.format_exc()
    try:
        effective = load_settings()
        if effective.log.level == "debug":
            sys.stderr.write(text)
            return "traceback above"
        effective.data_dir.mkdir(parents=True, exist_ok=True)
        path = effective.data_dir / "last-error.txt"
        path.write_text(f"{datetime.now(UTC).isoformat()} {' '.join(sys.argv[:3])}\n{text}", encoding="utf-8")
    except (OSError, SettingsError):
        return "run it again with CLARION_LOG__LEVEL=debug for the traceback"
    return f"traceback in {path}"
