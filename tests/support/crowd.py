"""Any number of people who wait in one journey, written set-based, and their answers as signed webhooks."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from typing import Any

from clarion.domain.journey.graph import read_graph
from clarion.store import dialect
from clarion.store.db import Database

SECRET = "sim-app-secret"
NUMBER = "100000000000001"
_PEOPLE = dialect.Rows({"address": "text", "person": "text"})


def phone(n: int) -> str:
    """The n-th person of the crowd, from 0: the digits of a number."""
    return f"4477{n:08d}"


async def gather(db: Database, graph: Mapping[str, Any], people: int, *, node: str, sender: int) -> int:
    """Publish the journey and put `people` at `node`, whose visit is 2, with a timer far away; the run's id."""
    parsed = read_graph(graph)
    await _contacts(db, people)
    async with db.transaction() as tx:
        graph_ = dialect.json_of(tx.name, ":graph")
        text = json.dumps(parsed.to_json())
        journey = await tx.scalar(
            f"INSERT INTO journeys (workspace_id, name, draft) VALUES (1, :name, {graph_}) RETURNING id",
            {"name": parsed.name, "graph": text},
        )
        version = await tx.scalar(
            f"INSERT INTO journey_versions (journey_id, number, graph) VALUES (:j, 1, {graph_}) RETURNING id",
            {"j": journey, "graph": text},
        )
        await tx.run(
            "UPDATE journeys SET version_id = :v, sender_id = :s WHERE id = :j",
            {"v": version, "s": sender, "j": journey},
        )
        run = await tx.scalar(
            "INSERT INTO runs (workspace_id, journey_id, version_id, kind, expanded, created_at) "
            "VALUES (1, :j, :v, 'audience', true, 1) RETURNING id",
            {"j": journey, "v": version},
        )
        now = await tx.now()
        await tx.run(
            "INSERT INTO positions (workspace_id, run_id, journey_id, version_id, contact_id, person, entry, node, "
            "visit, sender_id, listens, entered_at, moved_at) "
            "SELECT 1, cast(:r AS bigint), cast(:j AS bigint), cast(:v AS bigint), c.id, c.person, 'once', :node, 2, "
            "cast(:s AS bigint), true, cast(:now AS bigint), cast(:now AS bigint) FROM contacts c ORDER BY c.id",
            {"r": run, "j": journey, "v": version, "node": node, "s": sender, "now": now},
        )
        await tx.run(
            "INSERT INTO timers (position_id, run_id, visit, due_at) "
            "SELECT id, run_id, visit, cast(:at AS bigint) + id FROM positions",
            {"at": now + 30 * 86_400_000_000},
        )
        for where, way in ((parsed.start, "enter"), (node, "in")):
            await tx.run(
                "INSERT INTO node_counts (run_id, node, way, n) VALUES (:r, :node, :way, :n)",
                {"r": run, "node": where, "way": way, "n": people},
            )
    return int(run)


async def _contacts(db: Database, people: int) -> None:
    for first in range(0, people, 20_000):
        rows = [[f"+{phone(n)}", phone(n)] for n in range(first, min(people, first + 20_000))]
        async with db.transaction() as tx:
            await tx.run(
                "INSERT INTO contacts (workspace_id, address, person, attributes) "
                f"SELECT 1, v.address, v.person, '{{}}' FROM {_PEOPLE.sql(tx.name)} WHERE true ON CONFLICT DO NOTHING",
                _PEOPLE.params(tx.name, rows),
            )


def webhook(answers: Iterable[tuple[str, int, str]]) -> tuple[bytes, dict[str, str]]:
    """A webhook with these [message id, person, text], as WhatsApp signs it: body and headers."""
    messages = [
        {
            "from": phone(n),
            "id": ident,
            "timestamp": str(int(time.time())),
            "type": "text",
            "text": {"body": text},
        }
        for ident, n, text in answers
    ]
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "15550001111", "phone_number_id": NUMBER},
        "messages": messages,
    }
    body = json.dumps(
        {
            "object": "whatsapp_business_account",
            "entry": [{"id": "200000000000001", "changes": [{"field": "messages", "value": value}]}],
        }
    ).encode()
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return body, {"X-Hub-Signature-256": f"sha256={signature}", "Content-Type": "application/json"}
