"""`reanalyze`: history heard or judged again, with other settings, below the shops' own work."""

import asyncio
import json
import sys
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter
from rich.console import Console
from rich.text import Text

from cluster.cli.run_screen import follow, plan_table, print_end
from cluster.cli.times import parse_end, parse_start
from cluster.reanalysis.choice import Wish
from cluster.reanalysis.planning import Asked, make_plan, write_plan
from cluster.wiring import database_url
from configs.settings import Settings, load
from db.engine import Database
from db.runs.read import Run
from domain.access import OPERATOR
from domain.runs import RunPlan, RunProgress, RunStage, RunState

console = Console(stderr=True)


def reanalyze(
    stage: Annotated[RunStage, typer.Option(help="asr: hear and judge again; analysis: judge the words as they are.")],
    start_from: Annotated[
        str | None, typer.Option("--from", help="First day or instant. Without Z or an offset: the point's own time.")
    ] = None,
    start_to: Annotated[
        str | None, typer.Option("--to", help="Last day (included), or the instant before which dialogues start.")
    ] = None,
    point: Annotated[list[str] | None, typer.Option(help="Name or id of a point; may be given again.")] = None,
    model: Annotated[
        str | None,
        typer.Option(help="asr: fast, accurate, rerun or a served model. analysis: a language model, or rules-N."),
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="A version in configs/prompts, such as upsell-v1.")] = None,
    engine: Annotated[str | None, typer.Option(help="openai or rules.")] = None,
    beam: Annotated[int | None, typer.Option(min=1, max=20, help="asr: beam size.")] = None,
    price_in: Annotated[float | None, typer.Option(min=0, help="USD per million tokens in, of --model.")] = None,
    price_out: Annotated[float | None, typer.Option(min=0, help="USD per million tokens out, of --model.")] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="Only so many dialogues, drawn by lot.")] = None,
    shadow: Annotated[bool, typer.Option("--shadow", help="Change nothing until it is promoted.")] = False,
    name: Annotated[str | None, typer.Option(help="What to call the run. Default: made of what it does.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    detach: Annotated[bool, typer.Option("--detach", help="Do not wait for its end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Hear or judge past dialogues again with another model, prompt or version of the rules."""
    if not (yes or _is_asked()):
        raise typer.BadParameter("nobody is there to be asked whether to begin; say --yes")
    wish = Wish(stage, model, beam, prompt, engine, price_in, price_out)
    period = (parse_start(start_from), parse_end(start_to))
    settings = load()
    run = asyncio.run(_plan(settings, Asked(wish, *period, point or [], sample, shadow, name), yes))
    ended = None if detach else watch(settings, run.name)
    if as_json:
        typer.echo(json.dumps(_told(run, ended)))
    elif detach:
        console.print(Text(f"Planned. See how far it is: salescontrol runs follow {run.name}"))
    raise typer.Exit(0 if ended is None else exit_code(*ended))


def watch(settings: Settings, name: str) -> tuple[Run, RunProgress] | None:
    """Follows a run on the screen; None where somebody has seen enough: it goes on without."""
    try:
        ended = asyncio.run(_follow(settings, name))
    except KeyboardInterrupt:
        console.print(Text(f"It goes on. See how far it is: salescontrol runs follow {name}"), soft_wrap=True)
        return None
    print_end(console, *ended)
    return ended


def exit_code(run: Run, progress: RunProgress) -> int:
    """0 where all of it went well."""
    return 1 if progress.dead or run.error or run.state is RunState.CANCELLED else 0


def _is_asked() -> bool:
    """True where a person sits at the other end."""
    return sys.stdin.isatty()


async def _plan(settings: Settings, asked: Asked, yes: bool) -> RunPlan:
    """The plan shown, agreed to, and written."""
    db = Database(database_url(settings), pool_size=1)
    try:
        plan = await make_plan(db, settings, asked)
        console.print(plan_table(plan))
        if not yes:
            typer.confirm("Begin?", abort=True, err=True)
        await write_plan(db, plan, OPERATOR)
    finally:
        await db.dispose()
    return plan


async def _follow(settings: Settings, name: str) -> tuple[Run, RunProgress]:
    db = Database(database_url(settings), pool_size=1)
    try:
        return await follow(db, name, console)
    finally:
        await db.dispose()


def _told(plan: RunPlan, ended: tuple[Run, RunProgress] | None) -> dict[str, Any]:
    told: dict[str, Any] = {"plan": TypeAdapter(RunPlan).dump_python(plan, mode="json")}
    if ended is not None:
        run, progress = ended
        told["run"] = TypeAdapter(Run).dump_python(run, mode="json")
        told["progress"] = TypeAdapter(RunProgress).dump_python(progress, mode="json")
    return told
