"""R21: which addresses an author's request may reach, however they are written."""

from ipaddress import ip_address, ip_network

import pytest

from clarion.domain.addresses import Allowed, literal, refusal

METADATA = "a cloud's metadata service"


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.216.34",
        "100.63.255.255",
        "100.128.0.1",
        "172.15.255.255",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.255.255",
        "198.20.0.1",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450:4001:82a::200e",
        "2001:200::1",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
    ],
)
def test_the_public_internet_may_be_reached(address: str) -> None:
    assert refusal(address) == ""


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("0.0.0.0", "this computer"),
        ("0.1.2.3", "this computer"),
        ("127.0.0.1", "this computer"),
        ("127.255.255.254", "this computer"),
        ("10.1.1.1", "a private network"),
        ("172.16.0.1", "a private network"),
        ("172.31.255.255", "a private network"),
        ("192.168.255.255", "a private network"),
        ("100.64.0.1", "a network provider's own"),
        ("100.127.255.255", "a network provider's own"),
        ("169.254.1.1", "the local link"),
        ("192.0.0.9", "reserved for protocols"),
        ("192.88.99.1", "a 6to4 relay"),
        ("192.0.2.1", "reserved for documentation"),
        ("198.18.0.1", "reserved for benchmarks"),
        ("198.19.255.255", "reserved for benchmarks"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "an IPv4-compatible address"),
        ("::1", "this computer"),
        ("::8.8.8.8", "an IPv4-compatible address"),
        ("fc00::1", "a private network"),
        ("fdff::1", "a private network"),
        ("fe80::1", "the local link"),
        ("fe80::1%eth0", "the local link"),
        ("fec0::1", "reserved"),
        ("ff02::1", "multicast"),
        ("100::1", "reserved"),
        ("4000::1", "reserved"),
        ("5f00::1", "reserved"),
        ("2001:db8::1", "reserved for documentation"),
        ("3fff::1", "reserved for documentation"),
        ("2001:2::1", "reserved for protocols"),
        ("2001:10::1", "reserved for protocols"),
    ],
)
def test_what_is_not_global_unicast_may_not_be_reached(address: str, why: str) -> None:
    assert refusal(address) == why


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "fd00:ec2::254",
        "fd00:ec2::254%eth0",
        "fd20:ce::254",
        "::ffff:169.254.169.254",
        "::ffff:a9fe:a9fe",
        "64:ff9b::169.254.169.254",
        "64:ff9b::a83f:8110",
    ],
)
def test_metadata_services_are_known_in_every_spelling(address: str) -> None:
    assert refusal(address) == METADATA


@pytest.mark.parametrize(
    "address",
    [
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::127.0.0.1",
        "::127.0.0.1",
        "::169.254.169.254",
        "64:ff9b:1::127.0.0.1",
        "64:ff9b:1:ffff::8.8.8.8",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2002:0808:0808::1",
        "2001:0:808:808:0:0:80ff:fffe",
        "2001::ffff:5601:5601",
    ],
)
def test_an_ipv4_address_inside_an_ipv6_one_gains_nothing(address: str) -> None:
    assert refusal(address) != ""


SPECIAL = [
    *(
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24".split()
    ),
    *(
        "192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4".split()
    ),
    *("::/128 ::1/128 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16 3fff::/20 5f00::/16".split()),
    *("fc00::/7 fe80::/10 fec0::/10 ff00::/8".split()),
]


@pytest.mark.parametrize("network", SPECIAL)
def test_special_networks_are_refused_from_their_first_address_to_their_last(network: str) -> None:
    found = ip_network(network)
    assert refusal(found[0])
    assert refusal(found[-1])


@pytest.mark.parametrize("first", range(256))
def test_whatever_python_knows_not_to_be_global_is_refused(first: int) -> None:
    for rest in ("0.0.1", "31.196.1", "64.0.9", "168.0.1", "254.169.254", "255.255.255"):
        ip = ip_address(f"{first}.{rest}")
        assert ip.is_global or refusal(ip)
    for group in range(first << 8, (first << 8) + 256, 16):
        ip = ip_address(f"{group:x}::1")
        assert ip.is_global or refusal(ip)


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("8.8.8.8", "8.8.8.8"),
        ("::1", "::1"),
        ("::ffff:a9fe:a9fe", "::ffff:169.254.169.254"),
        ("example.org", None),
        ("1.example", None),
        ("0x7f.example", None),
        ("deadbeef", None),
    ],
)
def test_a_host_is_an_address_or_a_name(host: str, address: str | None) -> None:
    assert literal(host) == (None if address is None else ip_address(address))


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "127.0.0.01",
        "127.0.0.0x1",
        "1.2.3.4.5",
        "256.1.1.1",
        "8.8.2056",
        "example.0x",
        "example.1",
        "١٢٧.0.0.١",
        "0",
    ],
)
def test_a_number_that_is_not_a_usual_address_is_neither(host: str) -> None:
    with pytest.raises(ValueError):
        literal(host)


@pytest.mark.parametrize(
    ("entry", "host", "address", "allowed"),
    [
        ("10.1.0.0/16", "crm.example", "10.1.2.3", True),
        ("10.1.0.0/16", "crm.example", "10.2.2.3", False),
        ("10.1.0.0/16", "crm.example", "::ffff:10.1.2.3", True),
        ("127.0.0.1", "127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", "127.0.0.2", False),
        ("[::1]", "::1", "::1", True),
        ("fd12::/48", "crm.example", "fd12::9", True),
        ("crm.example", "crm.example", "10.1.2.3", True),
        ("CRM.example.", "crm.example", "10.1.2.3", True),
        ("crm.example", "CRM.EXAMPLE.", "10.1.2.3", True),
        ("crm.example", "sub.crm.example", "10.1.2.3", False),
        ("crm.example", "other.example", "10.1.2.3", False),
        ("localhost", "localhost", "::1", True),
        ("0.0.0.0/0", "any.example", "192.168.0.1", True),
        ("0.0.0.0/0", "any.example", "fd00::1", False),
        ("0.0.0.0/0", "any.example", "169.254.169.254", False),
        ("169.254.0.0/16", "any.example", "169.254.169.254", False),
        ("any.example", "any.example", "169.254.169.254", False),
        ("100.64.0.0/10", "any.example", "100.100.100.200", False),
        ("100.100.100.200", "any.example", "100.100.100.200", True),
    ],
)
def test_the_operator_allows_networks_and_hosts(entry: str, host: str, address: str, allowed: bool) -> None:
    assert (Allowed.parse([entry]).refusal(host, address) == "") is allowed


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("10.1.2.3/16", "has host bits set"),
        ("10.0.0.0/33", "is not a network such as 10.1.0.0/16"),
        ("http://crm.example", "is a URL: give only its host"),
        ("crm.example/path", "is not a network"),
        ("crm.example:8080", "ports are a setting of their own"),
        ("127.1", "neither an IP address nor a host name"),
        ("*.example", "each host is named by itself"),
        ("*", "each host is named by itself"),
        ("", "is not a host name"),
        ("crm example", "is not a host name"),
    ],
)
def test_what_the_operator_mistypes_is_named(entry: str, words: str) -> None:
    with pytest.raises(ValueError) as problem:
        Allowed.parse(["10.0.0.0/8", entry])
    assert repr(entry) in str(problem.value)
    assert words in str(problem.value)
