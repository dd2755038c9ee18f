"""By which address a caller is counted."""

from fastapi import Request

from serve_apps.client import UNKNOWN, client_address, person_address


def request(peer: tuple[str, int] | None, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return Request({"type": "http", "client": peer, "headers": headers})


def test_without_proxies_of_our_own_the_header_says_nothing() -> None:
    assert client_address(request(("192.0.2.1", 4000), "203.0.113.9"), 0) == "192.0.2.1"
    assert client_address(request(("203.0.113.9", 0), "203.0.113.9"), 0) == UNKNOWN, "uvicorn took it from the header"
    assert client_address(request(None), 0) == UNKNOWN


def test_with_proxies_the_address_that_the_outermost_of_them_saw_counts() -> None:
    peer = ("10.0.0.1", 4000)
    assert client_address(request(peer, "1.1.1.1, 203.0.113.9"), 1) == "203.0.113.9"
    assert client_address(request(peer, "1.1.1.1, 203.0.113.9", "10.0.0.2"), 2) == "203.0.113.9"
    assert client_address(request(peer, "203.0.113.9"), 2) == UNKNOWN
    assert client_address(request(peer), 1) == UNKNOWN
    assert client_address(request(peer, "unix:"), 1) == UNKNOWN


def test_the_addresses_of_one_ipv6_network_are_one_client() -> None:
    ours, theirs = "2001:db8:1:2::1", "2001:db8:1:2:ffff::9"
    assert client_address(request((ours, 1)), 0) == client_address(request((theirs, 1)), 0) == "2001:db8:1:2::/64"
    assert client_address(request(("::ffff:192.0.2.1", 1)), 0) == "192.0.2.1"


def test_our_own_dashboard_is_believed_about_its_visitors_and_nobody_else_is() -> None:
    def seen(key: str, visitor: str) -> str:
        headers = [(b"x-dashboard-key", key.encode()), (b"x-client-address", visitor.encode())]
        asked = Request({"type": "http", "client": ("127.0.0.1", 4000), "headers": headers})
        return person_address(asked, 0, "the key")

    assert seen("the key", "203.0.113.9") == "203.0.113.9"
    assert seen("the key", "no address") == UNKNOWN
    assert seen("another key", "203.0.113.9") == seen("", "203.0.113.9") == "127.0.0.1"
