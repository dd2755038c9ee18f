"""The api over HTTP: all that the dashboard knows comes from here, asked with the person's own token."""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

TIMEOUT_S = 20.0
RETRY_PAUSE_S = 0.3
KEPT_S = 3.0
"""So long a connection is kept for the next request: shorter than the api keeps it, so that it never closes first."""
REMEMBERED = 16
"""So many answers are kept with their ETags, so that a page that looks again costs the api next to nothing."""

Query = Mapping[str, Any] | Sequence[tuple[str, Any]] | httpx.QueryParams


class ApiError(Exception):
    """The api refused. The message is its `detail`; `code` is stable (docs/errors.md)."""

    def __init__(self, detail: str, code: str = "", status: int = 0, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(detail)
        self.code = code
        self.status = status
        self.errors = tuple(errors)


class ExpiredError(ApiError):
    """The api does not take the token (any longer)."""


class NotAllowedError(ApiError):
    """The person may not do this."""


class AwayError(ApiError):
    """Nobody answers, or the server can't work now."""


class ApiClient:
    """`http` is shared by all sessions of one api; the token is this person's."""

    def __init__(
        self,
        http: httpx.AsyncClient,
        token: str,
        public_url: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._http = http
        self._headers = {**(headers or {}), **({"Authorization": f"Bearer {token}"} if token else {})}
        self._public_url = public_url or str(http.base_url)
        self._seen: OrderedDict[str, tuple[str, Any]] = OrderedDict()
        self._under_way: set[asyncio.Task[httpx.Response]] = set()

    async def get(self, path: str, params: Query | None = None) -> Any:
        """The answer's JSON; the one before where the api says that nothing has changed."""
        url = str(httpx.URL(path, params=_without_none(params)))
        known = self._seen.get(url)
        answer = await self._twice("GET", url, headers={"If-None-Match": known[0]} if known else {})
        if answer.status_code == 304 and known:
            return known[1]
        body = answer.json()
        if "ETag" in answer.headers:
            self._seen[url] = (answer.headers["ETag"], body)
            self._seen.move_to_end(url)
            if len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return body

    async def post(self, path: str, json: Any = None, params: Query | None = None) -> Any:
        """Done at most once, though it is sent again when the connection breaks (Idempotency-Key)."""
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        return _body(await self._twice("POST", path, json=json, params=_without_none(params), headers=headers))

    async def patch(self, path: str, json: Any) -> Any:
        return _body(await self._send("PATCH", path, json=json))

    async def put(self, path: str, json: Any) -> Any:
        return _body(await self._send("PUT", path, json=json))

    async def delete(self, path: str) -> Any:
        return _body(await self._send("DELETE", path))

    def public_url(self, path: str) -> str:
        """An address that the person's browser can open: of a clip or of an export."""
        return str(httpx.URL(self._public_url).join(path))

    async def _twice(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Sent once more where no answer came: a connection that was kept may have been closed at the other end."""
        try:
            return await self._send(method, path, **request)
        except AwayError as error:
            if error.status:
                raise
        await asyncio.sleep(RETRY_PAUSE_S)
        return await self._send(method, path, **request)

    async def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """A request that nobody waits for any longer still runs to its end: httpcore loses the connection of one that
        is cancelled, and after fifty of them everybody waits for ever."""
        headers = {**self._headers, **request.pop("headers", {})}
        task = asyncio.get_running_loop().create_task(self._http.request(method, path, headers=headers, **request))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        try:
            answer = await asyncio.shield(task)
        except UnicodeEncodeError:
            raise ExpiredError("the token holds characters that no token has") from None
        except httpx.HTTPError as error:
            raise AwayError(f"{type(error).__name__} {error}".strip()) from None
        if answer.is_error:
            raise _refusal(answer)
        return answer


def open_http(api_url: str) -> httpx.AsyncClient:
    """The connections to one api; keep it for the life of the process."""
    limits = httpx.Limits(max_connections=50, keepalive_expiry=KEPT_S)
    return httpx.AsyncClient(base_url=api_url, timeout=TIMEOUT_S, limits=limits)


def _refusal(answer: httpx.Response) -> ApiError:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    detail = str(body.get("detail") or f"{answer.status_code} {answer.reason_phrase}")
    kinds = {401: ExpiredError, 403: NotAllowedError, 502: AwayError, 503: AwayError, 504: AwayError}
    kind = kinds.get(answer.status_code, ApiError)
    if answer.status_code == 404 and not body:  # Serve's proxy, until it has learnt where what is; our own is JSON
        kind = AwayError
    return kind(detail, str(body.get("code", "")), answer.status_code, body.get("errors") or ())


def _body(answer: httpx.Response) -> Any:
    return answer.json() if answer.content else None


def _without_none(params: Query | None) -> httpx.QueryParams:
    if params is None or isinstance(params, httpx.QueryParams):
        return params or httpx.QueryParams()
    pairs = params.items() if isinstance(params, Mapping) else params
    flat = [(key, one) for key, value in pairs for one in (value if isinstance(value, list | tuple) else [value])]
    return httpx.QueryParams([(key, str(value)) for key, value in flat if value is not None and value != ""])
