"""`python -m clarion` is `clarion`."""

from clarion.cli.main import app

app()
