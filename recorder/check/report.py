"""The check on a terminal, or as JSON: printing of results, and leading the person through the recordings."""

import json
import sys
import time
from typing import TextIO

from recorder.check import words
from recorder.check.context import Cue
from recorder.check.result import Result, State, Step
from recorder.wording import Language

_MARKS = {State.OK: "✓", State.WARN: "!", State.FAIL: "✗", State.SKIP: "–"}
_COLOURS = {State.OK: "32", State.WARN: "33", State.FAIL: "31", State.SKIP: "2"}
COUNTDOWN = ("3", "2", "1")
BEAT_S = 1.0


class Lines:
    """A line as soon as a step is done, a second one with the remedy; the worst again at the end."""

    def __init__(self, out: TextIO, language: Language) -> None:
        self._out, self._language = out, language
        self._is_coloured = out.isatty()
        self._width = max(len(words.title(step, language)) for step in Step)
        self.indent = self._width + 4
        """Columns before the sentence: mark and title."""

    def show(self, result: Result) -> None:
        says, mend = words.sentences(result, self._language)
        mark = self._coloured(_MARKS[result.state], result.state)
        self._print(f"{mark} {words.title(result.step, self._language):<{self._width}}  {says}")
        if mend:
            self._print(f"  → {mend}")

    def end(self, results: list[Result]) -> None:
        self._print(f"\n{words.summary(results, self._language)}")

    def _coloured(self, text: str, state: State) -> str:
        return f"\033[{_COLOURS[state]}m{text}\033[0m" if self._is_coloured else text

    def _print(self, text: str) -> None:
        self._out.write(f"{text}\n")
        self._out.flush()


class Json:
    """A list, when all is done."""

    def __init__(self, out: TextIO, language: Language) -> None:
        self._out, self._language = out, language

    def show(self, result: Result) -> None:
        pass  # A list is whole or no JSON.

    def end(self, results: list[Result]) -> None:
        self._out.write(json.dumps([self._row(one) for one in results], ensure_ascii=False, indent=1) + "\n")

    def _row(self, result: Result) -> dict[str, object]:
        says, mend = words.sentences(result, self._language)
        named = {
            "step": result.step,
            "state": result.state,
            "key": result.key,
            "title": words.title(result.step, self._language),
        }
        return {**named, "message": says, "remedy": mend or None, "values": dict(result.values)}


class Stage:
    """Leads the person: says what to do, waits for Enter if asked to, counts down.

    `present`: somebody is there to speak. `waits`: for Enter, on `answers` (standard input).
    """

    def __init__(
        self,
        out: TextIO,
        language: Language,
        *,
        present: bool,
        waits: bool,
        answers: TextIO | None = None,
    ) -> None:
        self._out, self._language, self._answers = out, language, answers or sys.stdin
        self._present, self._waits = present, waits

    def cue(self, cue: Cue, length_s: float) -> bool:
        """See `Director`."""
        if cue is not Cue.QUIET and not self._present:
            return False
        self._out.write(f"\n{words.choose(words.CUES[cue], self._language).format(seconds=length_s)}\n")
        if self._waits:
            self._out.write(f"{words.choose(words.PRESS_ENTER, self._language)} ")
            self._out.flush()
            self._answers.readline()
        for number in COUNTDOWN:
            self._out.write(f"{number}… ")
            self._out.flush()
            time.sleep(BEAT_S)
        go = words.QUIET_NOW if cue is Cue.QUIET else words.NOW
        self._out.write(f"{words.choose(go, self._language)}\n")
        self._out.flush()
        return True
