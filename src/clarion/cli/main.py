"""The `clarion` command: mounts one app per noun."""

from typing import Annotated

import typer

from clarion import __version__
from clarion.cli import campaign, contacts, db, imports, lists, secrets, sender, template
from clarion.cli.base import App, Globals, Json, show
from clarion.cli.demo.command import demo
from clarion.cli.doctor import doctor
from clarion.cli.serve import serve
from clarion.cli.sim import sim

app = App(
    help="WhatsApp and SMS campaigns: each message once, at exactly the sender's rate.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog="Exit codes: 0 done, 1 unexpected, 2 refused (mend it and repeat), 3 problems found, "
    "130 interrupted.",
)


@app.callback()
def options(
    ctx: typer.Context,
    database_url: Annotated[
        str | None,
        typer.Option(help="sqlite:////absolute/path.db or postgresql://...; default: CLARION_DATABASE_URL."),
    ] = None,
    workspace: Annotated[str, typer.Option(help="Whose contacts, senders and campaigns.")] = "default",
    json: Json = False,
) -> None:
    """WhatsApp and SMS campaigns: each message once, at exactly the sender's rate."""
    ctx.obj = Globals(database_url, workspace)


@app.command()
def version(json: Json = False) -> None:
    """Print this release's number."""
    show({"version": __version__}, lambda: f"clarion {__version__}")


app.add_typer(sender.app, name="sender")
app.add_typer(template.app, name="template")
app.add_typer(imports.app, name="import")
app.add_typer(contacts.app, name="contacts")
app.add_typer(lists.app, name="list")
app.add_typer(campaign.app, name="campaign")
app.add_typer(db.app, name="db")
app.add_typer(secrets.app, name="secrets")
app.command()(serve)
app.command()(sim)
app.command()(doctor)
app.command()(demo)
