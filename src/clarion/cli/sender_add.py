"""`clarion sender add|secrets <provider>`: one command per provider, made from its registry entry.

A field `waba_id` becomes `--waba-id`; a secret field `token` becomes `--token-file`, because what stands on
a command line is seen by every user of the machine and kept by the shell.
"""

import inspect
import keyword
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from clarion.bootstrap import Installation
from clarion.cli.base import BadOption, Json, figure, group, named, secret_file, show, with_database
from clarion.providers.kind import Field, ProviderKind
from clarion.providers.registry import PROVIDERS
from clarion.services import senders
from clarion.services.senders import Sender

app = group("Add a sender; its credentials are encrypted at rest.")
secrets_app = group("Replace a sender's credentials, such as a token that ran out.")

_Name = Annotated[str, typer.Option("--name", help="What campaigns call it by.")]
_Rate = Annotated[
    float | None,
    typer.Option(
        "--rate", help="Messages per second, 0 for unlimited; left out, what the provider allows everybody."
    ),
]
_Which = Annotated[str, typer.Argument(metavar="SENDER", help="Its name or id.")]


def _add_command(kind: ProviderKind) -> Callable[..., None]:
    def command(ctx: typer.Context, name: str, rate: float | None, json: bool, **given: Any) -> None:
        config, secrets = _sorted(kind, given)
        place = next(field.name for field in kind.fields if field.place == "account")

        async def work(installed: Installation) -> Sender:
            added = await senders.add_sender(
                installed.db,
                installed.box,
                workspace=installed.workspace,
                name=name,
                provider=kind.name,
                account=config.pop(place, ""),
                config=config,
                secrets=secrets,
                rate=rate,
            )
            return await senders.get_sender(installed.db, added, workspace=installed.workspace)

        sender = with_database(ctx, work)
        pace = f"{figure(sender.rate)} messages per second" if sender.rate else "as fast as it goes"
        show(
            {"id": sender.id, "name": sender.name, "provider": sender.provider, "rate": sender.rate},
            lambda: f"Sender {sender.name} (id {sender.id}, {kind.title}) is added and sends {pace}.",
        )

    own = [_parameter("name", _Name), _parameter("rate", _Rate, None)]
    return _with_options(command, f"Add a sender of {kind.title}.", own, kind.fields)


def _secrets_command(kind: ProviderKind) -> Callable[..., None]:
    def command(ctx: typer.Context, which: str, json: bool, **given: Any) -> None:
        _, secrets = _sorted(kind, given)
        if not secrets:
            raise BadOption("Give at least one file with a new secret, such as --token-file.")

        async def work(installed: Installation) -> Sender:
            sender = await senders.get_sender(installed.db, named(which), workspace=installed.workspace)
            if sender.provider != kind.name:
                raise BadOption(f"Sender {sender.name} is of {sender.provider}, not of {kind.name}.")
            await senders.set_secrets(installed.db, installed.box, sender.id, secrets)
            return sender

        sender = with_database(ctx, work)
        show(
            {"id": sender.id, "name": sender.name, "replaced": sorted(secrets)},
            lambda: f"Replaced {', '.join(sorted(secrets))} of sender {sender.name}.",
        )

    fields = tuple(field for field in kind.fields if field.place == "secret")
    return _with_options(
        command, f"Replace credentials of a {kind.title} sender.", [_parameter("which", _Which)], fields
    )


def _with_options(
    command: Callable[..., None], about: str, own: list[inspect.Parameter], fields: tuple[Field, ...]
) -> Callable[..., None]:
    parameters = [
        _parameter("ctx", typer.Context),
        *own,
        *map(_option, fields),
        _parameter("json", Json, False),
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what Typer reads
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = about
    return command


def _parameter(name: str, kind: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default)


def _option(field: Field) -> inspect.Parameter:
    words = field.name.replace("_", "-")
    text = f"{field.help}{' (required)' if field.required else ''}"
    if field.place == "secret":
        option = typer.Option(f"--{words}-file", help=f"File with {text}.", dir_okay=False)
        return _parameter(_python(field.name), Annotated[Path | None, option], None)
    option = typer.Option(f"--{words}", help=f"{text[0].upper()}{text[1:]}.")
    return _parameter(_python(field.name), Annotated[str | None, option], None)


def _python(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name


def _sorted(kind: ProviderKind, given: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """The plain values and the secrets (read from their files) by field name."""
    config: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for field in kind.fields:
        value = given.get(_python(field.name))
        if value is None:
            continue
        if field.place == "secret":
            secrets[field.name] = secret_file(value, f"--{field.name.replace('_', '-')}-file")
        else:
            config[field.name] = value
    return config, secrets


for _kind in PROVIDERS.values():
    app.command(_kind.name)(_add_command(_kind))
    secrets_app.command(_kind.name)(_secrets_command(_kind))
