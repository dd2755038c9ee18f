"""A capture session: one ffmpeg from its start to its end, on a thread of its own, and the chunks that come of it."""

import logging
import os
import selectors
import signal
import subprocess
import threading
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from recorder.capture import ffmpeg
from recorder.capture.ending import Ending, classify, is_fatal, of_error
from recorder.capture.ffmpeg import CaptureSpec
from recorder.capture.levels import ChunkLevels
from recorder.capture.progress import Progress, verdict
from recorder.capture.salvage import finish, left_over
from recorder.capture.sample_clock import SampleClock
from recorder.capture.session import Captured, Session, locked, remove_done, remove_if_done
from recorder.chunk import Moment
from recorder.fate import Condition
from recorder.steps import Reached, Step, pass_through
from recorder.timing.clock import Clock, moment

__all__ = ["Capture", "CaptureSpec", "Captured", "Ending", "Progress", "verdict"]

log = logging.getLogger(__name__)

_STDERR_LINES = 20
_OVERRUN = "ALSA buffer xrun"


class Capture:
    """Records from `start` until `stop`, or until ffmpeg ends by itself: then `ending` says why.

    `folder`: where sessions' folders lie. `on_chunk` is called on the capture's thread, as soon as a file is finished
    and once for each, in order; the last ones come before `ending` is set. If it raises, the capture ends, and what was
    not taken is left for `salvage`. `progress` and `ending` may be read from any thread.
    """

    def __init__(
        self,
        spec: CaptureSpec,
        folder: Path,
        clock: Clock,
        on_chunk: Callable[[Captured], None],
        reached: Reached = pass_through,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.session_id = str(uuid.uuid4())
        self.folder = folder / self.session_id
        self.ending: Ending | None = None
        self.progress = Progress(spec.encoded_rate, clock.boot_ms())
        self._spec, self._clock, self._on_chunk, self._reached = spec, clock, on_chunk, reached
        self._environment = ffmpeg.environment(os.environ if environment is None else environment)
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._process: subprocess.Popen[bytes] | None = None
        self._is_spawned = threading.Event()
        self._told_to_end = False
        self._taken: set[int] = set()
        self._samples = SampleClock(spec.encoded_rate)
        self._levels = ChunkLevels(spec.chunk_s * spec.encoded_rate)
        self._level_lines = ffmpeg.LevelLines()
        self._stderr: deque[str] = deque(maxlen=_STDERR_LINES)
        self._session = Session.of(self.session_id, spec, moment(clock))

    def start(self) -> None:
        """Returns at once; whether the microphone gives anything, `progress` and `ending` tell.

        Raises OSError where the folder cannot be made.
        """
        remove_done(self.folder.parent)
        self.folder.mkdir(parents=True)
        now = moment(self._clock)
        self._session = replace(self._session, start=now)
        self.progress = replace(self.progress, started_boot_ms=now.boot_ms)
        self._session.write(self.folder)
        self._thread.start()

    def stop(self, timeout_s: float = 8.0) -> None:
        """Ends the recording: asks ffmpeg once, kills it after half the time, and hands over what there is.

        Returns within `timeout_s`, or twice that under a kernel that does not let go of the process.
        """
        self._told_to_end = True
        self._send(signal.SIGINT)
        self._thread.join(timeout_s / 2)
        self.kill()
        self._thread.join(timeout_s / 2)

    def kill(self) -> None:
        """Ends ffmpeg at once; up to its last two seconds are lost, the rest is handed over."""
        self._send(signal.SIGKILL)

    def wait(self, timeout_s: float) -> Ending | None:
        """The ending, None if it has not come within that time."""
        self._thread.join(timeout_s)
        return self.ending

    def _send(self, number: int) -> None:
        if self._thread.is_alive() and self._is_spawned.wait(timeout=1) and self._process is not None:
            self._process.send_signal(number)

    def _run(self) -> None:
        try:
            with locked(self.folder) as lock:
                assert lock is not None, "nobody else knows this folder"
                returncode = self._record(lock)
                if not self._taken:
                    self._session = replace(self._session, start=self._estimated_start(0))
                for captured in left_over(self.folder, self._session, self._taken):
                    self._hand_over(captured)
            remove_if_done(self.folder)
            ending = classify(returncode, self._stderr, told_to_end=self._told_to_end)
        except OSError as error:
            ending = of_error(error, self._stderr)
        except Exception:
            log.exception("capture_broke", extra={"session_id": self.session_id})
            ending = Ending(Condition.CAPTURE_FAILED, "the recorder broke; see its log", tuple(self._stderr))
        finally:
            self._is_spawned.set()
        self.ending = ending

    def _record(self, lock: int) -> int:
        """Runs ffmpeg to its end; the exit status as Popen gives it."""
        levels_read, levels_write = os.pipe()
        list_read, list_write = os.pipe()
        arguments = ffmpeg.command(self._spec, self.folder, levels_write, list_write)
        try:
            process = subprocess.Popen(
                ffmpeg.bound_to_this_process(arguments),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=self._environment,
                pass_fds=(levels_write, list_write, lock),
                process_group=0,
            )
        except BaseException:
            os.close(levels_read)
            os.close(list_read)
            raise
        finally:
            os.close(levels_write)
            os.close(list_write)
        self._process = process
        self._is_spawned.set()
        assert process.stderr is not None
        stderr_read = os.dup(process.stderr.fileno())
        process.stderr.close()
        try:
            self._listen({levels_read: self._hear_level, list_read: self._hear_file, stderr_read: self._hear_error})
            return process.wait()
        finally:
            process.kill()
            process.wait()

    def _listen(self, hearers: dict[int, Callable[[str], None]]) -> None:
        """Gives each descriptor's lines to its hearer until all are closed at the other end."""
        begun = dict.fromkeys(hearers, b"")
        with selectors.DefaultSelector() as selector:
            for descriptor in hearers:
                selector.register(descriptor, selectors.EVENT_READ)
            try:
                while selector.get_map():
                    for key, _ in selector.select():
                        content = os.read(key.fd, 65536)
                        if not content:
                            selector.unregister(key.fd)
                        *lines, begun[key.fd] = (begun[key.fd] + content).split(b"\n")
                        for line in lines:
                            hearers[key.fd](line.decode(errors="replace"))
            finally:
                for descriptor in hearers:
                    os.close(descriptor)

    def _hear_level(self, line: str) -> None:
        if (level := self._level_lines.take(line)) is None:
            return
        now_ms = self._clock.boot_ms()
        self._samples.observe(level.samples, now_ms)
        self._levels.add(level)
        if self.progress.last_line_boot_ms is None:
            self._note_start(0)
        self.progress = self.progress.after(level, now_ms, self._current_file_bytes())
        self._reached(Step.MID_CHUNK)

    def _hear_file(self, line: str) -> None:
        seq = ffmpeg.finished_seq(line)
        self._reached(Step.AFTER_CUT)
        if seq == 0:
            self._session = replace(self._session, start=self._estimated_start(0))
        path = self.folder / f"{seq:06d}.ogg"
        captured = finish(path, seq, self._session, self._session.start_of(seq), is_listed=True)
        self._taken.add(seq)
        if captured is not None:
            self._hand_over(captured)
        self._note_start(seq + 1)

    def _hear_error(self, line: str) -> None:
        self._stderr.append(line)
        if is_fatal(line):
            self.kill()
        if _OVERRUN in line:
            self._samples.restart()
            self.progress = replace(self.progress, overruns=self.progress.overruns + 1)
            log.warning("microphone_overrun", extra={"session_id": self.session_id})

    def _hand_over(self, captured: Captured) -> None:
        rms_dbfs, peak_dbfs = self._levels.take(captured.chunk.seq)
        self._on_chunk(replace(captured, chunk=replace(captured.chunk, rms_dbfs=rms_dbfs, peak_dbfs=peak_dbfs)))

    def _note_start(self, seq: int) -> None:
        """Fixes when the file `seq` began, also for whoever has to salvage it."""
        self._session = replace(self._session, seq=seq, start=self._estimated_start(seq))
        try:
            self._session.write(self.folder)
        except OSError as error:
            # A full disk: the older note tells the time as well, but for the drift of the card.
            log.warning("session_note_failed", extra={"session_id": self.session_id, "error": str(error)})

    def _estimated_start(self, seq: int) -> Moment:
        start_ms = self._samples.start_ms()
        if start_ms is None:
            return self._session.start_of(seq)
        now = moment(self._clock)
        boot_ms = round(start_ms) + self._session.before_ms(seq)
        return Moment(now.boot_id, boot_ms, now.wall_ms - (now.boot_ms - boot_ms))

    def _current_file_bytes(self) -> int:
        """Of the file that grows; 0 while there is none yet."""
        current = self.folder / f"{max(self._taken, default=-1) + 1:06d}.ogg"
        try:
            return current.stat().st_size
        except FileNotFoundError:
            return 0
