"""Which IP addresses an author's request may reach: the public internet, and what the operator names besides.

The table is our own. `ipaddress.is_global` changes between Python releases, and calls 6to4, local NAT64 and most
multicast addresses global, and a cloud's own service that stands on a public address too.
Sources: IANA special-purpose address registries (IPv4 and IPv6), RFC 6890, 8190, 6052, 8215; read 2026-11.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Ip = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_METADATA = {
    ip_address(text)
    for text in (
        "169.254.169.254",  # AWS, Azure, Google Cloud, DigitalOcean, OpenStack and most others
        "169.254.170.2",  # AWS: credentials of a container
        "169.254.42.42",  # Scaleway
        "100.100.100.200",  # Alibaba Cloud
        "192.0.0.192",  # Oracle Cloud
        "168.63.129.16",  # Azure: answers every virtual machine, on an address that is otherwise public
        "fd00:ec2::254",  # AWS
        "fd20:ce::254",  # Google Cloud
        "fd00:42::42",  # Scaleway
    )
}

_REFUSED: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), what)
    for network, what in (
        ("0.0.0.0/8", "this computer"),
        ("10.0.0.0/8", "a private network"),
        ("100.64.0.0/10", "a network provider's own"),
        ("127.0.0.0/8", "this computer"),
        ("169.254.0.0/16", "the local link"),
        ("172.16.0.0/12", "a private network"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.0.2.0/24", "reserved for documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "a private network"),
        ("198.18.0.0/15", "reserved for benchmarks"),
        ("198.51.100.0/24", "reserved for documentation"),
        ("203.0.113.0/24", "reserved for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::1/128", "this computer"),
        ("::/96", "an IPv4-compatible address"),
        ("64:ff9b:1::/48", "a local NAT64 address"),
        ("fc00::/7", "a private network"),
        ("fe80::/10", "the local link"),
        ("ff00::/8", "multicast"),
        ("2001::/32", "a Teredo address"),
        ("2001::/23", "reserved for protocols"),
        ("2001:db8::/32", "reserved for documentation"),
        ("2002::/16", "a 6to4 address"),
        ("3fff::/20", "reserved for documentation"),
    )
)

_GLOBAL_UNICAST = IPv6Network("2000::/3")
_TRANSLATED = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""IPv4-mapped and NAT64 addresses are another way to write the IPv4 address in their last 32 bits: where a network
has only IPv6, every public IPv4 site is reached that way."""

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def refusal(address: str | Ip) -> str:
    """Why an address may not be reached, in a few words; "" when it may. Raises ValueError for what is none."""
    ip = _meant(address)
    if ip in _METADATA:
        return "a cloud's metadata service"
    for network, what in _REFUSED:
        if ip in network:
            return what
    return "" if ip.version == 4 or ip in _GLOBAL_UNICAST else "reserved"


def literal(host: str) -> Ip | None:
    """The address that a URL's host is written as; None when it is a name.

    Raises ValueError for spellings that programs read differently, such as 2130706433, 0177.0.0.1, 0x7f.1 and 127.1:
    whatever ends in a number must be four decimal numbers.
    """
    if ":" in host:
        return IPv6Address(host)
    last = host.removesuffix(".").rpartition(".")[2]
    if last.isdecimal() or re.fullmatch(r"0[xX][0-9a-fA-F]*", last):
        return IPv4Address(host)
    return None


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the operator lets authors reach beyond the public internet."""

    networks: tuple[Network, ...] = ()
    hosts: frozenset[str] = frozenset()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> "Allowed":
        """From networks (10.1.0.0/16, fd12::/48), addresses and host names.

        Raises ValueError, which names the entry.
        """
        networks: list[Network] = []
        hosts: set[str] = set()
        for entry in entries:
            found = _entry(entry.strip())
            if isinstance(found, str):
                hosts.add(found)
            else:
                networks.append(found)
        return cls(tuple(networks), frozenset(hosts))

    def host(self, name: str) -> bool:
        """Whether this very name is allowed, wherever it leads."""
        return _plain(name) in self.hosts

    def refusal(self, host: str, address: str | Ip) -> str:
        """Why a request to `host` may not be sent to `address`; "" when it may.

        A metadata service must be allowed by its own address: no name and no wider network includes it.
        """
        why = refusal(address)
        if not why:
            return ""
        ip = _meant(address)
        within = [network for network in self.networks if ip in network]
        if ip in _METADATA:
            return "" if any(network.num_addresses == 1 for network in within) else why
        return "" if within or self.host(host) else why


def _meant(address: str | Ip) -> Ip:
    ip = ip_address(address)
    if isinstance(ip, IPv6Address):
        ip = IPv6Address(int(ip))  # without a zone, which networks and sets would take for another address
        if any(ip in network for network in _TRANSLATED):
            return IPv4Address(int(ip) & 0xFFFF_FFFF)
    return ip


def _plain(name: str) -> str:
    return name.lower().removesuffix(".")


def _entry(text: str) -> Network | str:
    if "://" in text:
        raise ValueError(f"{text!r} is a URL: give only its host")
    if "/" in text:
        try:
            return ip_network(text)
        except ValueError as problem:
            raise ValueError(f"{text!r} is not a network such as 10.1.0.0/16: {problem}") from None
    try:
        ip = literal(text.removeprefix("[").removesuffix("]"))
    except ValueError:
        hint = (
            "ports are a setting of their own" if text.count(":") == 1 else "or a network such as 10.1.0.0/16"
        )
        raise ValueError(f"{text!r} is neither an IP address nor a host name; {hint}") from None
    if ip is not None:
        return ip_network(ip)
    name = _plain(text)
    if not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise ValueError(f"{text!r} is not a host name such as crm.example.org; each host is named by itself")
    return name
