"""`clarion contacts`: people one by one."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from clarion.bootstrap import Installation
from clarion.cli.base import BadOption, Json, group, moment, say, show, table, with_database
from clarion.domain.mapping import parse_mapping
from clarion.services import contacts
from clarion.services.contacts import Contact

app = group("Look people up, add them, and keep their wish not to be written to.")

Phone = Annotated[str, typer.Argument(metavar="PHONE", help="A phone number in any spelling.")]
Country = Annotated[str, typer.Option(help="Country of numbers without + and country code, such as BR.")]


@app.command("list")
def list_some(
    ctx: typer.Context,
    on: Annotated[str, typer.Option("--list", help="Only the people on this list.")] = "",
    find: Annotated[str, typer.Option(help="Only numbers that contain these digits.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    after: Annotated[int, typer.Option(min=0, help="Go on after this place.")] = 0,
    json: Json = False,
) -> None:
    """People, page by page."""

    async def work(installed: Installation) -> list[Contact]:
        return await contacts.list_contacts(
            installed.db, workspace=installed.workspace, list_name=on, digits=find, after=after, limit=limit
        )

    found = with_database(ctx, work)
    show(
        [_told(each) for each in found],
        lambda: table(
            ("phone", "opted out", "attributes"),
            [(c.address, c.opted_out, _attributes(c)) for c in found],
            empty="Nobody.",
        ),
    )
    if len(found) == limit:
        say(f"There may be more: --after {found[-1].place}")


@app.command("show")
def show_one(ctx: typer.Context, phone: Phone, country: Country = "", json: Json = False) -> None:
    """One person: attributes, lists, opt-out."""

    async def work(installed: Installation) -> tuple[Contact, list[str]]:
        contact = await contacts.find_contact(
            installed.db, phone, workspace=installed.workspace, country=country
        )
        return contact, await contacts.lists_of(installed.db, contact.id)

    contact, names = with_database(ctx, work)
    show({**_told(contact), "lists": names}, lambda: _lines(contact, names))


@app.command()
def add(
    ctx: typer.Context,
    phone: Phone,
    attributes: Annotated[
        str,
        typer.Option("--set", metavar="NAME=VALUE,...", help="Attributes, such as name=Ana,city=Curitiba."),
    ] = "",
    to_list: Annotated[list[str] | None, typer.Option("--list", help="Put on this list; repeatable.")] = None,
    country: Country = "",
    json: Json = False,
) -> None:
    """Add a person, or add attributes to one that is there."""

    async def work(installed: Installation) -> Contact:
        return await contacts.add_contact(
            installed.db,
            phone,
            parse_mapping(attributes),
            workspace=installed.workspace,
            country=country,
            list_names=to_list or (),
        )

    contact = with_database(ctx, work)
    show(_told(contact), lambda: f"{contact.address}: {_attributes(contact) or 'no attributes'}")


@app.command("opt-out")
def opt_out(ctx: typer.Context, phone: Phone, country: Country = "", json: Json = False) -> None:
    """Never write to this person again, whatever is waiting for them."""

    async def work(installed: Installation) -> str:
        return await contacts.opt_out(installed.db, phone, workspace=installed.workspace, country=country)

    person = with_database(ctx, work)
    show({"person": person, "opted_out": True}, lambda: f"+{person} will not be written to any more.")


@app.command("opt-in")
def opt_in(ctx: typer.Context, phone: Phone, country: Country = "", json: Json = False) -> None:
    """The person asked to hear from us again."""

    async def work(installed: Installation) -> bool:
        return await contacts.opt_in(installed.db, phone, workspace=installed.workspace, country=country)

    lifted = with_database(ctx, work)
    show(
        {"lifted": lifted, "opted_out": False},
        lambda: "May be written to again." if lifted else "Was not opted out: nothing changed.",
    )


@app.command()
def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write; - for standard output.")],
    on: Annotated[str, typer.Option("--list", help="Only the people on this list.")] = "",
    json: Json = False,
) -> None:
    """Write people and attributes as a CSV file that can be imported again unchanged."""

    async def work(installed: Installation) -> int:
        if str(file) == "-":
            return await contacts.export_contacts(
                installed.db, sys.stdout, workspace=installed.workspace, list_name=on
            )
        with create(file) as out:
            return await contacts.export_contacts(
                installed.db, out, workspace=installed.workspace, list_name=on
            )

    written = with_database(ctx, work)
    if str(file) != "-":
        show({"file": file, "contacts": written}, lambda: f"{written:,} contacts written to {file}.")


def create(path: Path) -> Any:
    """A new CSV file, UTF-8 with the mark that Excel needs to see. Raises BadOption if it exists."""
    try:
        return path.open("x", encoding="utf-8-sig", newline="")
    except FileExistsError:
        raise BadOption(f"{path} exists already: choose another name.") from None
    except OSError as error:
        raise BadOption(f"{path} cannot be written: {error.strerror}.") from None


def _told(contact: Contact) -> dict[str, Any]:
    times = {"created_at": moment(contact.created_at), "updated_at": moment(contact.updated_at)}
    return {**asdict(contact), **times}


def _attributes(contact: Contact) -> str:
    return ", ".join(f"{name}={value}" for name, value in contact.attributes.items())


def _lines(contact: Contact, names: Sequence[str]) -> str:
    values = {
        "phone": contact.address,
        "opted out": "yes" if contact.opted_out else "no",
        "lists": ", ".join(names) or "none",
        "added": moment(contact.created_at),
        "changed": moment(contact.updated_at),
        **contact.attributes,
    }
    return "\n".join(f"{name:<10} {value}" for name, value in values.items())
