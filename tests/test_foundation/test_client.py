"""The client is made from the OpenAPI document, and says of every operation what that says."""

from pathlib import Path

import pytest

from tools.write_client import files


@pytest.mark.parametrize("path", list(files()), ids=lambda path: path.name)
def test_the_client_is_fresh(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == files()[path], "run `make docs` and commit what it writes"
