"""A browser at the API: keeps its cookies, says which page asks, and sends the session's token along."""

from dataclasses import replace
from typing import Any, cast

from multidict import CIMultiDictProxy

from clarion.domain.access import Role
from clarion.services.access import invitations
from tests.support.api import Answer, Api

PROBLEM = "urn:clarion:problem:"
PASSWORD = "four random words together"


class Browser:
    """Signed in by `sign_in`, or by whatever else begins a session."""

    def __init__(self, api: Api, *, address: str = "") -> None:
        self.api = api
        self.cookies: dict[str, str] = {}
        self.csrf = ""
        self.page = api.url.removesuffix("/api/v1")
        self.address = address

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request as a page of ours makes it. `headers` by name with _ for -; "" leaves one out."""
        given = {
            "Origin": self.page,
            "X-CSRF-Token": self.csrf,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "X-Forwarded-For": self.address,
        }
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {name: value for name, value in given.items() if value}
        answer = await self.api.ask(method, path, body, key="", headers=sent)
        for cookie in cast(CIMultiDictProxy[str], answer.headers).getall("Set-Cookie", []):
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0].strip('"')
        if isinstance(answer.data, dict) and answer.data.get("csrf_token"):
            self.csrf = answer.data["csrf_token"]
        return answer

    async def get(self, path: str) -> Answer:
        return await self.ask("GET", path)

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return await self.ask("POST", path, body, **headers)

    async def sign_in(self, email: str, password: str = PASSWORD, code: str = "") -> Answer:
        return await self.post("/session", {"email": email, "password": password, "code": code})


def change_access(api: Api, **parts: Any) -> None:
    """Give the running API other parts for signing in."""
    api.backend = replace(api.backend, access=replace(api.backend.access, **parts))
    api.app.state.backend = api.backend


async def a_user(api: Api, email: str, role: Role = Role.OWNER, *, workspace: int = 1) -> int:
    """A user whose password is PASSWORD; their id."""
    hashed = await api.backend.access.hasher.hash(PASSWORD)
    made = await invitations.invite(api.db, email, role, workspace=workspace, name="T", password=hashed)
    return made.user_id


async def signed_in(api: Api, email: str, role: Role = Role.OWNER, *, workspace: int = 1) -> Browser:
    """A new user's browser."""
    await a_user(api, email, role, workspace=workspace)
    browser = Browser(api)
    assert (await browser.sign_in(email)).status == 201
    return browser
