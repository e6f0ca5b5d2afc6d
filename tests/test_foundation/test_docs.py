"""The documentation says nothing that is not there: links, settings, commands, tests and paths exist."""

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from clarion.settings.model import Settings
from clarion.settings.sources import leaves

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
DECISIONS = sorted((DOCS / "adr").glob("*.md"))
PAGES = [
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted(DOCS.rglob("*.md")),
]

INVENTED = {"acme"}  # the provider that docs/howto/add-a-provider.md makes up
SHELL = {"", "sh", "bash", "console"}  # languages of the blocks that hold commands

_FENCE = re.compile(r"^(```+) *(\w*)[^\n]*\n(.*?)^\1 *$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"(`+)(.+?)\1", re.DOTALL)
_LINK = re.compile(r"\]\(([^()\s]+)\)|\b(?:src|href)=\"([^\"]+)\"")

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@every_page
def test_every_link_leads_to_a_file_and_every_anchor_to_a_heading(page: Path) -> None:
    broken = [link for link in _links(page) if not _leads_somewhere(page, link)]
    assert broken == []


def test_the_index_has_every_page() -> None:
    index = DOCS / "README.md"
    listed = {(DOCS / link.partition("#")[0]).resolve() for link in _links(index)}
    assert [str(page.relative_to(ROOT)) for page in PAGES[4:] if page not in {index, *listed}] == []


@every_page
def test_every_setting_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"\bCLARION_[A-Z0-9_]*[A-Z0-9]\b(?!_)", page.read_text("utf-8")))
    assert sorted(named - _variables()) == []


@every_page
def test_every_command_and_option_that_is_named_exists(page: Path) -> None:
    assert [problem for command in _commands_in(page) if (problem := _problem(command))] == []


@every_page
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {name for code in _codes(page) for name in re.findall(r"^ *make ([a-z]+)", code, re.MULTILINE)}
    assert sorted(named - targets) == []


@every_page
def test_every_test_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"(?<![\w/])test_\w+\b(?!\.py)", page.read_text("utf-8")))
    assert [name for name in sorted(named) if not any(test.startswith(name) for test in _tests())] == []


@every_page
def test_every_path_that_is_named_exists(page: Path) -> None:
    spans = (code.strip() for _, code in _SPAN.findall(_FENCE.sub("", page.read_text("utf-8"))))
    named = {s for s in spans if re.fullmatch(r"(?:src|tests|tools|docs|bench|examples)/[\w./-]+", s)}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_a_decision_has_its_parts_and_fits_on_a_page(page: Path) -> None:
    lines = page.read_text("utf-8").splitlines()
    headings = [line for line in lines if line.startswith("#")]
    assert headings[0].startswith(f"# {page.name[:4]} ")
    parts = ["Context", "Decision", "Consequences", "Alternatives", "Evidence"]
    assert headings[1:] == [f"## {part}" for part in parts]
    assert re.fullmatch(r"Status: (accepted|superseded by \[\d{4}\]\(.+\)), \d{4}-\d\d-\d\d", lines[2])
    assert len(lines) <= 60


def test_decisions_are_numbered_without_gaps() -> None:
    assert [page.name[:4] for page in DECISIONS] == [f"{n:04}" for n in range(1, len(DECISIONS) + 1)]


def test_a_command_line_that_would_not_work_is_noticed() -> None:
    assert _problem(["campaign", "launch", "spring", "--on-missing", "exclude"]) == ""
    assert _problem(["--workspace", "shop", "campaign", "launch", "spring"]) == ""
    assert _problem(["sender", "add", "acme", "--name", "x"]) == ""
    assert "campaign lunch" in _problem(["campaign", "lunch", "spring"])
    assert "--on-mising" in _problem(["campaign", "launch", "spring", "--on-mising=exclude"])
    assert "--policy" in _problem(["campaign", "launch", "--policy", "must_arrive"])


def test_a_link_that_leads_nowhere_is_noticed(tmp_path: Path) -> None:
    page = DOCS / "README.md"
    assert _leads_somewhere(page, "../ARCHITECTURE.md#the-layers")
    assert _leads_somewhere(page, "#how-to")
    assert not _leads_somewhere(page, "../ARCHITECTURE.md#the-cellar")
    assert not _leads_somewhere(page, "howto/fly.md")
    assert not _leads_somewhere(page, str(tmp_path))


def _links(page: Path) -> list[str]:
    text = _SPAN.sub("", _FENCE.sub("", page.read_text("utf-8")))
    links = (one or other for one, other in _LINK.findall(text))
    return [link for link in links if not re.match(r"[a-z]+:", link)]


def _leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not (target.is_relative_to(ROOT) and target.exists()):
        return False
    return not anchor or (target.suffix == ".md" and anchor in _anchors(target))


@cache
def _anchors(page: Path) -> frozenset[str]:
    """The anchors of a page's headings, made as GitHub makes them."""
    seen: dict[str, int] = {}
    anchors = set()
    for title in re.findall(r"^#+ +(.+)$", _FENCE.sub("", page.read_text("utf-8")), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-")
        anchors.add(f"{slug}-{seen[slug]}" if slug in seen else slug)
        seen[slug] = seen.get(slug, 0) + 1
    return frozenset(anchors)


@cache
def _variables() -> frozenset[str]:
    ours = {leaf.variable for leaf in leaves(Settings)}
    code = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    return frozenset(
        ours | {f"{name}_FILE" for name in ours} | set(re.findall(r"CLARION_TEST_[A-Z_]+", code))
    )


def _codes(page: Path) -> list[str]:
    """What stands in the shell blocks and in the code spans of a page."""
    text = page.read_text("utf-8")
    blocks = [body for _, language, body in _FENCE.findall(text) if language in SHELL]
    spans = [" ".join(body.split()) for _, body in _SPAN.findall(_FENCE.sub("", text))]
    return [code.replace("\\\n", " ") for code in (*blocks, *spans)]


def _commands_in(page: Path) -> Iterator[list[str]]:
    """Each use of `clarion` as its words, up to the end of the command."""
    for code in _codes(page):
        given = re.sub(r'make demo ARGS="([^"]*)"', r"clarion demo \1", code)
        for line in re.findall(r"(?:^|(?<=[\s(/]))clarion +([^\n]+)", given, re.MULTILINE):
            yield _words(line)


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";<>|&")
    lexer.whitespace_split = True
    words = []
    try:
        for word in lexer:
            if re.fullmatch("[;<>|&]+", word):
                break
            words.append(word)
    except ValueError:  # a quote that is closed elsewhere: prose, not a command
        return line.split()
    return words


def _problem(words: list[str]) -> str:
    """What is wrong with a command line, "" when nothing is. The reference says which commands there are."""
    commands = _reference()
    path: tuple[str, ...] = ()
    for n, word in enumerate(words):
        name = word.partition("=")[0]
        if word.startswith("--") and name not in (*commands.get(path, ()), "--help"):
            return f"clarion {' '.join(path)} has no option {name}"
        if word.startswith("-") or (n and words[n - 1].startswith("--") and not path):
            continue
        if path in commands and path:
            continue  # an argument, or an option's value
        if any(each[: len(path) + 1] == (*path, word) for each in commands):
            path = (*path, word)
        elif word in INVENTED or not re.match(r"[a-z]", word):
            return ""
        else:
            return f"there is no command clarion {' '.join((*path, word))}"
    return ""


@cache
def _reference() -> dict[tuple[str, ...], tuple[str, ...]]:
    """Each command's words and its options; () holds those before the command."""
    commands: dict[tuple[str, ...], tuple[str, ...]] = {}
    path: tuple[str, ...] = ()
    for line in (DOCS / "reference" / "cli.md").read_text("utf-8").splitlines():
        if heading := re.match(r"### `clarion ([a-z -]+)", line):
            path = tuple(heading[1].split())
            commands[path] = ()
        elif row := re.match(r"\| (`--?[^|]*`) \|", line):
            commands[path] = (*commands.get(path, ()), *re.findall(r"--[\w-]+", row[1]))
    return commands


@cache
def _tests() -> frozenset[str]:
    functions = (
        node.name
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    return frozenset(name for name in functions if name.startswith("test_"))
