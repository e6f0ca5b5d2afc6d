from pathlib import Path

import pytest

from clarion.settings.model import Settings
from clarion.settings.report import meaning
from clarion.settings.sources import Leaf, leaves
from tools.write_reference import pages


@pytest.mark.parametrize("path", list(pages()), ids=lambda path: path.name)
def test_a_page_made_from_code_is_fresh(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == pages()[path], "run `make docs` and commit what it writes"


@pytest.mark.parametrize("leaf", list(leaves(Settings)), ids=lambda leaf: leaf.name)
def test_a_setting_says_what_it_means(leaf: Leaf) -> None:
    assert meaning(leaf).endswith("."), f"give {leaf.name} a sentence below its field"
