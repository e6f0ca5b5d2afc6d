"""Senders, and what keeps their credentials."""

import stat
from pathlib import Path

import pytest

from clarion.domain.errors import AlreadyExists, BadSender, KeyMissing, KeyWrong, NotFound
from clarion.services.secrets import (
    SecretBox,
    check_keys,
    generate_key,
    load_or_create_key,
    open_box,
    rotate_keys,
)
from clarion.services.senders import (
    add_sender,
    get_sender,
    list_senders,
    load_account,
    pause_sender,
    resume_sender,
    set_rate,
    set_secrets,
)
from clarion.store.db import Database
from tests.support.people import BOX, Woken, a_sender


async def test_credentials_come_back_as_given_and_are_not_readable_in_the_database(db: Database) -> None:
    sender_id = await a_sender(db)
    account = await load_account(db, BOX, sender_id)
    assert account.account == "106540352242922"
    assert account.config == {"waba_id": "102290129340398"}
    assert account.secrets == {"token": "EAAB", "app_secret": "s3", "verify_token": "v"}
    assert "EAAB" not in repr(account)
    async with db.reading() as tx:
        row = await tx.first("SELECT * FROM senders")
    assert row is not None
    assert "EAAB" not in repr(tuple(row))
    await set_secrets(db, BOX, sender_id, {"token": "NEW"})
    assert (await load_account(db, BOX, sender_id)).secrets["token"] == "NEW"
    assert (await load_account(db, BOX, sender_id)).secrets["app_secret"] == "s3"


async def test_credentials_moved_to_another_sender_do_not_open(db: Database) -> None:
    first = await a_sender(db, name="first")
    second = await a_sender(db, name="second")
    async with db.transaction() as tx:
        await tx.run(
            "UPDATE senders SET secrets = (SELECT secrets FROM senders WHERE id = :first) WHERE id = :second",
            {"first": first, "second": second},
        )
    with pytest.raises(KeyWrong, match="does not open the credentials of sender:2"):
        await load_account(db, BOX, second)


async def test_start_up_with_a_missing_or_wrong_key_fails_with_what_to_do(
    db: Database, tmp_path: Path
) -> None:
    await a_sender(db)
    with pytest.raises(
        KeyMissing, match="encrypted with the key 'k1', which was not given: add it to CLARION_"
    ):
        await check_keys(db, SecretBox({"k2": b"2" * 32}))
    with pytest.raises(KeyWrong, match="The key 'k1' does not open the credentials of sender:1"):
        await check_keys(db, SecretBox({"k1": b"2" * 32}))
    with pytest.raises(KeyMissing, match="restore the file"):
        await open_box(db, "", tmp_path / "secret.key")
    assert not (tmp_path / "secret.key").exists()
    assert await check_keys(db, BOX) == 1


async def test_keys_are_replaced_by_rotation(db: Database) -> None:
    sender_id = await a_sender(db)
    both = SecretBox({"k2": b"2" * 32, "k1": b"0" * 32})
    assert await rotate_keys(db, both) == 1
    assert await rotate_keys(db, both) == 0
    new = SecretBox({"k2": b"2" * 32})
    assert (await load_account(db, new, sender_id)).secrets["token"] == "EAAB"
    with pytest.raises(KeyMissing):
        await check_keys(db, BOX)


async def test_the_first_start_makes_a_key_file_for_its_owner_only_and_keeps_it(
    db: Database, tmp_path: Path
) -> None:
    path = tmp_path / "data" / "secret.key"
    box = await open_box(db, "", path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["secret.key"]
    sealed = box.seal("x:1", "text")
    assert (await open_box(db, "", path)).open("x:1", sealed) == "text"
    assert load_or_create_key(path, create=False) == load_or_create_key(path)
    assert (await open_box(db, generate_key("z9"), path)).first == "z9"


@pytest.mark.parametrize(
    ("setting", "refusal", "words"),
    [
        ("", KeyMissing, "No key for the credentials"),
        ("k1", KeyWrong, "must look like"),
        ("k1:short", KeyWrong, "must look like"),
        ("k1:" + "A" * 44, KeyWrong, "must look like"),
        pytest.param(
            f"{generate_key('a')},{generate_key('a')}",
            KeyWrong,
            "Two secret keys are called 'a'",
            id="an id twice",
        ),
    ],
)
def test_a_malformed_key_is_refused(setting: str, refusal: type[Exception], words: str) -> None:
    with pytest.raises(refusal, match=words):
        SecretBox.from_setting(setting)


def test_a_changed_letter_in_what_is_stored_is_noticed() -> None:
    sealed = BOX.seal("x:1", "text")
    for place in (10, -10):
        broken = list(sealed)
        broken[place] = "A" if broken[place] != "A" else "B"
        with pytest.raises(KeyWrong):
            BOX.open("x:1", "".join(broken))
    with pytest.raises(KeyMissing):
        BOX.open("x:1", "rubbish")
    assert BOX.seal("x:1", "text") != sealed


async def test_a_sender_is_refused_for_everything_that_is_wrong_with_it(db: Database) -> None:
    async def add(**values: object) -> int:
        given: dict[str, object] = {
            "name": "s", "provider": "whatsapp", "account": "106540352242922", "rate": 10,
            "config": {"waba_id": "1"}, "secrets": {"token": "t", "app_secret": "a", "verify_token": "v"},
        }  # fmt: skip
        return await add_sender(db, BOX, workspace=1, **{**given, **values})  # type: ignore[arg-type]  # a table of cases

    with pytest.raises(NotFound, match="There is no provider 'pigeon'"):
        await add(provider="pigeon")
    with pytest.raises(BadSender, match="name is missing"):
        await add(name=" ")
    with pytest.raises(BadSender, match="token is missing"):
        await add(secrets={})
    with pytest.raises(BadSender, match=r"rate is 1001/s, but a WhatsApp number carries at most 1000/s"):
        await add(rate=1001)
    for rate in (-1.0, float("nan"), float("inf")):
        with pytest.raises(BadSender, match="must be messages per second"):
            await add(rate=rate)
    await add()
    with pytest.raises(AlreadyExists, match="A sender named 's' exists"):
        await add()
    assert [each.name for each in await list_senders(db)] == ["s"]


@pytest.mark.parametrize(
    ("provider", "config", "rate"),
    [
        ("whatsapp", {"waba_id": "1"}, 80),
        ("twilio", {"from": "+15005550006"}, 1),
        ("twilio", {"from": "+15005550006", "channel": "whatsapp"}, 80),
    ],
)
async def test_a_new_sender_gets_the_rate_every_account_is_allowed(
    db: Database, provider: str, config: dict[str, str], rate: float
) -> None:
    whatsapp = provider == "whatsapp"
    sender_id = await add_sender(
        db,
        BOX,
        workspace=1,
        name="s",
        provider=provider,
        account="106540352242922" if whatsapp else "AC" + "0" * 32,
        config=config,
        secrets={"token": "t", "app_secret": "a", "verify_token": "v"} if whatsapp else {"auth_token": "t"},
    )
    sender = await get_sender(db, sender_id)
    assert (sender.rate, sender.pace) == (rate, rate)


async def test_a_sender_pauses_resumes_and_changes_its_rate(db: Database) -> None:
    sender_id, woken = await a_sender(db), Woken()
    await pause_sender(db, sender_id, "the token was revoked")
    held = await get_sender(db, "main")
    assert (held.state, held.state_reason) == ("paused", "the token was revoked")
    await resume_sender(db, woken, sender_id)
    await set_rate(db, woken, sender_id, 0)
    assert woken.lanes == [f"send:{sender_id}"] * 2
    now = await get_sender(db, sender_id)
    assert (now.state, now.state_reason, now.rate) == ("active", "", 0)
    with pytest.raises(BadSender):
        await set_rate(db, woken, sender_id, 5_000)
    for refused in (
        get_sender(db, "main", workspace=2),
        pause_sender(db, 99, ""),
        set_rate(db, woken, 99, 1),
        load_account(db, BOX, 99),
        set_secrets(db, BOX, 99, {}),
    ):
        with pytest.raises(NotFound, match="There is no sender"):
            await refused
