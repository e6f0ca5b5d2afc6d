"""A template as one person will see it."""

from collections.abc import Mapping
from dataclasses import dataclass

from clarion.domain import liquid
from clarion.domain.definition import Definition, fill
from clarion.domain.errors import BadField


@dataclass(frozen=True, slots=True)
class SampleButton:
    """A button as it is shown; `target` is where it leads."""

    kind: str
    text: str
    target: str


@dataclass(frozen=True, slots=True)
class Sample:
    """What is shown, part by part. `blank`: variables with nothing in them, which stay as they are written."""

    header: str
    header_media: str
    body: str
    footer: str
    buttons: tuple[SampleButton, ...]
    blank: tuple[str, ...]


def sample(
    definition: Definition,
    variables: tuple[str, ...],
    given: Mapping[str, str],
    attributes: Mapping[str, str] | None,
) -> Sample:
    """The definition with `given` texts in its `variables` (`body.1`).

    The texts may use a contact's `attributes`; a named variable that is not given takes the attribute of that
    name. Without a contact they are taken as they stand. Raises BadField.
    """
    for name in given:
        if name not in variables:
            listed = ", ".join(variables) or "none"
            raise BadField(f"variables/{name[:60]}", f"is no variable of this template: there are {listed}")
    values = dict(given)
    if attributes is not None:
        own = {name: attributes.get(name.partition(".")[2], "") for name in variables}
        values = {**own, **{name: _filled(name, text, attributes) for name, text in given.items()}}
    buttons = tuple(
        SampleButton(
            each.kind,
            each.text,
            fill_button(each.url or each.phone, n, values) or values.get(f"button.{n}", ""),
        )
        for n, each in enumerate(definition.buttons)
    )
    return Sample(
        header=fill(definition.header, "header", values),
        header_media=definition.header_media,
        body=fill(definition.body, "body", values),
        footer=definition.footer,
        buttons=buttons,
        blank=tuple(name for name in variables if not values.get(name, "").strip()),
    )


def fill_button(address: str, index: int, values: Mapping[str, str]) -> str:
    """A button's address with its one variable filled in."""
    value = values.get(f"button.{index}", "")
    start, end = address.find("{{"), address.rfind("}}")
    return f"{address[:start]}{value}{address[end + 2 :]}" if value and 0 <= start < end else address


def _filled(name: str, text: str, attributes: Mapping[str, str]) -> str:
    leaf = liquid.compile_text(text, f"variables/{name}")
    return text if leaf.fill is None else leaf.fill(attributes)
