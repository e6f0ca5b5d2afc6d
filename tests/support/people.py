"""Workspaces with people, lists, senders and campaigns, written straight into the tables."""

import json
from collections.abc import Sequence
from typing import Any

from clarion.services.campaigns import create_campaign
from clarion.services.secrets import SecretBox
from clarion.services.senders import add_sender
from clarion.store import dialect
from clarion.store.db import Database

BOX = SecretBox({"k1": b"0" * 32})

_ROWS = dialect.Rows({"n": "int", "address": "text", "person": "text", "attributes": "json"})


class Woken:
    """A Waker that remembers what it was told."""

    def __init__(self) -> None:
        self.lanes: list[str] = []

    def wake(self, lane: str) -> None:
        self.lanes.append(lane)


async def a_sender(db: Database, *, name: str = "main", rate: float = 60) -> int:
    """A WhatsApp sender."""
    return await add_sender(
        db,
        BOX,
        workspace=1,
        name=name,
        provider="whatsapp",
        account="106540352242922",
        config={"waba_id": "102290129340398"},
        secrets={"token": "EAAB", "app_secret": "s3", "verify_token": "v"},
        rate=rate,
    )


async def a_list(db: Database, name: str, people: Sequence[dict[str, Any]], *, first: int = 1) -> int:
    """A list whose n-th person (from `first` on) has the number +55419 and eight digits of n; lines from 2."""
    rows = [
        [n, f"+55419{n:08d}", f"55419{n:08d}", json.dumps(attributes)]
        for n, attributes in enumerate(people, start=first)
    ]
    async with db.transaction() as tx:
        list_id = await tx.scalar(
            "INSERT INTO lists (workspace_id, name) VALUES (1, :name) RETURNING id", {"name": name}
        )
        import_id = await tx.scalar(
            "INSERT INTO imports (workspace_id, list_id, file, name) VALUES (1, :l, '/x.csv', :f) RETURNING id",
            {"l": list_id, "f": f"{name}.csv"},
        )
        values = _ROWS.params(tx.name, rows)
        await tx.run(
            "INSERT INTO contacts (workspace_id, address, person, attributes) "
            f"SELECT 1, v.address, v.person, v.attributes FROM {_ROWS.sql(tx.name)} WHERE true "
            "ON CONFLICT (workspace_id, person) DO NOTHING",
            values,
        )
        await tx.run(
            "INSERT INTO list_members (list_id, contact_id, import_id, line) "
            f"SELECT :list, c.id, :import, v.n - :first + 2 FROM {_ROWS.sql(tx.name)} "
            "JOIN contacts c ON c.workspace_id = 1 AND c.person = v.person ORDER BY v.n",
            {**values, "list": list_id, "import": import_id, "first": first},
        )
    return int(list_id)


async def a_campaign(db: Database, lists: Sequence[str | int], **values: Any) -> int:
    """A draft that greets everybody by name."""
    given = {
        "name": "greet",
        "sender": "main",
        "content": {"type": "text", "body": "Hi {{ name }}"},
        **values,
    }
    return await create_campaign(db, lists=lists, **given)


def named(*names: str) -> list[dict[str, Any]]:
    """People with a name each."""
    return [{"name": name} for name in names]
