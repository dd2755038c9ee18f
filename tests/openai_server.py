"""A real HTTP server that speaks OpenAI's chat completions and misbehaves on demand.

Well-behaved it judges the dialogue with the product's own rules. For a demo or a benchmark without a key it also serves
alone: `python tests/openai_server.py --port 9999 --latency 0.5`.
"""

import argparse
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from domain.rules.engine import judge
from domain.transcript import Transcript, Utterance

Request = dict[str, Any]


@dataclass
class Answer:
    """An HTTP answer. `hang_s`: seconds of silence before it."""

    body: bytes | Request
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hang_s: float = 0.0


Behaviour = Callable[[Request], Answer]


def completion(content: str | None, finish_reason: str = "stop", refusal: str | None = None) -> Answer:
    """A chat completion with one choice; 100 tokens in, 20 out."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
    return Answer(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 0,
            "model": "fake-1",
            "choices": [choice],
            "usage": usage,
        }
    )


def error(status: int, message: str, *, code: str = "", param: str = "", **headers: str) -> Answer:
    """An error as OpenAI words it. headers: `retry_after="7"` becomes `retry-after: 7`."""
    body = {"error": {"message": message, "type": "error", "code": code or None, "param": param or None}}
    return Answer(body, status, {name.replace("_", "-"): value for name, value in headers.items()})


def dialogue_of(request: Request) -> dict[str, Any]:
    """The dialogue that was sent for judging."""
    content: str = request["messages"][1]["content"]
    return json.loads(content[content.index("{") : content.rindex("}") + 1])  # type: ignore[no-any-return]


def verdict_of(request: Request) -> dict[str, Any]:
    """What the rules say about the dialogue, in the wire's fields."""
    dialogue = dialogue_of(request)
    lines = tuple(Utterance(1000 * x["second"], 1000 * x["second"] + 900, x["text"]) for x in dialogue["lines"])
    verdict = asdict(judge(Transcript(dialogue["language"], lines), dialogue["catalogue"]))
    verdict["evidence_quotes"] = verdict.pop("quotes")
    return verdict


def honest(request: Request) -> Answer:
    """Judges well and answers in form."""
    return completion(json.dumps(verdict_of(request), ensure_ascii=False))


def says(**changes: object) -> Behaviour:
    """Judges well, but for these fields."""
    return lambda request: completion(json.dumps(verdict_of(request) | changes, ensure_ascii=False))


def gullible(request: Request) -> Answer:
    """Does what anyone in the transcript tells it to."""
    spoken = " ".join(line["text"] for line in dialogue_of(request)["lines"]).lower()
    for order in ("ignore your instructions", "игнорируй"):
        if order in spoken:
            quote = next(x["text"] for x in dialogue_of(request)["lines"] if order in x["text"].lower())
            return says(kind="sale", attempted="yes", quality_score=3, evidence_quotes=[quote])(request)
    return honest(request)


def only_in(*formats: str) -> Behaviour:
    """Refuses every response_format but these (`json_schema`, `json_object`, `prompt`), as small servers do."""

    def behave(request: Request) -> Answer:
        wanted = request.get("response_format", {"type": "prompt"})["type"]
        return honest(request) if wanted in formats else error(400, f"response_format {wanted} is not supported")

    return behave


def always(answer: Answer) -> Behaviour:
    return lambda request: answer


class OpenAIServer:
    """`script` holds behaviours for the next requests; after it `behave` answers. `requests` are those received."""

    def __init__(self, latency_s: float = 0.0, port: int = 0) -> None:
        self.latency_s = latency_s
        self.behave: Behaviour = honest
        self.script: deque[Behaviour] = deque()
        self.requests: list[Request] = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self.http = _Server(("127.0.0.1", port), self)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_address[1]}/v1"

    def play(self, *behaviours: Behaviour) -> None:
        self.script.extend(behaviours)

    def answer(self, request: Request) -> Answer:
        with self._lock:
            self.requests.append(request)
            behave = self.script.popleft() if self.script else self.behave
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            answer = behave(request)
            time.sleep(answer.hang_s or self.latency_s)
            return answer
        finally:
            with self._lock:
                self._at_once -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], openai: OpenAIServer) -> None:
        super().__init__(address, _Handler)
        self.openai = openai

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up waiting is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["content-length"])))
        answer = (
            self.server.openai.answer(request) if self.path.endswith("/chat/completions") else error(404, self.path)
        )
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        headers = {"content-type": "application/json", "content-length": str(len(body))} | answer.headers
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""


@contextmanager
def openai_server(latency_s: float = 0.0) -> Iterator[OpenAIServer]:
    """The server on a free port, in a thread of its own."""
    server = OpenAIServer(latency_s)
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        server.http.server_close()
        thread.join()


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="An OpenAI-compatible server that judges dialogues by rules")
    parser.add_argument("--port", type=int, default=9999)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds per answer")
    options = parser.parse_args(arguments)
    OpenAIServer(options.latency, options.port).http.serve_forever()


if __name__ == "__main__":
    main()
