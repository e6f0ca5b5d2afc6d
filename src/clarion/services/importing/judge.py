"""A row's verdict as far as the file alone can tell; the database adds who is a duplicate or opted out."""

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from clarion.domain.contact import read_address
from clarion.domain.csv_safe import restore
from clarion.domain.errors import BadAddress
from clarion.services.importing.lines import KEPT, Record


@dataclass(frozen=True, slots=True)
class Rules:
    """How to read each row: places of the columns, and the operator's choices."""

    phone: int
    attributes: Mapping[str, int]
    width: int
    country: str = ""
    overwrite_blanks: bool = False


class Good(NamedTuple):
    """A row with a person in it, in the order of the store's batch columns."""

    line: int
    address: str
    person: str
    attributes: dict[str, str]
    language: str
    timezone: str
    correction: str


class Bad(NamedTuple):
    """A row for the rejects file."""

    line: int
    problem: str
    cells: list[str]


def judge(record: Record, rules: Rules) -> Good | Bad | None:
    """The row as a person, or why it is none; None for a row without any text."""
    line, cells, problem = record
    if problem:
        return Bad(line, f"the row {problem}", cells)
    if not any(map(str.strip, cells)):
        return None
    if len(cells) != rules.width and (ragged := _ragged(cells, rules.width)):
        return Bad(line, ragged, _cut(cells))
    try:
        address, correction = read_address(restore(cells[rules.phone]), rules.country)
    except BadAddress as error:
        return Bad(line, str(error), _cut(cells))
    attributes = {}
    for attribute, place in rules.attributes.items():
        value = restore(cells[place]).strip(" ")
        if value or rules.overwrite_blanks:
            attributes[attribute] = value
    timezone = attributes.get("timezone", "")
    if timezone and timezone not in _timezones():
        problem = f"timezone {timezone!r} does not exist: write one such as America/Sao_Paulo"
        return Bad(line, problem, _cut(cells))
    language = attributes.get("language", "")
    return Good(line, address.e164, address.person, attributes, language, timezone, correction)


@cache
def _timezones() -> set[str]:
    return zoneinfo.available_timezones()


def _ragged(cells: list[str], width: int) -> str:
    """Too few cells, or text beyond the last column: the values may stand in the wrong columns."""
    if len(cells) < width:
        return f"the row has {len(cells)} cells where the header has {width}"
    if any(cell.strip() for cell in cells[width:]):
        return f"the row has {len(cells)} cells where the header has {width}: look for a stray delimiter"
    return ""


def _cut(cells: list[str]) -> list[str]:
    return [cell if len(cell) <= KEPT else f"{cell[:KEPT]}…" for cell in cells]
