"""Which column of a file becomes which attribute of a contact: written by a person, checked, or guessed."""

import csv
import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from clarion.domain.contact import read_address
from clarion.domain.csv_safe import restore
from clarion.domain.errors import BadAddress, BadMapping

PHONE = "phone"
OURS = ("clarion_line", "clarion_problem")
"""Columns that a rejects file has beside the file's own; ignored when it is imported again."""

_ATTRIBUTE = re.compile(r"[^\W\d][\w -]{0,99}")


@dataclass(frozen=True, slots=True)
class Columns:
    """A mapping that fits a header: where each value stands, counted from 0."""

    phone: int
    attributes: Mapping[str, int]


def parse_mapping(text: str) -> dict[str, str]:
    """Attribute -> column from `phone=telefone,name="nome, completo"`. Raises BadMapping."""
    mapping: dict[str, str] = {}
    problems = []
    for part in next(csv.reader([text], skipinitialspace=True), []):
        attribute, equals, column = (piece.strip() for piece in part.partition("="))
        # A quoted column: csv leaves quotes inside a cell alone, except around the whole of it.
        column = column.strip('"')
        if not equals or not column:
            problems.append(f"{part!r} is not attribute=column, such as phone=telefone")
        elif not _ATTRIBUTE.fullmatch(attribute):
            problems.append(f"{attribute!r} cannot name an attribute: use letters, digits and _")
        elif attribute in mapping:
            problems.append(f"attribute {attribute!r} is mapped twice: keep one")
        mapping[attribute] = column
    if problems:
        raise BadMapping(problems)
    return mapping


def tidy_header(cells: Sequence[str]) -> list[str]:
    """The columns' names: restored, trimmed, without blank ones at the end."""
    names = [" ".join(restore(cell).split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return names


def check_mapping(
    mapping: Mapping[str, str],
    header: Sequence[str],
    *,
    required: Iterable[str] = (),
    keep_rest: bool = False,
) -> Columns:
    """Where the mapped columns stand in the header; `keep_rest` adds every other column under its own name.

    `required` are attributes that a campaign's text needs. Raises BadMapping with every problem at once.
    """
    problems = [] if PHONE in mapping else [f"no column is mapped to {PHONE!r}: add {PHONE}=COLUMN"]
    found: dict[str, int] = {}
    for attribute, column in mapping.items():
        places = [n for n, name in enumerate(header) if name == column]
        places = places or [n for n, name in enumerate(header) if _fold(name) == _fold(column)]
        if len(places) == 1:
            found[attribute] = places[0]
        elif places:
            problems.append(_twice(column, places))
        else:
            near = _nearest(column, header)
            problems.append(f"column {column!r} (for {attribute}) is not in the file: {near}")
    if keep_rest:
        problems += [_twice(name, places) for name, places in _repeated(header).items()]
        found |= _rest(header, found)
    for variable in dict.fromkeys(required):
        if variable not in found and variable not in mapping:
            near = _nearest(variable, header)
            problems.append(f"variable {variable!r} has no column: add {variable}=COLUMN, {near}")
    if problems:
        raise BadMapping(list(dict.fromkeys(problems)))
    return Columns(found.pop(PHONE), found)


def guess_mapping(header: Sequence[str], rows: Sequence[Sequence[str]], country: str = "") -> dict[str, str]:
    """A mapping of every column, from the names (English, Portuguese, Spanish) and the first rows' contents.

    Raises BadMapping when no column holds phone numbers.
    """
    phone = _guess_phone(header, rows, country)
    taken = {PHONE: phone}
    for n, name in enumerate(header):
        known = _KNOWN.get(_plain(name), "")
        if n != phone and known and known not in taken and name and name not in OURS:
            taken[known] = n
    taken |= _rest(header, taken)
    return {attribute: header[n] for attribute, n in taken.items()}


# --- names ------------------------------------------------------------------------------------------------


def _fold(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _plain(name: str) -> str:
    """Letters and digits without accents, one space between words."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", bare))


def _nearest(name: str, header: Sequence[str]) -> str:
    names = {_fold(column): column for column in reversed(header) if column}
    plain = {_plain(column): column for column in reversed(header) if column}
    close = difflib.get_close_matches(_fold(name), names, n=1) or []
    near = names[close[0]] if close else ""
    if not near and (alike := difflib.get_close_matches(_plain(name), plain, n=1)):
        near = plain[alike[0]]
    if near:
        return f"the nearest is {near!r}"
    return "the file has " + (", ".join(repr(column) for column in header if column) or "no named columns")


def _twice(column: str, places: Sequence[int]) -> str:
    return f"column {column!r} stands in the header at {_numbers(places)}: rename one"


def _numbers(places: Sequence[int]) -> str:
    return " and ".join(str(n + 1) for n in places)


def _repeated(header: Sequence[str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for n, name in enumerate(header):
        if name:
            places.setdefault(_fold(name), []).append(n)
    return {header[found[0]]: found for found in places.values() if len(found) > 1}


def _rest(header: Sequence[str], taken: Mapping[str, int]) -> dict[str, int]:
    """Every named column that nothing is mapped to, under an attribute made from its name."""
    rest: dict[str, int] = {}
    for n, name in enumerate(header):
        if not name or name in OURS or n in taken.values():
            continue
        attribute = _attribute(name)
        while attribute in taken or attribute in rest:
            attribute += "_2"
        rest[attribute] = n
    return rest


def _attribute(name: str) -> str:
    plain = _plain(name).replace(" ", "_")[:90]
    return plain if _ATTRIBUTE.fullmatch(plain) else f"column_{plain}".rstrip("_")


# --- guessing ---------------------------------------------------------------------------------------------

_WORDS = {
    "name": "name, full name, nome, nome completo, nombre, nombre completo, cliente, contato, contacto",
    "first_name": "first name, firstname, given name, primeiro nome, primer nombre, nombre de pila",
    "last_name": "last name, lastname, surname, family name, sobrenome, apellido, apellidos",
    "email": "email, e mail, mail, email address, correo, correo electronico",
    "city": "city, town, cidade, ciudad, municipio",
    "state": "state, province, estado, uf, provincia",
    "company": "company, empresa, organization, organisation",
    "language": "language, lang, idioma, lingua",
    "timezone": "timezone, time zone, fuso, fuso horario, zona horaria, huso horario",
}
_KNOWN = {word: attribute for attribute, words in _WORDS.items() for word in words.split(", ")}

_MOBILE_WORDS = {"whatsapp", "mobile", "cell", "cellphone", "celular", "movil", "msisdn", "wa", "zap", "cel"}
_PHONE_WORDS = {"phone", "telephone", "tel", "telefone", "fone", "telefono", "number", "numero", "contact"}


def _guess_phone(header: Sequence[str], rows: Sequence[Sequence[str]], country: str) -> int:
    scores = [_phone_score(name, n, rows, country) for n, name in enumerate(header)]
    best = max(range(len(scores)), key=lambda n: (scores[n], -n), default=-1)
    if best < 0 or scores[best] < 0.5:
        named = ", ".join(repr(name) for name in header) or "none"
        hint = "" if country else ", or give a default country if its numbers have no + and country code"
        raise BadMapping(
            [f"no column looks like phone numbers (columns: {named}): name it with {PHONE}=COLUMN{hint}"]
        )
    return best


def _phone_score(name: str, place: int, rows: Sequence[Sequence[str]], country: str) -> float:
    """The share of cells that are numbers, and a little for the name; only mostly numbers count."""
    words = set(_plain(name).split())
    bonus = 0.3 * bool(words & _MOBILE_WORDS) + 0.2 * bool(words & _PHONE_WORDS)
    cells = [row[place] for row in rows if place < len(row) and row[place].strip()]
    if not cells or not name or name in OURS:
        return 2 * bonus if not rows else 0
    share = sum(_is_phone(cell, country) for cell in cells) / len(cells)
    return share + bonus if share >= 0.3 else 0


def _is_phone(cell: str, country: str) -> bool:
    try:
        read_address(restore(cell), country)
    except BadAddress:
        return False
    return True
