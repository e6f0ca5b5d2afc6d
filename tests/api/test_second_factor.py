"""The second factor: asked for once it is proven, each code once, and a way back when the phone is lost."""

import time
from typing import Any

import pyotp

from clarion.services.access.accounts import make_link_for
from clarion.services.secrets import SecretBox, generate_key, rotate_keys
from tests.support.api import Api
from tests.support.browser import PASSWORD, PROBLEM, Browser, change_access, signed_in

EMAIL = "ana@example.org"


async def _switched_on(browser: Browser) -> tuple[pyotp.TOTP, list[str]]:
    begun = (await browser.post("/session/totp", {"password": PASSWORD})).data
    assert begun["uri"].startswith("otpauth://totp/Clarion:ana%40example.org?secret=" + begun["secret"])
    app = pyotp.TOTP(begun["secret"])
    confirmed = await browser.post("/session/totp/confirmation", {"code": app.now()})
    assert confirmed.status == 200, confirmed
    codes: list[str] = confirmed.data["codes"]
    return app, codes


def _next(app: pyotp.TOTP) -> str:
    # The one of now was taken when it was switched on; a phone's clock may be half a minute ahead.
    return app.at(int(time.time()) + 30)


async def test_signing_in_asks_for_a_code_and_takes_each_once(api: Api) -> None:
    browser = await signed_in(api, EMAIL)
    app, codes = await _switched_on(browser)
    assert len(set(codes)) == 10
    bare = await Browser(api).sign_in(EMAIL)
    assert (bare.status, bare.data["type"]) == (401, PROBLEM + "code-needed")
    wrong_password = await Browser(api).sign_in(EMAIL, "not the password")
    assert wrong_password.data["type"] == PROBLEM + "sign-in-refused"
    code = _next(app)
    assert (await Browser(api).sign_in(EMAIL, code=f"{code[:3]} {code[3:]}")).status == 201
    again = await Browser(api).sign_in(EMAIL, code=code)
    assert (again.status, again.data["type"]) == (401, PROBLEM + "sign-in-refused")
    assert (await Browser(api).sign_in(EMAIL, code=codes[3].upper())).status == 201
    assert (await Browser(api).sign_in(EMAIL, code=codes[3])).status == 401
    assert (await Browser(api).sign_in(EMAIL, code="000000")).status == 401


async def test_codes_cannot_be_guessed(api: Api) -> None:
    browser = await signed_in(api, EMAIL)
    app, _ = await _switched_on(browser)
    answers = [(await Browser(api).sign_in(EMAIL, code="12345")).status for _ in range(6)]
    assert answers == [401] * 5 + [429]
    assert (await Browser(api).sign_in(EMAIL, code=_next(app))).status == 429
    assert (await browser.sign_in(EMAIL, code=_next(app))).status == 201  # the browser it was used in before


async def test_it_is_switched_off_with_the_password_only(api: Api) -> None:
    browser = await signed_in(api, EMAIL)
    await _switched_on(browser)
    assert (await browser.post("/session/totp", {"password": PASSWORD})).status == 409
    assert (await browser.get("/session")).data["user"]["second_factor"] is True
    refused = await browser.post("/session/totp/removal", {"password": "wrong"})
    assert refused.data["type"] == PROBLEM + "wrong-password"
    assert (await browser.post("/session/totp/removal", {"password": PASSWORD})).status == 204
    assert (await Browser(api).sign_in(EMAIL)).status == 201
    late = await browser.post("/session/totp/confirmation", {"code": "123456"})
    assert (late.status, late.data["type"]) == (409, PROBLEM + "second-factor-state")


async def test_a_link_for_a_new_password_does_not_get_around_it(api: Api) -> None:
    browser = await signed_in(api, EMAIL)
    app, _ = await _switched_on(browser)
    _, path, _ = await make_link_for(api.db, EMAIL)
    body: dict[str, Any] = {"token": path.partition("token=")[2], "password": "quite another password"}
    asked = await Browser(api).post("/password/reset", body)
    assert (asked.status, asked.data["type"]) == (401, PROBLEM + "code-needed")
    assert (await Browser(api).post("/password/reset", body | {"code": "000000"})).status == 401
    assert (await Browser(api).post("/password/reset", body | {"code": _next(app)})).status == 201
    _, path, _ = await make_link_for(api.db, EMAIL, forget_second_factor=True)
    body["token"] = path.partition("token=")[2]
    assert (await Browser(api).post("/password/reset", body)).status == 201


async def test_its_secret_is_stored_encrypted_and_moves_to_a_new_key(api: Api) -> None:
    browser = await signed_in(api, EMAIL)
    app, codes = await _switched_on(browser)
    async with api.db.reading() as tx:
        row = await tx.first("SELECT totp, recovery FROM users")
    assert row is not None
    assert app.secret not in row.totp
    assert codes[0] not in str(row.recovery)
    old = (api.settings.data_dir / "secret.key").read_text().strip()
    both = SecretBox.from_setting(f"{generate_key('z')},{old}")
    assert await rotate_keys(api.db, both) == 1
    change_access(api, box=both)
    assert (await Browser(api).sign_in(EMAIL, code=_next(app))).status == 201
