"""Every command and option that the documents tell people to type exists."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from clarion.cli.main import mount

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("tutorial/*.md")),
    *sorted((ROOT / "docs").glob("howto/*.md")),
]


def typed(page: Path) -> Iterator[list[str]]:
    """The words of every `clarion ...` command in the page's code blocks."""
    for block in re.findall(
        r"^```(?:sh|bash|console)?\n(.*?)^```", page.read_text("utf-8"), re.DOTALL | re.MULTILINE
    ):
        for line in block.replace("\\\n", " ").splitlines():
            if found := re.match(r"(?:\$ )?(?:[A-Z_]+=\S+ )*clarion (.*)", line.strip()):
                yield shlex.split(found[1].split(" && ")[0], comments=True)


@pytest.fixture(scope="module")
def root() -> Any:
    """The whole command tree."""
    return typer.main.get_command(mount())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_says_to_type_can_be_typed(page: Path, root: Any) -> None:
    for words in typed(page):
        command = root
        rest = list(words)
        while rest and hasattr(command, "commands") and not rest[0].startswith("-"):
            assert rest[0] in command.commands, f"{page.name}: there is no command {' '.join(words)!r}"
            command = command.commands[rest.pop(0)]
        known = {"--help", *(name for each in command.params for name in (*each.opts, *each.secondary_opts))}
        wrong = [
            word for word in rest if word.startswith("-") and word != "-" and word.split("=")[0] not in known
        ]
        assert not wrong, f"{page.name}: {' '.join(words[:2])} has no {', '.join(wrong)}"


def test_the_tutorial_and_the_readme_say_enough_to_be_checked() -> None:
    counts = {page.name: sum(1 for _ in typed(page)) for page in PAGES}
    assert counts["README.md"] >= 8
    assert counts["first-campaign.md"] >= 15
