"""OpenAI's routes `/v1/audio/transcriptions` and `/v1/models`, with its errors, over our models."""

import hmac
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, File, Form, Request, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from configs.settings import Settings
from domain.asr import Decoding, Failure, FailureKind
from serve_apps import reference
from serve_apps.whisper import subtitles
from serve_apps.whisper.asks import HeardRecording, Recording

MAX_FILE_BYTES = 25 * 1024 * 1024
"""OpenAI's own limit."""
_FORM_BYTES = 64 * 1024
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_STATUS = {FailureKind.REJECTED: 400, FailureKind.UNAVAILABLE: 503, FailureKind.TRANSIENT: 500}
Format = Literal["json", "text", "srt", "verbose_json", "vtt"]


@dataclass(frozen=True, slots=True)
class Served:
    """A model by the name that clients ask for; `handle`: the deployment that holds it."""

    name: str
    handle: str
    decoding: Decoding


Transcribe = Callable[[Served, Recording], Awaitable[HeardRecording | Failure]]


class ApiError(Exception):
    """Answered as OpenAI does: {"error": {message, type, param, code}}."""

    def __init__(
        self, status: int, message: str, *, param: str | None = None, code: str | None = None, retry_s: float = 0
    ) -> None:
        super().__init__(message)
        self.status, self.param, self.code, self.retry_s = status, param, code, retry_s


class Front:
    """Serve puts the application's prefix into `root_path`; our routes are declared by their full path. A body over the
    limit is cut off while it comes, with an error of OpenAI's shape."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        received = 0

        async def receive_some() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MAX_FILE_BYTES + _FORM_BYTES:
                raise HTTPException(413, f"The file is larger than {MAX_FILE_BYTES} bytes; send a shorter one.")
            return message

        await self._app({**scope, "root_path": ""}, receive_some, send)


def create_app(models: Sequence[Served], transcribe: Transcribe, settings: Settings) -> FastAPI:
    """`transcribe`: called with the model that was asked for."""
    app = FastAPI(
        title="SalesControl Whisper",
        version="1.0",
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(_guard(settings))],
    )
    reference.install(app, "/v1/docs")
    app.add_middleware(Front)
    app.add_exception_handler(ApiError, _on_api_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http_error)
    served = {model.name: model for model in models}

    @app.get("/v1/models")
    async def list_models() -> dict[str, Any]:
        return {"object": "list", "data": [_model(name) for name in served]}

    @app.get("/v1/models/{name:path}")
    async def get_model(name: str) -> dict[str, Any]:
        return _model(_find(served, name).name)

    @app.post("/v1/audio/transcriptions", response_model=None)
    async def transcriptions(
        file: Annotated[UploadFile, File()],
        model: Annotated[str, Form()],
        language: Annotated[str, Form(pattern=r"^$|^[a-z]{2,3}$|^auto$")] = "auto",
        prompt: Annotated[str, Form(max_length=1000)] = "",
        response_format: Annotated[Format, Form()] = "json",
        temperature: Annotated[float | None, Form(ge=0, le=1)] = None,
        granularities: Annotated[
            list[Literal["word", "segment"]] | None, Form(alias="timestamp_granularities[]")
        ] = None,
        stream: Annotated[bool, Form()] = False,
    ) -> Response:
        """As OpenAI's: the file in any common format, up to 25 MB."""
        if stream:
            raise ApiError(400, "Streaming is not supported here; leave `stream` out.", param="stream")
        asked = _find(served, model)
        decoding = replace(asked.decoding, prompt=prompt or None)
        if temperature:
            decoding = replace(decoding, temperature=temperature, pack=False)
        heard = await transcribe(asked, Recording(await _read(file), language or "auto", decoding))
        if isinstance(heard, Failure):
            raise ApiError(_STATUS[heard.kind], heard.message, param="file", retry_s=heard.retry_after_s)
        return _render(heard, response_format, granularities or ["segment"])

    return app


def _render(heard: HeardRecording, response_format: Format, granularities: Sequence[str]) -> Response:
    match response_format:
        case "json":
            seconds = round(heard.duration_s, 3)
            return JSONResponse({"text": subtitles.plain(heard), "usage": {"type": "duration", "seconds": seconds}})
        case "verbose_json":
            return JSONResponse(subtitles.verbose(heard, granularities))
        case "text":
            return PlainTextResponse(subtitles.plain(heard) + "\n")
        case "srt":
            return PlainTextResponse(subtitles.srt(heard), media_type="application/x-subrip")
        case "vtt":
            return PlainTextResponse(subtitles.vtt(heard), media_type="text/vtt")


async def _read(file: UploadFile) -> bytes:
    encoded = await file.read()
    if len(encoded) > MAX_FILE_BYTES:
        raise ApiError(413, f"The file is larger than {MAX_FILE_BYTES} bytes; send a shorter one.", param="file")
    if not encoded:
        raise ApiError(400, "The file is empty.", param="file")
    return encoded


def _find(served: dict[str, Served], name: str) -> Served:
    if name not in served:
        known = ", ".join(served)
        message = f"The model `{name}` does not exist; use one of {known}."
        raise ApiError(404, message, param="model", code="model_not_found")
    return served[name]


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1_663_718_400, "owned_by": "openai"}


def _guard(settings: Settings) -> Callable[..., Awaitable[None]]:
    """Asks for INTERNAL_TOKEN. Without one the routes are open only to this computer: in the local profile, where the
    server listens on the loopback interface and no proxy stands in front."""
    token = settings.auth.internal_token.get_secret_value()
    is_local = settings.profile == "local" and not settings.server.public_url and not settings.server.proxies
    is_open = not token and is_local and settings.server.host in _LOOPBACK
    scheme = HTTPBearer(auto_error=False, scheme_name="internalToken", description="INTERNAL_TOKEN")

    async def guard(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(scheme)]) -> None:
        if is_open:
            return
        given = credentials.credentials if credentials else ""
        if not token or not hmac.compare_digest(given.encode(), token.encode()):
            message = "Send the server's INTERNAL_TOKEN as the API key; a server without one is open to itself only."
            raise ApiError(401, message, code="invalid_api_key")

    return guard


async def _on_api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    headers = {"Retry-After": str(round(error.retry_s))} if error.status == 503 else {}
    return _error(error.status, str(error), param=error.param, code=error.code, headers=headers)


async def _on_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    param = str(first["loc"][-1])
    return _error(400, f"{param}: {first['msg']}", param=param)


async def _on_http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _error(error.status_code, str(error.detail), headers=dict(error.headers or {}))


def _error(
    status: int,
    message: str,
    *,
    param: str | None = None,
    code: str | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    content = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return JSONResponse(content, status, headers=headers)
