"""The `clarion` command: mounts one app per noun."""

import sys
from collections.abc import Collection
from importlib import import_module
from typing import Annotated, Any

import typer

from clarion import __version__
from clarion.cli.base import App, Globals, Json, show

GROUPS = {
    "sender": "sender",
    "template": "template",
    "import": "imports",
    "contacts": "contacts",
    "list": "lists",
    "campaign": "campaign",
    "journey": "journey",
    "inbox": "inbox",
    "user": "user",
    "key": "key",
    "workspace": "workspace",
    "audit": "audit",
    "db": "db",
    "secrets": "secrets",
}
"""Noun -> the module of clarion.cli whose `app` holds its commands."""

COMMANDS = {"serve": "serve", "sim": "sim", "doctor": "doctor", "demo": "demo.command"}
"""Command -> the module of clarion.cli with a function of the same name."""


class _Clarion(App):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the command line with only what it names: importing everything would take twice as long."""
        mount({word for word in sys.argv[1:] if word in (*GROUPS, *COMMANDS, "version")} or None)
        return super().__call__(*args, **kwargs)


app = _Clarion(
    help="WhatsApp and SMS campaigns: each message once, at exactly the sender's rate.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 unexpected, 2 refused (mend it and repeat), 3 problems found, "
    "130 interrupted.",
)


def mount(names: Collection[str] | None = None) -> typer.Typer:
    """The app with these nouns and commands, by default all."""
    for name, module in GROUPS.items():
        if names is None or name in names:
            app.add_typer(import_module(f"clarion.cli.{module}").app, name=name)
    for name, module in COMMANDS.items():
        if names is None or name in names:
            app.command(name)(getattr(import_module(f"clarion.cli.{module}"), name))
    return app


@app.callback()
def options(
    ctx: typer.Context,
    database_url: Annotated[
        str | None,
        typer.Option(help="sqlite:////absolute/path.db or postgresql://...; default: CLARION_DATABASE_URL."),
    ] = None,
    workspace: Annotated[
        str, typer.Option(help="Whose contacts, senders and campaigns; default: the first one's.")
    ] = "",
    json: Json = False,
) -> None:
    """WhatsApp and SMS campaigns: each message once, at exactly the sender's rate."""
    ctx.obj = Globals(database_url, workspace)


@app.command()
def version(json: Json = False) -> None:
    """Print this release's number."""
    show({"version": __version__}, lambda: f"clarion {__version__}")
