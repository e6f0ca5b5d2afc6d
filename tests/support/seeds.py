"""One of everything in a workspace, for tests that walk over the whole API."""

import json
from typing import Any

import sqlalchemy as sa

from clarion.api.fields import PREFIXES
from clarion.domain.access import Permission
from clarion.services.access.keys import make_key
from clarion.services.campaigns import create_campaign
from clarion.services.journeys.journeys import publish_journey, save_journey
from clarion.services.secrets import SecretBox
from clarion.services.senders import add_sender
from clarion.store.db import Database, Tx
from clarion.store.tables import metadata

TEXT = {"type": "text", "body": "Hello {{ name }}"}


async def seed(db: Database, box: SecretBox, workspace: int, mark: str) -> dict[str, int]:
    """Fill the workspace; the id of one thing of each kind, by its prefix (`cmp`).

    `mark` stands in every name and text, so that a leak can be seen.
    """
    sender = await add_sender(
        db,
        box,
        workspace=workspace,
        name=f"{mark} sender",
        provider="whatsapp",
        account=f"1000000000000{workspace:02}",
        config={"waba_id": "200000000000001"},
        secrets={"token": f"{mark}-token", "app_secret": "s", "verify_token": "v"},
        rate=10,
    )
    ids = {"wsp": workspace, "snd": sender}
    async with db.transaction() as tx:
        ids |= await _people(tx, workspace, mark)
        ids["tpl"] = await _insert(
            tx,
            "templates",
            workspace_id=workspace,
            provider="whatsapp",
            account="200000000000001",
            provider_id=f"{mark}-1",
            name=f"{mark.lower()}_hello",
            language="en_US",
            category="UTILITY",
            status="APPROVED",
            text=f"Hello {mark}",
            content={"components": [{"type": "BODY", "text": f"Hello {mark}"}]},
            synced_at=1_000_000,
        )
    ids["cmp"] = await create_campaign(
        db, workspace=workspace, name=f"{mark} draft", sender=sender, lists=[ids["lst"]], content=TEXT
    )
    graph = {
        "format": "clarion.journey/1",
        "name": f"{mark} journey",
        "sender": f"{mark} sender",
        "nodes": [
            {"id": "start", "kind": "audience", "lists": [f"{mark} list"], "api": True},
            {"id": "wait", "kind": "delay", "for": "1d"},
            {"id": "end", "kind": "end", "outcome": "done"},
        ],
        "edges": [
            {"from": "start", "to": "wait"},
            {"from": "wait", "to": "end"},
        ],
    }
    journey = await save_journey(db, json.dumps(graph), workspace=workspace)
    await publish_journey(db, journey.name, workspace=workspace)
    async with db.transaction() as tx:
        ids |= await _sent(tx, workspace, mark, ids)
        ids |= await _heard(tx, workspace, mark, ids)
        ids |= await _told(tx, box, workspace, mark)
    made = await make_key(db, workspace=workspace, name=f"{mark} key", scopes=[Permission.CONTACTS_READ])
    ids["key"] = made.id
    missing = set(PREFIXES.values()) - set(ids)
    assert not missing, f"seed() makes no {missing}"
    return ids


async def rows_of(db: Database, workspace: int) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that belongs to a workspace, by table: equal before and after means nothing changed."""
    found = {}
    async with db.reading() as tx:
        for name, table in metadata.tables.items():
            if "workspace_id" in table.c:
                query = sa.select(table).where(table.c.workspace_id == workspace)
                found[name] = sorted(tuple(map(repr, row)) for row in await tx.all(query))
    return found


async def _people(tx: Tx, workspace: int, mark: str) -> dict[str, int]:
    phone = f"4477009{workspace:02}001"
    contact = await _insert(
        tx,
        "contacts",
        workspace_id=workspace,
        address=f"+{phone}",
        person=phone,
        attributes={"name": f"{mark} person"},
        created_at=1_000_000,
        updated_at=1_000_000,
    )
    listed = await _insert(tx, "lists", workspace_id=workspace, name=f"{mark} list", created_at=1_000_000)
    await tx.run(
        "INSERT INTO list_members (list_id, contact_id) VALUES (:list, :contact)",
        {"list": listed, "contact": contact},
    )
    upload = await _insert(
        tx,
        "uploads",
        workspace_id=workspace,
        name=f"{mark}.csv",
        file="/nowhere.csv",
        size=10,
        created_at=1_000_000,
    )
    imported = await _insert(
        tx,
        "imports",
        workspace_id=workspace,
        list_id=listed,
        file="/nowhere.csv",
        name=f"{mark}.csv",
        shape={"kind": "csv", "header": ["phone"], "has_header": True, "encoding": "utf-8", "delimiter": ","},
        status="finished",
        accepted=1,
        created_at=1_000_000,
        finished_at=2_000_000,
    )
    user = await _insert(
        tx, "users", email=f"{mark.lower()}@example.org", name=f"{mark} user", created_at=1_000_000
    )
    await tx.run(
        "INSERT INTO memberships (user_id, workspace_id, role) VALUES (:user, :workspace, 'editor')",
        {"user": user, "workspace": workspace},
    )
    session = await _insert(
        tx,
        "sessions",
        digest=f"{mark} session",
        user_id=user,
        workspace_id=workspace,
        csrf="c",
        created_at=1_000_000,
        expires_at=9_000_000_000_000_000,
    )
    invitation = await _insert(
        tx,
        "links",
        digest=f"{mark} link",
        purpose="invite",
        workspace_id=workspace,
        email=f"new.{mark.lower()}@example.org",
        role="viewer",
        created_at=1_000_000,
        expires_at=9_000_000_000_000_000,
    )
    made = {"con": contact, "lst": listed, "upl": upload, "imp": imported, "usr": user}
    return {**made, "ses": session, "inv": invitation}


async def _sent(tx: Tx, workspace: int, mark: str, ids: dict[str, int]) -> dict[str, int]:
    phone = f"4477009{workspace:02}001"
    message = await _insert(
        tx,
        "messages",
        workspace_id=workspace,
        contact_id=ids["con"],
        sender_id=ids["snd"],
        address=f"+{phone}",
        person=phone,
        content={"type": "text", "body": f"Hello {mark}"},
        status="delivered",
        attempts=1,
        provider_id=f"wamid.{mark}",
        created_at=1_000_000,
        accepted_at=1_000_000,
        sent_at=1_000_000,
        delivered_at=2_000_000,
    )
    journey = await tx.first(
        "SELECT id, version_id FROM journeys WHERE workspace_id = :workspace", {"workspace": workspace}
    )
    assert journey is not None
    run = await _insert(
        tx,
        "runs",
        workspace_id=workspace,
        journey_id=journey.id,
        version_id=journey.version_id,
        name=f"{mark} run",
        kind="audience",
        lists=[ids["lst"]],
        status="running",
        expanded=True,
        created_at=1_000_000,
    )
    position = await _insert(
        tx,
        "positions",
        workspace_id=workspace,
        run_id=run,
        journey_id=journey.id,
        version_id=journey.version_id,
        contact_id=ids["con"],
        person=phone,
        entry="once",
        node="wait",
        visit=2,
        entered_at=1_000_000,
        moved_at=1_000_000,
    )
    await tx.run(
        "INSERT INTO node_counts (run_id, node, way, n) "
        "VALUES (:run, 'start', 'in', 1), (:run, 'start', 'out:next', 1), (:run, 'wait', 'in', 1)",
        {"run": run},
    )
    return {"msg": message, "jrn": journey.id, "run": run, "pos": position}


async def _heard(tx: Tx, workspace: int, mark: str, ids: dict[str, int]) -> dict[str, int]:
    phone = f"4477009{workspace:02}001"
    reply = await _insert(
        tx,
        "replies",
        workspace_id=workspace,
        sender_id=ids["snd"],
        contact_id=ids["con"],
        person=phone,
        provider_id=f"wamid.{mark}.reply",
        kind="text",
        text=f"{mark} answer",
        routed="inbox",
        at=3_000_000,
        received_at=3_000_000,
    )
    conversation = await _insert(
        tx,
        "conversations",
        workspace_id=workspace,
        sender_id=ids["snd"],
        person=phone,
        contact_id=ids["con"],
        state="open",
        unread=1,
        reply_id=reply,
        replied_at=3_000_000,
        moved_at=3_000_000,
    )
    handoff = await _insert(
        tx,
        "handoffs",
        workspace_id=workspace,
        contact_id=ids["con"],
        sender_id=ids["snd"],
        position_id=ids["pos"],
        visit=1,
        note=f"{mark} note",
        state="open",
        opened_at=3_000_000,
    )
    notice = await _insert(
        tx, "notices", workspace_id=workspace, event="test", detail=f"{mark} notice", created_at=3_000_000
    )
    return {"rpl": reply, "cnv": conversation, "hnd": handoff, "ntc": notice}


async def _told(tx: Tx, box: SecretBox, workspace: int, mark: str) -> dict[str, int]:
    webhook = await _insert(
        tx,
        "subscriptions",
        workspace_id=workspace,
        url=f"https://{mark.lower()}.example.org/hook",
        events=["message.delivered"],
        secrets="",
        state="paused",
        created_at=1_000_000,
    )
    sealed = box.seal(f"subscription:{webhook}", json.dumps([["whsec_" + "MDEy" * 8, 0]]))
    await tx.run("UPDATE subscriptions SET secrets = :s WHERE id = :id", {"s": sealed, "id": webhook})
    delivery = await _insert(
        tx,
        "deliveries",
        workspace_id=workspace,
        subscription_id=webhook,
        event="message.delivered",
        body=json.dumps({"type": "message.delivered", "data": {"mark": mark}}),
        state="failed",
        tries=3,
        problem="HTTP 500",
        created_at=1_000_000,
        ended_at=2_000_000,
    )
    entry = await _insert(
        tx,
        "audit",
        workspace_id=workspace,
        seq=1,
        actor="cli",
        action=f"{mark}_action",
        at=1_000_000,
        hash="0",
    )
    await tx.run(
        "INSERT INTO audit_heads (workspace_id, seq, hash) VALUES (:workspace, 1, '0')",
        {"workspace": workspace},
    )
    return {"whk": webhook, "dlv": delivery, "aud": entry}


async def _insert(tx: Tx, table: str, **values: Any) -> int:
    found = metadata.tables[table]
    return int(await tx.scalar(sa.insert(found).returning(found.c.id), values))
