"""The page docs/reference/cli.md, made from the commands themselves; `make docs` writes it."""

from collections.abc import Iterator
from typing import Any

import typer

from clarion.cli.base import INTERRUPTED, PROBLEMS, REFUSED

_EXITS = (
    (0, "done"),
    (1, "something unexpected broke; the traceback is in `last-error.txt` of the data directory"),
    (REFUSED, "refused: an option, a file, a setting or the state of things has to be mended first"),
    (
        PROBLEMS,
        "done, and what was looked at has problems (doctor, db check, campaign check, sender check, "
        "journey validate, journey import, journey simulate, audit verify, demo)",
    ),
    (INTERRUPTED, "interrupted with Ctrl-C"),
)


def page(app: typer.Typer) -> str:
    """The whole page as Markdown."""
    root = typer.main.get_command(app)
    lines = [
        "# Commands",
        "",
        "<!-- Written by `make docs` from src/clarion/cli; change it there. -->",
        "",
        "`clarion [OPTIONS BEFORE THE COMMAND] COMMAND ...`. With `--json` a command prints exactly one JSON value",
        'on stdout (`campaign watch` and `journey watch` one a look), also for an error: `{"error": "..."}`.',
        "Everything else goes to stderr. An error is one line that begins with `error:`. Colours appear on a",
        "terminal only, and not with `NO_COLOR`.",
        "",
        "| Exit code | Means |",
        "|---|---|",
        *(f"| {code} | {meaning} |" for code, meaning in _EXITS),
        "",
        "## Options before the command",
        "",
        *_options(root),
        "## clarion",
        "",
        *_commands(root, "clarion"),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _commands(group: Any, path: str) -> Iterator[str]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from (f"## {path} {name}", "", _sentence(command), "")
            yield from _commands(command, f"{path} {name}")
            continue
        words = " ".join(_argument(each) for each in command.params if each.param_type_name == "argument")
        yield from (
            f"### `{f'{path} {name} {words}'.strip()}`",
            "",
            _sentence(command),
            "",
            *_options(command),
        )


def _options(command: Any) -> Iterator[str]:
    options = [each for each in command.params if each.param_type_name == "option" and not each.hidden]
    if not options:
        return
    yield from ("| Option | Default | Meaning |", "|---|---|---|")
    for option in options:
        names = ", ".join(f"`{name}`" for name in option.opts)
        yield f"| {names} | {_default(option)} | {_cell(option.help or '')} |"
    yield ""


def _argument(argument: Any) -> str:
    name = argument.metavar or argument.name.upper()
    return str(name if argument.required else f"[{name}]")


def _default(option: Any) -> str:
    if option.required:
        return "required"
    value = option.default
    return f"`{value}`" if value not in (None, False, (), []) else ""


def _sentence(command: Any) -> str:
    return _cell(" ".join((command.help or "").split()))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
