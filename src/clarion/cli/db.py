"""`clarion db`: the tables of this release."""

import typer

from clarion import bootstrap
from clarion.cli.base import Json, found_problems, group, settings, show
from clarion.store import migrate

app = group("Bring the database to this release's tables, and check that it is there.")


@app.command()
def upgrade(ctx: typer.Context, json: Json = False) -> None:
    """Apply the migrations the database lacks. Repeating it does nothing."""
    effective = settings(ctx)
    before, _ = bootstrap.database_revision(effective)
    bootstrap.upgrade_database(effective)
    after, _ = bootstrap.database_revision(effective)
    done = f"upgraded from {before or 'no tables'} to {after}" if before != after else f"already at {after}"
    show({"before": before, "after": after}, lambda: f"The database is {done}.")


@app.command()
def check(ctx: typer.Context, json: Json = False) -> None:
    """Say whether the database has exactly this release's tables."""
    effective = settings(ctx)
    found, wanted = bootstrap.database_revision(effective)
    differences = [str(change) for change in migrate.drift(effective.database_url)] if found == wanted else []
    ok = found == wanted and not differences

    def text() -> str:
        if found != wanted:
            state = f"is at {found}" if found else "has no tables yet"
            return f"The database {state}, this release needs {wanted}: run `clarion db upgrade`."
        if differences:
            changes = "\n".join(f"  {change}" for change in differences)
            return f"The database is at {found}, but somebody changed its tables since:\n{changes}"
        return f"The database is at {found}, as this release needs."

    show({"ok": ok, "found": found, "wanted": wanted, "differences": differences}, text)
    if not ok:
        found_problems()
