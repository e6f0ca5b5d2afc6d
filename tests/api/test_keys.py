"""API keys: shown once, scoped, and ended at once."""

from tests.support.api import Api


async def test_a_key_is_shown_once_and_works(api: Api) -> None:
    made = await api.made("/keys", {"name": "Web shop", "scopes": ["keys:read"]})
    assert made["secret"].startswith("clr_live_")
    again = await api.get(f"/keys/{made['id']}", key=made["secret"])
    assert again.status == 200
    assert "secret" not in again.data
    assert again.data["scopes"] == ["keys:read"]
    assert again.data["created_at"].endswith("Z")
    listed = await api.get("/keys")
    assert [each["name"] for each in listed.data["items"]] == ["Web shop", "test"]


async def test_R27_a_key_without_the_scope_expired_revoked_or_in_the_address(api: Api) -> None:
    weak = await api.made("/keys", {"name": "weak", "scopes": ["contacts:read"]})
    refused = await api.get("/keys", key=weak["secret"])
    assert (refused.status, refused.data["type"]) == (403, "urn:clarion:problem:not-allowed")
    assert "keys:read" in refused.data["detail"]
    assert (await api.delete(f"/keys/{weak['id']}")).status == 204
    ended = await api.get("/keys", key=weak["secret"])
    assert (ended.status, ended.data["type"]) == (401, "urn:clarion:problem:not-signed-in")
    assert "revoked" in ended.data["detail"]
    in_address = await api.get("/keys", key="", key_=api.key)
    assert in_address.status == 401
    assert in_address.data["type"] == "urn:clarion:problem:key-in-address"
    past = await api.post(
        "/keys", {"name": "x", "scopes": ["keys:read"], "expires_at": "2020-01-01T00:00:00Z"}
    )
    assert past.status == 422
    assert past.data["errors"] == [{"pointer": "#/expires_at", "detail": "it lies in the past"}]


async def test_a_key_may_not_make_a_stronger_one(api: Api) -> None:
    maker = await api.key_with("keys:write")
    refused = await api.post("/keys", {"name": "x", "scopes": ["campaigns:send"]}, key=maker)
    assert refused.status == 403


async def test_a_secret_is_kept_nowhere(api: Api) -> None:
    headers = {"Idempotency-Key": "twice"}
    body = {"name": "x", "scopes": ["keys:read"]}
    first, second = [(await api.made("/keys", body, headers=headers))["secret"] for _ in range(2)]
    assert first != second  # the key of the request is not heeded, for the answer must not be stored
    async with api.db.reading() as tx:
        assert await tx.scalar("SELECT count(*) FROM idempotency") == 0
