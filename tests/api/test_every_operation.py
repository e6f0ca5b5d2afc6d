"""Every operation answers as its document says, whatever it is asked; and nothing leaks between workspaces."""

import re
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import negative_data_rejection, positive_data_acceptance
from schemathesis.core.transport import Response
from schemathesis.generation import GenerationMode

from tests.support.api import Api
from tests.support.seeds import rows_of, seed
from tests.support.walk import LIVE, Case, cases, operations, served, with_ids

OPERATIONS = sorted(set(operations()) - LIVE)
RUNS = settings(
    deadline=None,
    max_examples=6,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module", name="seeded")
def seeded_fixture(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Api, dict[str, int], requests.Session]]:
    """The API over one of everything, and a session of a client."""
    folder = tmp_path_factory.mktemp("walk")
    for part in sqlite_template.parent.glob("clarion.db*"):
        (folder / part.name).write_bytes(part.read_bytes())

    async def prepare(running: Api) -> dict[str, int]:
        return await seed(running.db, running.box, 1, "OURS")

    url = f"sqlite:///{folder / 'clarion.db'}"
    with served(url, folder, prepare) as (running, ids), requests.Session() as session:
        yield running, ids, session


def _ask(running: Api, session: requests.Session, case: Case, key: str) -> Response:
    base = running.url.removesuffix("/api/v1")
    return case.call(base_url=base, session=session, headers={"Authorization": f"Bearer {key}"}, timeout=20)


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: str(mode.value))
@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_is_documented_and_none_is_a_server_error(
    seeded: tuple[Api, dict[str, int], requests.Session], name: str, mode: GenerationMode
) -> None:
    running, ids, session = seeded
    operation = operations()[name]

    @RUNS
    @given(st.data())
    def walk(data: st.DataObject) -> None:
        case = data.draw(cases(operation, mode))
        if mode is GenerationMode.POSITIVE and data.draw(st.booleans()):
            with_ids(case, lambda prefix, _: f"{prefix}_{ids[prefix]}")
        # Rules beyond the document (a name that is taken, a time that has passed) may refuse valid data.
        excluded = [positive_data_acceptance]
        if mode is GenerationMode.POSITIVE:
            excluded.append(negative_data_rejection)  # it takes a form's further fields for broken data
        case.validate_response(_ask(running, session, case, running.key), excluded_checks=excluded)

    with suppress(Unsatisfiable) if mode is GenerationMode.NEGATIVE else nullcontext():
        walk()  # without parameters there is nothing to break


def test_R26_F10_another_workspaces_ids_are_ids_that_do_not_exist(database_url: str, tmp_path: Path) -> None:
    """Each operation with ids in path, query or body is asked for theirs, then for none: no difference."""

    async def prepare(running: Api) -> tuple[int, dict[str, int]]:
        await seed(running.db, running.box, 1, "OURS")
        other, _ = await running.other_workspace()
        return other, await seed(running.db, running.box, other, "THEIRS")

    asked: list[str] = []
    with served(database_url, tmp_path, prepare) as (running, (other, theirs)), requests.Session() as session:
        before = running.run(rows_of(running.db, other))
        for name in OPERATIONS:
            _compare(running, session, name, theirs, asked)
        assert running.run(rows_of(running.db, other)) == before
    assert len(asked) > 2 * len(set(asked)) > 200


def _compare(
    running: Api, session: requests.Session, name: str, theirs: dict[str, int], asked: list[str]
) -> None:
    @settings(RUNS, max_examples=5)
    @given(cases(operations()[name], GenerationMode.POSITIVE))
    def walk(case: Case) -> None:
        case.headers.clear()  # each is a request of its own, whatever key the document would have it carry
        found: set[str] = set()

        def of_theirs(prefix: str, _: str) -> str:
            found.add(prefix)
            return f"{prefix}_{theirs[prefix]}"

        with_ids(case, of_theirs)
        held = _ask(running, session, case, running.key)
        assert "THEIRS" not in held.text, (name, held.text)
        if not found:
            return
        asked.append(name)
        with_ids(case, lambda prefix, _: f"{prefix}_{NOBODYS}")
        lost = _ask(running, session, case, running.key)
        assert (held.status_code, _words(held)) == (lost.status_code, _words(lost)), name
        if case.path_parameters:
            assert held.status_code in (400, 404, 413, 415, 422, 428), (name, held.status_code, held.text)

    walk()


NOBODYS = 987_654_321


def _words(answer: Response) -> str:
    """What it says, without the ids that were asked for; of what was done, only that it was."""
    if answer.status_code < 400 and answer.request.method != "GET":
        return ""
    return re.sub(r"_[0-9]+", "_N", answer.text)
