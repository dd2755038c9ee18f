"""Which apis this dashboard may speak to. A visitor chooses among them and can't name another, so this process calls
nobody whom its operator did not allow."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import httpx

from dashboard.client import ApiClient, open_http

DEFAULT_URL = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Apis:
    """public_urls: api → the address under which the visitors' browsers reach it, for clips and exports; key: has an
    api believe from which address a visitor comes, by which it counts who guesses passwords."""

    public_urls: Mapping[str, str]
    key: str = ""
    visitor: str = ""
    _open: dict[str, httpx.AsyncClient] = field(default_factory=dict)

    @property
    def default(self) -> str:
        return next(iter(self.public_urls))

    def seen_from(self, visitor: str) -> "Apis":
        """The same for a visitor from this address."""
        return replace(self, visitor=visitor)

    def client(self, api: str, token: str) -> ApiClient:
        """The default api where `api` is not one of ours. Connections are shared by all sessions."""
        url = api if api in self.public_urls else self.default
        if url not in self._open:
            self._open[url] = open_http(url)
        said = {"X-Dashboard-Key": self.key, "X-Client-Address": self.visitor} if self.key and self.visitor else {}
        return ApiClient(self._open[url], token, self.public_urls[url], said)


def apis_of(environment: Mapping[str, str]) -> Apis:
    """SALESCONTROL_API_URL: one or more, by commas, the first the default; SALESCONTROL_API_PUBLIC_URL: in the same
    order, where a browser reaches them by another address; SALESCONTROL_DASHBOARD_KEY: see Apis."""
    urls = _split(environment.get("SALESCONTROL_API_URL", "")) or [DEFAULT_URL]
    public = _split(environment.get("SALESCONTROL_API_PUBLIC_URL", ""))
    return Apis(
        {url: public[place] if place < len(public) else url for place, url in enumerate(urls)},
        environment.get("SALESCONTROL_DASHBOARD_KEY", ""),
    )


def _split(value: str) -> list[str]:
    return [one.strip().rstrip("/") for one in value.split(",") if one.strip()]
