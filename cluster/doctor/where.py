"""In which country does a service lie? As far as its address tells."""

import ipaddress
from urllib.parse import urlsplit

_HOSTS = {"api.openai.com": "US", "storage.yandexcloud.net": "RU"}
_AWS_REGIONS = {
    "us-east-1": "US",
    "us-east-2": "US",
    "us-west-1": "US",
    "us-west-2": "US",
    "ca-central-1": "CA",
    "eu-central-1": "DE",
    "eu-west-1": "IE",
    "eu-west-2": "GB",
    "eu-west-3": "FR",
    "eu-north-1": "SE",
    "eu-south-1": "IT",
    "ap-northeast-1": "JP",
    "ap-south-1": "IN",
    "sa-east-1": "BR",
}
"""Source: the names of the regions in Amazon's own list, "Regions and Availability Zones"."""
HERE = "here"
"""On this machine or in its network."""


def country_of(url: str, region: str | None = None) -> str | None:
    """ISO 3166 alpha-2 of a host that is known, `HERE` for a private one, None where its address does not tell.

    `region`: of Amazon, where the address is theirs.
    """
    host = urlsplit(url).hostname or ""
    if _is_private(host):
        return HERE
    for part in (region or "", *host.split(".")):
        if (host == "" or host.endswith(".amazonaws.com")) and part in _AWS_REGIONS:
            return _AWS_REGIONS[part]
    return _HOSTS.get(host)


def _is_private(host: str) -> bool:
    if host and "." not in host and ":" not in host:
        return True
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host.endswith((".local", ".internal", ".lan"))
