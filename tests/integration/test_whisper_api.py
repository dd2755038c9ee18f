"""The official `openai` client against our `/v1/audio/transcriptions` and `/v1/models`, with the real model."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import openai
import pytest
import uvicorn
from openai import AsyncOpenAI
from shop import as_serve_places

from audio.store import FileStore
from configs import settings
from configs.settings import Settings
from domain.asr import Decoding, Failure, FailureKind
from domain.suspicion import SuspicionRules
from serve_apps.whisper.asks import HeardRecording, Recording
from serve_apps.whisper.assembly import build_engine, find_speech
from serve_apps.whisper.listener import Listener
from serve_apps.whisper.openai_api import MAX_FILE_BYTES, Served, create_app

MODELS = (Served("base", "fast", Decoding()), Served("whisper-1", "accurate", Decoding(5, pack=False)))
TOKEN = "an-internal-token-for-tests"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def listener(home: Path) -> Iterator[Listener]:
    rules = SuspicionRules()
    engine = build_engine(with_token(home, TOKEN), "base", "int8", rules)
    listener = Listener(engine, FileStore(home / "audio"), find_speech, rules, padding_ms=200, stretch_s=240)
    yield listener
    listener.close()


def with_token(home: Path, token: str, host: str = "127.0.0.1") -> Settings:
    return settings.load({"SALESCONTROL_HOME": str(home), "INTERNAL_TOKEN": token, "SALESCONTROL_SERVER__HOST": host})


@asynccontextmanager
async def serving(listener: Listener, configured: Settings) -> AsyncIterator[str]:
    """The routes on a real server, under the prefix as Serve puts them; its address."""

    async def transcribe(served: Served, recording: Recording) -> HeardRecording | Failure:
        if recording.encoded == b"nobody is there":
            return Failure(FailureKind.UNAVAILABLE, "whisper: no replica", 7.0)
        return await listener.transcribe_recording(recording)

    app = as_serve_places({"/v1": create_app(MODELS, transcribe, configured)})
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        server.should_exit = True
        await task


@pytest.fixture
async def client(listener: Listener, home: Path) -> AsyncIterator[AsyncOpenAI]:
    async with (
        serving(listener, with_token(home, TOKEN)) as address,
        AsyncOpenAI(base_url=address, api_key=TOKEN, max_retries=0) as client,
    ):
        yield client


@pytest.fixture
def speech(samples: Path) -> Path:
    return samples / "chunks" / "dev_en_20260302T091500Z.ogg"


async def test_json_is_the_clients_default(client: AsyncOpenAI, speech: Path) -> None:
    answer = await client.audio.transcriptions.create(model="base", file=speech, language="en")
    assert answer.text.startswith("Good morning")
    assert answer.usage is not None
    assert answer.usage.type == "duration"


async def test_verbose_json_has_words_and_segments_in_order_and_in_seconds(client: AsyncOpenAI, speech: Path) -> None:
    answer = await client.audio.transcriptions.create(
        model="base", file=speech, response_format="verbose_json", timestamp_granularities=["word", "segment"]
    )
    assert (answer.language, round(answer.duration)) == ("en", 60)
    assert answer.words
    assert answer.segments
    starts = [word.start for word in answer.words]
    assert starts == sorted(starts)
    assert 9.0 < starts[0] < 11.0
    assert " ".join(word.word for word in answer.words) == answer.text == " ".join(s.text for s in answer.segments)
    only_segments = await client.audio.transcriptions.create(model="base", file=speech, response_format="verbose_json")
    assert only_segments.words is None
    assert only_segments.segments


async def test_text_subrip_and_webvtt_come_as_text(client: AsyncOpenAI, speech: Path) -> None:
    transcriptions = client.audio.transcriptions
    text = await transcriptions.create(model="whisper-1", file=speech, response_format="text", language="en")
    srt = await transcriptions.create(model="base", file=speech, response_format="srt", prompt="coffee", temperature=0)
    vtt = await transcriptions.create(model="base", file=speech, response_format="vtt")
    assert text.startswith("Good morning")
    assert srt.startswith("1\n00:00:")
    assert " --> 00:00:" in srt.splitlines()[1]
    assert vtt.startswith("WEBVTT\n\n00:00:")


async def test_the_models_are_listed_and_found(client: AsyncOpenAI) -> None:
    assert [model.id for model in (await client.models.list()).data] == ["base", "whisper-1"]
    assert (await client.models.retrieve("base")).object == "model"


async def test_what_the_client_did_wrong_is_said_as_openai_says_it(client: AsyncOpenAI, speech: Path) -> None:
    create = client.audio.transcriptions.create
    with pytest.raises(openai.NotFoundError) as unknown:
        await create(model="gpt-9", file=speech)
    assert (unknown.value.code, unknown.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError, match="not audio"):
        await create(model="base", file=("notes.ogg", b"these are notes"))
    with pytest.raises(openai.BadRequestError, match="empty"):
        await create(model="base", file=("empty.ogg", b""))
    with pytest.raises(openai.BadRequestError, match="language xx"):
        await create(model="base", file=speech, language="xx")
    with pytest.raises(openai.BadRequestError, match="response_format"):
        await create(model="base", file=speech, response_format="diarized_json")  # type: ignore[call-overload]
    with pytest.raises(openai.BadRequestError, match="Streaming"):
        await create(model="base", file=speech, stream=True)
    with pytest.raises(openai.APIStatusError) as large:
        await create(model="base", file=("large.wav", bytes(MAX_FILE_BYTES + 100_000)))
    assert large.value.status_code == 413
    assert "error" in large.value.response.json()


async def test_a_whisper_that_is_not_there_is_503_with_the_time_to_come_back(client: AsyncOpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as busy:
        await client.audio.transcriptions.create(model="base", file=("a.ogg", b"nobody is there"))
    assert (busy.value.status_code, busy.value.response.headers["retry-after"]) == (503, "7")


async def test_only_the_internal_token_opens_the_routes(listener: Listener, home: Path) -> None:
    async with serving(listener, with_token(home, TOKEN)) as address, httpx.AsyncClient() as http:
        assert (await http.get(f"{address}/models")).status_code == 401
        wrong = await http.get(f"{address}/models", headers={"Authorization": "Bearer guess"})
        assert wrong.json()["error"]["code"] == "invalid_api_key"


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 200), ("0.0.0.0", 401)])
async def test_without_a_token_only_a_server_on_loopback_is_open(
    listener: Listener, home: Path, host: str, status: int
) -> None:
    async with serving(listener, with_token(home, "", host)) as address, httpx.AsyncClient() as http:
        assert (await http.get(f"{address}/models")).status_code == status
