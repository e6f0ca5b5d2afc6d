"""A provider as the rest of the program meets it: what it asks for, and how to make one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from clarion.domain.content import Content
from clarion.domain.definition import Definition
from clarion.domain.errors import BadContent, BadSender
from clarion.providers.base import Provider, SenderAccount, Webhooks
from clarion.providers.transport import Transport


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to give when a sender is added. `place` says where it goes in SenderAccount.

    `signs`: a secret that may have signed a webhook (several during a rotation).
    """

    name: str
    help: str
    place: Literal["account", "config", "secret"]
    required: bool = False
    choices: tuple[str, ...] = ()
    signs: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """One value of the installation (not of a sender): a base URL, an API version."""

    name: str
    default: str
    help: str


def no_further_rules(account: SenderAccount) -> list[str]:
    """For providers whose fields do not depend on each other."""
    return []


def no_window(config: Mapping[str, str]) -> int:
    """For providers that take free text at any time."""
    return 0


def no_definition(content: Mapping[str, Any]) -> Definition:
    """For providers without templates."""
    return Definition(body="")


@dataclass(frozen=True, slots=True)
class ProviderKind:
    """A provider's entry in the registry.

    `open(account, transport, settings, callback)` makes a Provider; `callback` is the public URL of this
    provider's webhooks (`https://host/webhooks/<name>`). `problems(content, config)` is every rule of the
    provider that a rendered content breaks; `rules(account)` says which fields do not fit together.
    `definition(content)` reads the provider's own definition of a template (TemplateInfo.content).
    `webhook_help`: what to do at the provider with the address that it tells us things by.
    `window(config)`: microseconds after a person's message in which free text may be sent to them, 0 = always.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    settings: tuple[Setting, ...]
    webhooks: Webhooks
    open: Callable[[SenderAccount, Transport, Mapping[str, str], str], Provider]
    problems: Callable[[Content, Mapping[str, str]], list[BadContent]]
    rules: Callable[[SenderAccount], list[str]] = no_further_rules
    window: Callable[[Mapping[str, str]], int] = no_window
    definition: Callable[[Mapping[str, Any]], Definition] = no_definition
    webhook_help: str = ""

    def account(self, given: Mapping[str, str]) -> SenderAccount:
        """The SenderAccount these field values make. Raises BadSender naming everything missing or wrong."""
        known = {field.name: field for field in self.fields}
        wrong = [f"{name} is not a field of {self.title}" for name in given if name not in known]
        for field in self.fields:
            value = given.get(field.name, "").strip()
            if field.required and not value:
                wrong.append(f"{field.name} is missing ({field.help})")
            if value and field.choices and value not in field.choices:
                wrong.append(f"{field.name} must be one of {', '.join(field.choices)}")
            if any(not letter.isprintable() for letter in value):
                wrong.append(f"{field.name} holds a line break or another invisible character")
        account = SenderAccount(
            "".join(self._placed("account", given).values()),
            self._placed("config", given),
            self._placed("secret", given),
        )
        wrong = wrong or self.rules(account)
        if wrong:
            raise BadSender(self.title, wrong)
        return account

    def signing_secrets(self, secrets: Mapping[str, str]) -> list[str]:
        """The secrets of a sender that may have signed a webhook."""
        return [secrets[field.name] for field in self.fields if field.signs and secrets.get(field.name)]

    def _placed(self, place: str, given: Mapping[str, str]) -> dict[str, str]:
        names = [field.name for field in self.fields if field.place == place]
        return {name: given[name].strip() for name in names if given.get(name, "").strip()}
