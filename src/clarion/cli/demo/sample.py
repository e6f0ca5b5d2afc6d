"""An invented shop's customer list, as messy as real ones; the same arguments give the same bytes anywhere.

The telephone numbers begin with 90, a Brazilian block that no operator is known to use, except for the few
old ones whose ninth digit is missing. They are for the simulators: never send to them through a provider.
"""

import csv
import io
from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

ROWS = 2_087
MAPPING = {"phone": "Telefone", "name": "Nome", "order": "Pedido", "city": "Cidade"}
"""Attribute -> column, as `clarion import contacts --map` takes it."""

COUNTRY = "BR"

_DUPLICATES, _INVALID, _OLD = 0.03, 0.015, 0.012

_HEADER = ("Pedido", "Nome", "Telefone", "Cidade", "Cupom", "Última compra", "Observação")
_FIRST = (
    "Ana Antônio Beatriz Bruno Camila Carlos Cecília Daniel Débora Eduardo Elisa Fábio Fernanda Gabriel "
    "Giovana Gustavo Helena Henrique Iara Igor Isabela João José Júlia Kauã Larissa Leandro Letícia Lucas "
    "Luíza Marcos Maria Mariana Mateus Natália Otávio Patrícia Paulo Rafael Renata Ricardo Rosângela "
    "Sérgio Sofia Tainá Thiago Valéria Vinícius Yara Zélia"
).split()
_LAST = (
    "Almeida Alves Araújo Assunção Barbosa Batista Brandão Campos Cardoso Carvalho Castro Conceição Costa "
    "Dias D'Ávila Fernandes Ferreira Freitas Gonçalves Guimarães Lima Lopes Magalhães Martins Melo Mendes "
    "Moreira Nascimento Nogueira Nuñez Oliveira Pereira Ribeiro Rocha Rodrigues Sá Santos Silva Simões "
    "Souza Teixeira Vasconcelos Vieira Weiß Xavier"
).split()
_CITIES = (
    ("11", "São Paulo"),
    ("21", "Rio de Janeiro"),
    ("31", "Belo Horizonte"),
    ("41", "Curitiba"),
    ("48", "Florianópolis"),
    ("51", "Porto Alegre"),
    ("61", "Brasília"),
    ("71", "Salvador"),
    ("81", "Recife"),
    ("85", "Fortaleza"),
    ("92", "Manaus"),
)
_NOTES = (
    "",
    "",
    "",
    "ligar à tarde",
    "cliente desde 2019; prefere WhatsApp",
    'pediu "a azul"',
    "=SOMA(B2:B9)",
    "+ frete grátis",
    "VIP 💎",
    "@loja",
    "não ligar domingo\tobrigada",
)
_BROKEN = (
    "",
    "não tem",
    "5,54190E+12",
    "n/a",
    "41 9012",
    "0000000000",
    "cliente@exemplo.com.br",
    "+55 41 90123-4567 8901 2345",
    "-",
    "whats da irmã",
)


def customers(rows: int = ROWS, *, seed: int = 1) -> bytes:
    """A semicolon file with a byte order mark and Windows line ends, `rows` lines below its header.

    About 3 % repeat somebody in another spelling, 1.5 % have no usable number, the rest are distinct people.
    """
    return _file(_Customers(seed).take(rows))


def customers_of(people: int, *, seed: int = 1) -> bytes:
    """The same with as many rows as it takes to name so many people."""
    return _file(_Customers(seed).until(people))


def _file(rows: list[list[str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(_HEADER)
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


class _Customers:
    """Draws one row after another. Only `random()` is used, which every Python release draws alike."""

    def __init__(self, seed: int) -> None:
        self._luck = Random(seed)
        self._met: list[tuple[str, str, str, str]] = []

    def take(self, rows: int) -> list[list[str]]:
        return [self._row(number) for number in range(1, rows + 1)]

    def until(self, people: int) -> list[list[str]]:
        rows: list[list[str]] = []
        while len(self._met) < people:
            rows.append(self._row(len(rows) + 1))
        return rows

    def _row(self, number: int) -> list[str]:
        luck = self._luck.random()
        if luck < _DUPLICATES and self._met:
            name, area, local, city = self._pick(self._met)
            phone = self._spelled(area, local)
        else:
            name, area, local, city = self._person(number)
            if luck > 1 - _INVALID:
                phone = self._pick(_BROKEN)
            else:
                self._met.append((name, area, local, city))
                phone = self._spelled(area, local)
        return [
            f"{number:06d}",
            self._worn(name),
            phone,
            self._worn(city),
            f"BF{self._number(90_000) + 10_000}",
            f"{self._number(28) + 1:02d}/{self._number(12) + 1:02d}/202{self._number(6)}",
            self._pick(_NOTES),
        ]

    def _person(self, number: int) -> tuple[str, str, str, str]:
        area, city = self._pick(_CITIES)
        if self._luck.random() < _OLD and number < 10_000:
            local = f"9999{number:04d}"  # eight digits: written down before 2012
        else:
            # 7919 shares no factor with ten million, so no number comes twice below that many rows.
            local = f"90{number * 7_919 % 10_000_000:07d}"
        return f"{self._pick(_FIRST)} {self._pick(_LAST)}", area, local, city

    def _spelled(self, area: str, local: str) -> str:
        left, right = local[:-4], local[-4:]
        return self._pick(
            (
                f"({area}) {left}-{right}",
                f"({area}) {left}-{right}",
                f"+55 ({area}) {left}-{right}",
                f"+55 {area} {left} {right}",
                f"{area}{local}",
                f"55{area}{local}",
                f"+55{area}{local}",
                f"0{area} {left}-{right}",
                f"0055 {area} {left}-{right}",
                f" {area} {left}.{right}  ",
                f"{area}\u00a0{left}-{right}",
            )
        )

    def _worn(self, text: str) -> str:
        luck = self._luck.random()
        if luck < 0.08:
            return text.upper()
        if luck < 0.12:
            return text.lower()
        if luck < 0.15:
            return f"  {text} "
        return "" if luck > 0.99 else text

    def _pick(self, options: Sequence[T]) -> T:
        return options[self._number(len(options))]

    def _number(self, below: int) -> int:
        return int(self._luck.random() * below)
