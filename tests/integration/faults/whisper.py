"""The application `whisper` without Serve."""

import asyncio

from configs.settings import Settings
from domain.asr import Failure, Heard, Outcome, TranscribeItem
from serve_apps.whisper.asks import Ask
from serve_apps.whisper.listener import Listener
from serve_apps.whisper.options import decoding_of, suspicion_rules
from serve_apps.whisper.passes import Pass, Passes

BATCH_WAIT_S = 0.2


class LocalWhisper:
    """What the asr stage calls; batches what comes at once, as Serve's replicas do. `gate`: while it is shut, nobody is
    answered."""

    replicas = 1

    def __init__(self, listener: Listener, settings: Settings) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.at_gate = 0
        self._listener = listener
        only = Pass(self._listen, decoding_of(settings.asr.fast))
        never_ms = round(settings.asr.accurate_min_s * 1000)
        self._passes = Passes(only, only, suspicion_rules(settings.asr), never_ms)
        self._waiting: list[tuple[Ask, asyncio.Future[Heard | Failure]]] = []
        self._batches: set[asyncio.Task[None]] = set()

    async def transcribe(self, item: TranscribeItem) -> Outcome | Failure:
        self.at_gate += 1
        await self.gate.wait()
        self.at_gate -= 1
        return await self._passes.transcribe(item)

    async def _listen(self, ask: Ask) -> Heard | Failure:
        answer: asyncio.Future[Heard | Failure] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, answer))
        if len(self._waiting) == 1:
            batch = asyncio.create_task(self._batch())
            self._batches.add(batch)
            batch.add_done_callback(self._batches.discard)
        return await answer

    async def _batch(self) -> None:
        await asyncio.sleep(BATCH_WAIT_S)
        batch, self._waiting = self._waiting, []
        heard = await self._listener.transcribe([ask for ask, _ in batch])
        for (_, answer), one in zip(batch, heard, strict=True):
            if not answer.done():
                answer.set_result(one)
