"""`clarion secrets`: the keys that encrypt senders' credentials."""

import typer

from clarion.bootstrap import Installation
from clarion.cli.base import Json, group, show, with_database
from clarion.services.secrets import generate_key, rotate_keys

app = group("Make and replace the keys that encrypt senders' credentials.")


@app.command()
def key(name: str = typer.Argument("k1", help="The key's id."), json: Json = False) -> None:
    """Make a new key for CLARION_SECRET_KEY."""
    made = generate_key(name)
    show({"key": made}, lambda: made)


@app.command()
def rotate(ctx: typer.Context, json: Json = False) -> None:
    """Encrypt every credential with the first key given; afterwards the other keys can be dropped.

    Put the new key before the old one in CLARION_SECRET_KEY (or first in the key file), then run this.
    """

    async def work(installed: Installation) -> tuple[int, str]:
        return await rotate_keys(installed.db, installed.box), installed.box.first

    changed, first = with_database(ctx, work)
    show(
        {"changed": changed, "key": first},
        lambda: f"{changed} sender(s) encrypted anew; all are under the key {first!r} now.",
    )
