"""Whose word counts on where a request comes from."""

import pytest
from starlette.requests import Request

from clarion.api.origin import ForgedRequest, NeedsHttps, address_of, need_https, need_own_site, networks

PROXIES = networks(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"])


def _request(peer: str = "10.0.0.1", **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": raw, "client": (peer, 1)})


@pytest.mark.parametrize(
    ("peer", "told", "address"),
    [
        pytest.param("203.0.113.5", "198.51.100.1", "203.0.113.5", id="a stranger's word counts for nothing"),
        pytest.param("10.0.0.1", "198.51.100.1", "198.51.100.1", id="our proxy's word counts"),
        pytest.param(
            "10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1", id="what the client wrote does not"
        ),
        pytest.param("10.0.0.1", "198.51.100.1, 192.0.2.7", "198.51.100.1", id="two proxies of ours"),
        pytest.param("10.0.0.1", "1.1.1.1, 9.9.9.9, 10.2.2.2", "9.9.9.9", id="a proxy that is not ours"),
        pytest.param("10.0.0.1", "", "10.0.0.1", id="nothing told"),
        pytest.param("10.0.0.1", "198.51.100.1, rubbish", "10.0.0.1", id="rubbish"),
        pytest.param("::ffff:10.0.0.1", "2001:db8::1, 2a00::9", "2a00::9", id="IPv6"),
        pytest.param("10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2", id="proxies only"),
    ],
)
def test_the_client_is_the_last_who_is_no_proxy_of_ours(peer: str, told: str, address: str) -> None:
    request = _request(peer, **({"x_forwarded_for": told} if told else {}))
    assert address_of(request, PROXIES) == address
    assert address_of(request, ()) == peer


@pytest.mark.parametrize(
    ("headers", "browser", "ours"),
    [
        pytest.param({"origin": "https://a.example"}, True, True, id="the public address"),
        pytest.param({"origin": "http://localhost:8080"}, True, True, id="the address that was asked"),
        pytest.param({"origin": "https://evil.example"}, True, False, id="another site"),
        pytest.param({"origin": "https://a.example:8443"}, True, False, id="another port"),
        pytest.param({"origin": "null"}, True, False, id="a page without origin"),
        pytest.param({}, True, False, id="a browser that does not say"),
        pytest.param({}, False, True, id="a program need not say"),
        pytest.param({"origin": "https://evil.example"}, False, False, id="but a page must be ours"),
        pytest.param({"sec_fetch_site": "same-origin"}, True, True, id="the browser says so"),
        pytest.param({"sec_fetch_site": "none"}, True, False, id="typed by hand"),
        pytest.param(
            {"sec_fetch_site": "cross-site", "origin": "https://a.example"},
            True,
            False,
            id="the browser denies",
        ),
    ],
)
def test_a_page_of_another_site_changes_nothing(headers: dict[str, str], browser: bool, ours: bool) -> None:
    request = _request(host="localhost:8080", **headers)
    if ours:
        need_own_site(request, "https://a.example", browser=browser)
    else:
        with pytest.raises(ForgedRequest):
            need_own_site(request, "https://a.example", browser=browser)


def test_sessions_need_https_except_on_this_machine() -> None:
    for url in ("https://a.example", "http://localhost:8080", "http://127.0.0.1", "http://[::1]:80"):
        need_https(url)
    for url in ("http://a.example", "http://192.168.1.4:8080", "http://0.0.0.0:8080"):
        with pytest.raises(NeedsHttps):
            need_https(url)
