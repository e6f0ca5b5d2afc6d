"""update: change what is known of the person, or of the run."""

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from clarion.domain.journey.effects import UpdateContact
from clarion.domain.journey.events import Arrived, Event
from clarion.domain.journey.nodes.base import (
    Answer,
    Example,
    Ignore,
    Node,
    Scene,
    VariableName,
)
from clarion.domain.journey.texts import LiquidText, Unfilled, filled, read

AttributeName = Annotated[str, Field(pattern=r"^[\w\- ]{1,100}$")]
TagName = Annotated[str, Field(min_length=1, max_length=100)]
ListName = Annotated[str, Field(min_length=1, max_length=200)]

_FIELDS = ("set", "unset", "add_tags", "remove_tags", "add_lists", "remove_lists", "consent", "variables")


class Update(Node):
    """Change the contact's attributes, tags, lists or consent, or set variables of the run.

    All texts are filled in with what was known before. Without an edge `failure`, a text that cannot be filled in
    ends the journey for this person.
    """

    ports = ("next", "failure")
    example: ClassVar[Example] = {
        "id": "remember",
        "kind": "update",
        "set": {"city": "{{ answer }}"},
        "add_tags": ["answered"],
        "variables": {"greeting": 'Hello {{ name | default: "friend" }}'},
    }

    kind: Literal["update"] = "update"
    set: Mapping[AttributeName, LiquidText] = Field(
        default_factory=dict,
        max_length=100,
        description="Attributes of the contact, and their new texts, which may hold variables.",
    )
    unset: tuple[AttributeName, ...] = Field((), max_length=100, description="Attributes to remove.")
    add_tags: tuple[TagName, ...] = Field((), max_length=100, description="Tags to put on.")
    remove_tags: tuple[TagName, ...] = Field((), max_length=100, description="Tags to take off.")
    add_lists: tuple[ListName, ...] = Field((), max_length=100, description="Lists to join, by name.")
    remove_lists: tuple[ListName, ...] = Field((), max_length=100, description="Lists to leave, by name.")
    consent: Literal["", "opt_in", "opt_out"] = Field(
        "", description="The person agreed to hear from us, or does not want to any more."
    )
    variables: Mapping[VariableName, LiquidText] = Field(
        default_factory=dict,
        max_length=100,
        description="Variables of the run, and their new texts, which may hold variables.",
    )

    @model_validator(mode="after")
    def _fits(self) -> "Update":
        if not any(getattr(self, name) for name in _FIELDS):
            raise ValueError(f"changes nothing: give it at least one of {', '.join(_FIELDS)}")
        for one, other in (("set", "unset"), ("add_tags", "remove_tags"), ("add_lists", "remove_lists")):
            if both := sorted({*getattr(self, one)} & {*getattr(self, other)}):
                raise ValueError(f"{both[0]!r} stands in both `{one}` and `{other}`")
        return self

    def hear(self, event: Event, scene: Scene) -> Answer:
        match event:
            case Arrived():
                return self._change(scene)
        return Ignore("nobody stays at an update")

    def _change(self, scene: Scene) -> Answer:
        try:
            attributes = {name: filled(text, scene.variables, name) for name, text in self.set.items()}
            variables = {name: filled(text, scene.variables, name) for name, text in self.variables.items()}
        except Unfilled as problem:
            return scene.leave("failure", otherwise=str(problem))
        update = UpdateContact(
            scene.visit,
            {**attributes, **dict.fromkeys(self.unset)},
            self.add_tags,
            self.remove_tags,
            self.add_lists,
            self.remove_lists,
            self.consent,
        )
        # A variable hides the attribute of its name, so it must not keep what the attribute held before.
        hiding = {
            name: value or "" for name, value in update.attributes.items() if name in scene.position.variables
        }
        effects = (update,) if update != UpdateContact(scene.visit) else ()
        return scene.leave("next", effects=effects, variables={**hiding, **variables})

    @cached_property
    def _needed(self) -> frozenset[str]:
        texts = (*self.set.values(), *self.variables.values())
        return frozenset().union(*(read(text).required for text in texts))

    def reads(self) -> frozenset[str]:
        return self._needed

    def writes(self) -> frozenset[str]:
        return frozenset({*self.set, *self.variables})
