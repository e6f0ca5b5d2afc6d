"""Campaigns made over the API, with people and senders written straight into the tables."""

from typing import Any

from clarion.services.campaigns import expand_campaign
from clarion.services.senders import add_sender
from tests.support.api import Api
from tests.support.people import BOX, a_list, named

TEXT = {"type": "text", "body": "Hi {{ name }}"}


async def a_sender(api: Api, *, workspace: int = 1, name: str = "main") -> str:
    ident = await add_sender(
        api.db,
        BOX,
        workspace=workspace,
        name=name,
        provider="twilio",
        account="AC00000000000000000000000000000001",
        config={"from": "+15005550006", "channel": "sms"},
        secrets={"auth_token": "t"},
        rate=60,
    )
    return f"snd_{ident}"


async def draft(api: Api, people: list[dict[str, Any]], **values: Any) -> Any:
    """A campaign to a list of `people`, not launched."""
    given = {
        "name": "greet",
        "sender_id": await a_sender(api),
        "lists": [f"lst_{await a_list(api.db, 'all', people)}"],
        "content": TEXT,
        **values,
    }
    return await api.made("/campaigns", given)


async def running(api: Api, people: int, **values: Any) -> str:
    """The id of a launched campaign whose messages are all written."""
    made = await draft(api, named(*(f"P{n}" for n in range(1, people + 1))), **values)
    await api.made(f"/campaigns/{made['id']}/launch")
    while await expand_campaign(api.db, api.waker, number(made["id"])):
        pass
    return str(made["id"])


def number(ident: str) -> int:
    return int(ident.split("_")[1])
