"""Columns become attributes, and what does not fit is named."""

import pytest

from clarion.domain.errors import BadMapping
from clarion.domain.mapping import Columns, check_mapping, guess_mapping, parse_mapping, tidy_header

HEADER = ["Nome", "Telefone", "Cidade", "Código"]


def test_a_mapping_is_written_as_attribute_and_column() -> None:
    assert parse_mapping("phone=telefone, name=nome") == {"phone": "telefone", "name": "nome"}
    assert parse_mapping('phone=tel,"name=nome, completo"') == {"phone": "tel", "name": "nome, completo"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("phone", "'phone' is not attribute=column"),
        ("phone=", "'phone=' is not attribute=column"),
        ("phone=a,phone=b", "attribute 'phone' is mapped twice"),
        ("1x=b", "'1x' cannot name an attribute"),
    ],
)
def test_a_broken_mapping_says_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(BadMapping, match=problem):
        parse_mapping(text)


def test_columns_are_found_without_regard_to_case_and_spaces() -> None:
    found = check_mapping({"phone": "telefone", "name": " NOME "}, HEADER)
    assert found == Columns(phone=1, attributes={"name": 0})


def test_the_other_columns_are_kept_under_plain_names_when_asked() -> None:
    found = check_mapping({"phone": "Telefone"}, [*HEADER, "clarion_line", "clarion_problem"], keep_rest=True)
    assert found.attributes == {"nome": 0, "cidade": 2, "codigo": 3}


def test_every_mismatch_is_named_at_once_with_the_nearest_column() -> None:
    with pytest.raises(BadMapping) as caught:
        check_mapping({"phone": "telefon", "name": "nombre"}, HEADER, required=["name", "codigo", "zip"])
    assert caught.value.problems == [
        "column 'telefon' (for phone) is not in the file: the nearest is 'Telefone'",
        "column 'nombre' (for name) is not in the file: the nearest is 'Nome'",
        "variable 'codigo' has no column: add codigo=COLUMN, the nearest is 'Código'",
        "variable 'zip' has no column: add zip=COLUMN, the file has 'Nome', 'Telefone', 'Cidade', 'Código'",
    ]


def test_a_mapping_needs_a_phone() -> None:
    with pytest.raises(BadMapping, match="no column is mapped to 'phone': add phone=COLUMN"):
        check_mapping({"name": "Nome"}, HEADER)


def test_a_header_that_stands_twice_is_refused_when_it_matters() -> None:
    header = ["phone", "note", "Note"]
    assert check_mapping({"phone": "phone", "a": "Note"}, header).attributes == {"a": 2}
    with pytest.raises(BadMapping, match="'NOTE' stands in the header at 2 and 3: rename one"):
        check_mapping({"phone": "phone", "a": "NOTE"}, header)
    with pytest.raises(BadMapping, match="'note' stands in the header at 2 and 3: rename one"):
        check_mapping({"phone": "phone"}, header, keep_rest=True)


def test_blank_columns_at_the_end_are_no_columns() -> None:
    assert tidy_header([" Nome ", "'=x", "", " "]) == ["Nome", "=x"]


@pytest.mark.parametrize(
    ("header", "row", "guess"),
    [
        (
            ["Nome", "CPF", "Telefone fixo", "Celular", "E-mail"],
            ["Ana", "12345678901", "4133234567", "41991234567", "a@example.org"],
            {
                "phone": "Celular",
                "name": "Nome",
                "email": "E-mail",
                "cpf": "CPF",
                "telefone_fixo": "Telefone fixo",
            },
        ),
        (
            ["First name", "Mobile", "City"],
            ["Ann", "+5541991234567", "X"],
            {"phone": "Mobile", "first_name": "First name", "city": "City"},
        ),
        (
            ["Nombre", "Teléfono", "Ciudad", "2º apellido"],
            ["Ana", "+523312345678", "X", "Y"],
            {"phone": "Teléfono", "name": "Nombre", "city": "Ciudad", "column_2o_apellido": "2º apellido"},
        ),
        (["1", "2"], ["Ana", "41991234567"], {"phone": "2", "column_1": "1"}),
    ],
)
def test_a_mapping_is_guessed_from_names_and_contents(
    header: list[str], row: list[str], guess: dict[str, str]
) -> None:
    assert guess_mapping(header, [row] * 3, "BR") == guess


def test_no_guess_is_made_when_nothing_looks_like_a_phone() -> None:
    with pytest.raises(BadMapping, match=r"no column looks like phone numbers \(columns: 'a', 'b'\)"):
        guess_mapping(["a", "b"], [["x", "1"]], "BR")
