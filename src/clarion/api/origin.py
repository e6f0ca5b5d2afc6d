"""Where a request comes from: the client's address, and the site whose page made it."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from starlette.requests import Request

from clarion.domain.errors import ClarionError

Network = IPv4Network | IPv6Network

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class ForgedRequest(ClarionError):
    """A browser's request that a page of another site may have made, or without the session's X-CSRF-Token."""


class NeedsHttps(ClarionError):
    """People cannot sign in over plain http, where everybody on the way reads along."""

    def __init__(self, public_url: str) -> None:
        super().__init__(
            f"Clarion is reached at {public_url}, and a browser keeps a session only over https: put it behind "
            "https and set CLARION_HTTP__PUBLIC_URL to that address. API keys work meanwhile."
        )


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Networks and single addresses. Raises ValueError."""
    return tuple(ip_network(each, strict=False) for each in texts)


def address_of(request: Request, trusted: Sequence[Network]) -> str:
    """The client's address: the peer's, or what trusted proxies say of theirs.

    In X-Forwarded-For each proxy adds, at the right, who connected to it. So the first from the right that is no
    proxy of ours is the client; what stands left of it anybody may have written.
    """
    found = request.client.host if request.client else ""
    told = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    for each in reversed([part.strip() for part in told if part.strip()]):
        if not _within(found, trusted) or not _is_address(each):
            break
        found = each
    return found


def need_own_site(request: Request, public_url: str, *, browser: bool) -> None:
    """Raises ForgedRequest when a page of another site made the request.

    `browser`: it carries a browser's cookie, so it must say where it comes from; a program need not.
    """
    origins = request.headers.getlist("origin")
    site = request.headers.get("sec-fetch-site", "")
    if site and site not in ("same-origin", "none"):
        raise ForgedRequest("A page of another site made this request: it is not done.")
    if origins:
        own = {_origin(public_url), f"http://{_host(request)}", f"https://{_host(request)}"}
        if not all(each.lower() in own for each in origins):
            raise ForgedRequest(
                "The header Origin names another site than ours: it is not done. If this is our own page, set "
                "CLARION_HTTP__PUBLIC_URL to the address that browsers use."
            )
    elif browser and site != "same-origin":
        raise ForgedRequest("Send Origin (browsers do by themselves), so that it is seen whose page asks.")


def need_https(public_url: str) -> None:
    """Raises NeedsHttps where a browser would not send a secure cookie back."""
    url = urlsplit(public_url)
    if url.scheme != "https" and url.hostname not in LOOPBACK:
        raise NeedsHttps(public_url)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def _host(request: Request) -> str:
    return request.headers.get("host", "").lower()


def _within(address: str, trusted: Sequence[Network]) -> bool:
    if not trusted or not _is_address(address):
        return False
    found = ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None) or found
    return any(mapped.version == each.version and mapped in each for each in trusted)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
