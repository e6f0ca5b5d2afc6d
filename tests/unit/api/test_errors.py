"""Every refusal has its HTTP form, and no two kinds share a name they should not."""

import clarion.services.importing.run
import clarion.services.journeys.runs  # noqa: F401  # whatever defines refusals is loaded
from clarion.api.app import describe
from clarion.api.errors import KINDS, OTHERS
from clarion.bootstrap import DatabaseBehind, DatabaseNewer, DatabaseUnreachable
from clarion.domain.errors import ClarionError
from clarion.settings.sources import SettingsError

describe()  # loads every router

ELSEWHERE = {DatabaseBehind, DatabaseNewer, DatabaseUnreachable, SettingsError}
"""Raised before there is an API: the command line tells them."""


def _leaves(cls: type[Exception]) -> set[type[Exception]]:
    below = {leaf for each in cls.__subclasses__() for leaf in _leaves(each)}
    return below | {cls}


def test_every_refusal_has_a_status_and_a_stable_name() -> None:
    ours = {
        each
        for each in _leaves(ClarionError)
        if each is not ClarionError
        and each.__module__.startswith(("clarion.domain", "clarion.services", "clarion.api"))
    }
    assert {each.__name__ for each in ours - set(KINDS) - ELSEWHERE} == set()


def test_a_name_has_one_status() -> None:
    found: dict[str, set[int]] = {}
    for kind in [*KINDS.values(), *OTHERS.values()]:
        found.setdefault(kind.slug, set()).add(kind.status)
        assert kind.slug == kind.slug.lower()
        assert 400 <= kind.status < 600
    assert {slug for slug, statuses in found.items() if len(statuses) > 1} == set()
