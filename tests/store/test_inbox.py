"""What stored events come to, on both databases."""

import json

import pytest

from clarion.providers.registry import PROVIDERS
from clarion.services.receiving.digest import Digest
from clarion.store import inbox
from clarion.store.db import Database
from tests.support.people import Woken
from tests.support.world import make_world


def said(sender: int, word: str) -> inbox.Arrival:
    """A reply as Twilio sends it, with its own word on whether it is an opt-out."""
    form = {"MessageSid": f"SM{word}", "From": "+447700900001", "To": "+15005550006", "Body": word}
    body = json.dumps({"form": {**form, "AccountSid": "AC1", "OptOutType": word}})
    return inbox.Arrival("twilio", "AC1", "reply", f"reply:{word}", body, (sender,))


@pytest.mark.parametrize(("words", "stopped"), [(("STOP", "START"), 0), (("START", "STOP"), 1)])
async def test_of_stop_and_start_in_one_batch_the_later_word_counts(
    db: Database, words: tuple[str, str], stopped: int
) -> None:
    world = await make_world(db, people=1)
    for word in words:
        async with db.transaction() as tx:
            await inbox.add(tx, [said(world.sender, word)])
    assert await Digest(db, PROVIDERS, Woken(), replies=True).work() is None
    async with db.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM replies") == 2
        assert await tx.scalar("SELECT count(*) FROM suppressions") == stopped
