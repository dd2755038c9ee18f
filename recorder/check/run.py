"""`recorder-agent check`: every step in order, those left out that can't work after an earlier one failed."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from recorder.check import delivery, link, machine, server, sound
from recorder.check.context import Context, StepFunction
from recorder.check.report import Json, Lines, Stage
from recorder.check.result import BECAUSE, Result, State, Step, fail, skip
from recorder.config.config import RecorderConfig
from recorder.ledger.ledger import Ledger, LedgerError
from recorder.microphone.microphone import MEMORY
from recorder.spool.spool_files import LEDGER
from recorder.timing.clock import SystemClock
from recorder.wording import Language


@dataclass(frozen=True, slots=True)
class Planned:
    """`needs`: steps without which this one would only fail again."""

    step: Step
    run: StepFunction
    needs: tuple[Step, ...] = ()


LOCAL = (
    Planned(Step.MICROPHONE, sound.find_microphone),
    Planned(Step.FREE, sound.is_free, (Step.MICROPHONE,)),
    Planned(Step.QUIET, sound.quiet, (Step.FREE,)),
    Planned(Step.TILL, sound.till, (Step.QUIET,)),
    Planned(Step.CUSTOMER, sound.customer, (Step.QUIET,)),
    Planned(Step.CLIPPING, sound.clipping, (Step.QUIET,)),
    Planned(Step.GAIN, sound.gain, (Step.MICROPHONE,)),
    Planned(Step.FFMPEG, machine.ffmpeg),
    Planned(Step.DISK, machine.disk),
    Planned(Step.CLOCK, machine.clock),
)
NETWORK = (
    Planned(Step.LINK, link.link),
    Planned(Step.ADDRESS, link.address, (Step.LINK,)),
    Planned(Step.ROUTE, link.route, (Step.ADDRESS,)),
    Planned(Step.DNS, link.dns, (Step.ROUTE,)),
    Planned(Step.SERVER, server.server, (Step.DNS,)),
    Planned(Step.SERVER_CLOCK, server.server_clock, (Step.SERVER,)),
    Planned(Step.PORTAL, server.portal, (Step.SERVER,)),
    Planned(Step.TLS, server.tls, (Step.PORTAL,)),
    Planned(Step.TOKEN, delivery.token, (Step.TLS,)),
    Planned(Step.UPLOAD, delivery.upload, (Step.TOKEN, Step.FFMPEG)),
)


def run_check(
    config: RecorderConfig,
    *,
    offline: bool = False,
    lang: Language = "en",
    out: TextIO | None = None,
    prompts: TextIO | None = None,
    as_json: bool = False,
    yes: bool = False,
    remembered: str | None = None,
    root: Path = Path("/"),
) -> int:
    """Prints a line per step on `out` (standard output), with a remedy under each that needs one; 0 where none failed,
    else 1.

    `offline`: without the network's steps. `yes`: does not wait for Enter before each recording. Without it and without
    a terminal nobody is there to speak, and only the quiet shop is recorded. `prompts`: what the person is told; `out`,
    but standard error beside JSON. `remembered`: the memory of the microphone in use, see its
    `find`; by default the ledger's.
    """
    out = out or sys.stdout
    prompts = prompts or (sys.stderr if as_json else out)
    is_terminal = sys.stdin.isatty()
    stage = Stage(prompts, lang, present=yes or is_terminal, waits=is_terminal and not yes)
    report = Json(out, lang) if as_json else Lines(out, lang)
    context = Context(config, stage, remembered or _remembered(config), root)
    results = []
    for result in results_of(context, LOCAL if offline else LOCAL + NETWORK):
        results.append(result)
        report.show(result)
    report.end(results)
    return int(any(result.state is State.FAIL for result in results))


def results_of(context: Context, plan: Sequence[Planned] = LOCAL + NETWORK) -> Iterator[Result]:
    """Runs the plan; each result comes as soon as it is known."""
    failed_by: dict[Step, Step] = {}
    for planned in plan:
        cause = next((failed_by[need] for need in planned.needs if need in failed_by), None)
        if cause:
            failed_by[planned.step] = cause
            yield skip(planned.step, BECAUSE, earlier=cause)
            continue
        result = _guarded(planned.step, planned.run, context)
        if result.state is State.FAIL:
            failed_by[planned.step] = planned.step
        yield result


def _remembered(config: RecorderConfig) -> str | None:
    """What the agent, running or not, recorded from last."""
    try:
        with closing(Ledger.attach(config.spool_dir / LEDGER, SystemClock())) as ledger:
            return ledger.recall(MEMORY)
    except (LedgerError, OSError):
        return None


def _guarded(step: Step, run: Callable[[Context], Result], context: Context) -> Result:
    """A fault of ours in one step must not hide what the others find."""
    try:
        return run(context)
    except Exception as error:
        return fail(step, "broke", message=f"{type(error).__name__}: {error}")
