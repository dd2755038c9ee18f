"""What is seen of a run on the screen: its plan, how far it is, and how it ended. Nothing here acts as markup."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from db.engine import Database
from db.runs.read import Run, find_run, last_error, progress_of_run
from domain.runs import OPEN, RunPlan, RunProgress, RunSettings, RunState

LOOK_S = 1.0
PATIENCE_S = 15.0
"""A run that nobody takes up for so long may have no workers."""
WORDS = {
    RunState.DONE: ("done", "green"),
    RunState.PROMOTED: ("promoted: its verdicts are the current ones", "bold green"),
    RunState.ROLLED_BACK: ("rolled back", "yellow"),
    RunState.CANCELLED: ("cancelled", "yellow"),
}


def plan_table(plan: RunPlan) -> Table:
    """What will be done, to how much, at what cost."""
    table = Table.grid(padding=(0, 2))
    drawn = f", drawn by lot from run {plan.run_id}, each point by its share" if plan.sample is not None else ""
    table.add_row("Run", Text(plan.name, style="bold"))
    table.add_row("Dialogues", Text(f"{plan.dialogues}{drawn}"))
    if plan.left_out:
        table.add_row("Left out", Text(", ".join(f"{n} {why}" for why, n in plan.left_out.items())))
    table.add_row("Speech", Text(hours(plan.audio_ms)))
    for label, how in settings_rows(plan.settings):
        table.add_row(label, Text(how))
    if plan.estimate is not None:
        table.add_row("Cost", Text(f"about {plan.estimate.cost_usd:.2f} USD ({plan.estimate.cost_from})"))
        table.add_row("Time", Text(f"about {span(plan.estimate.time_s)} ({plan.estimate.time_from})"))
    then = "nothing changes until somebody promotes it" if plan.is_shadow else "its verdicts replace the current ones"
    table.add_row("At the end", Text(f"{'a shadow: ' if plan.is_shadow else ''}{then}"))
    return table


def settings_rows(settings: RunSettings) -> Iterator[tuple[str, str]]:
    """Label and value of how a run listens and judges."""
    if settings.listening is not None:
        how = settings.listening
        packed = "packed" if how.pack else "one dialogue at a time"
        yield "Heard by", f"{how.model}, {how.compute_type}, beam {how.beam_size}, {packed} (as {how.asr_pass})"
    judging = settings.judging
    yield "Judged by", judging.model + (f", told by {judging.prompt}" if judging.prompt else "")


def hours(audio_ms: int) -> str:
    return f"{audio_ms / 3_600_000:.1f} h" if audio_ms >= 3_600_000 else f"{audio_ms / 60_000:.1f} min"


def span(seconds: float) -> str:
    """Rounded as an estimate deserves."""
    for size_s, name in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size_s:
            return f"{seconds / size_s:.0f} {name}"
    return f"{max(seconds, 1):.0f} s"


async def follow(db: Database, name: str, console: Console) -> tuple[Run, RunProgress]:
    """Shows a run until it has ended, and is promoted where it will be. Raises NotFound."""
    with _bar(console) as (bar, task):
        waited_s = 0.0
        while True:
            async with db.begin() as tx:
                run = await find_run(tx, name)
                progress = await progress_of_run(tx, run.run_id)
                error = await last_error(tx, run.run_id) if run.state in OPEN else None
            waited_s = waited_s + LOOK_S if run.state is RunState.PLANNED else 0.0
            note = _note(run, progress, error, is_late=waited_s > PATIENCE_S)
            bar.update(task, description=run.name, total=max(progress.planned, 1), completed=progress.ended, note=note)
            if is_over(run):
                return run, progress
            await asyncio.sleep(LOOK_S)


def is_over(run: Run) -> bool:
    """Nothing more will happen to it by itself."""
    is_due = run.state is RunState.DONE and not run.is_shadow and run.error is None
    return run.state not in OPEN and not is_due


def _note(run: Run, progress: RunProgress, error: str | None, *, is_late: bool) -> str:
    if run.state is RunState.PLANNED:
        return "waits for the workers; are they there? `salescontrol up` starts them" if is_late else "begins"
    if run.state is RunState.DONE:
        return "is being promoted" if not is_over(run) else "done"
    parts = [f"{progress.heard} heard"] if run.settings.listening else []
    parts += [f"{progress.judged} judged"]
    parts += [f"{progress.stale} changed since"] if progress.stale else []
    parts += [f"{progress.dead} failed"] if progress.dead else []
    parts += [f"last error: {error.splitlines()[0][:60]}"] if error else []
    return ", ".join(parts)


@contextmanager
def _bar(console: Console) -> Iterator[tuple[Progress, TaskID]]:
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    note = TextColumn("{task.fields[note]}", markup=False)
    with Progress(*columns, note, console=console, disable=not console.is_terminal) as bar:
        yield bar, bar.add_task("", total=None, note="")


def print_end(console: Console, run: Run, progress: RunProgress) -> None:
    """How it ended, and what one does next."""
    word, style = WORDS.get(run.state, (run.state.value, ""))
    counts = f"{progress.judged} of {progress.planned} dialogues judged"
    counts += f", {progress.stale} changed meanwhile" if progress.stale else ""
    counts += f", {progress.dead} failed" if progress.dead else ""
    console.print(Text.assemble(f"{run.name}: ", (word, style), f"; {counts}"), soft_wrap=True)
    for line in _next_steps(run, progress):
        console.print(Text(line, style="dim"), soft_wrap=True)


def _next_steps(run: Run, progress: RunProgress) -> Iterator[str]:
    if run.error:
        yield run.error
    if progress.dead:
        yield f"Why they failed: salescontrol jobs list --state dead; again: salescontrol jobs retry --run {run.name}"
    if run.state is RunState.DONE:
        yield f"Compare: salescontrol runs diff {run.name}; make it current: salescontrol runs promote {run.name}"
    if run.state is RunState.PROMOTED:
        yield f"Back to the figures of before: salescontrol runs rollback {run.name}"
