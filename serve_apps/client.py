"""Who is calling, as an address to count by."""

import hmac
from ipaddress import IPv6Address, ip_address, ip_network

from fastapi import Request

V6_NETWORK = 64
"""A household or a host has as many IPv6 addresses as it likes, in one network of this size."""
UNKNOWN = "unknown"


def client_address(request: Request, proxies: int) -> str:
    """`proxies`: how many of our own stand in front, each of which appends the address that it saw to X-Forwarded-For.
    Anybody can write that header, so what stands left of theirs is not believed."""
    if proxies:
        seen = [part.strip() for line in request.headers.getlist("x-forwarded-for") for part in line.split(",")]
        return _network(seen[-proxies]) if len(seen) >= proxies else UNKNOWN
    # Uvicorn believes the header where a local proxy sends it; it writes port 0 then.
    is_peer = request.client is not None and request.client.port != 0
    return _network(request.client.host) if request.client is not None and is_peer else UNKNOWN


def person_address(request: Request, proxies: int, dashboard_key: str) -> str:
    """Of the person behind a request: what our own dashboard says that it saw, else `client_address`. All who log in
    by the dashboard would be one address otherwise, and one of them could use up what all have."""
    shown = request.headers.get("x-dashboard-key", "")
    if shown and hmac.compare_digest(shown.encode(), dashboard_key.encode()):
        return _network(request.headers.get("x-client-address", ""))
    return client_address(request, proxies)


def _network(text: str) -> str:
    """An IPv4 address, the network of an IPv6 address, or UNKNOWN where it is neither."""
    try:
        address = ip_address(text)
    except ValueError:
        return UNKNOWN
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ip_network((int(address), V6_NETWORK), strict=False))
    return str(address)
