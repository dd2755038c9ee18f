"""A run's plan: settings, dialogues, cost and time, before anything of it is written."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from cluster.engines.choice import build_engine_of, engine_name
from cluster.engines.prompt import load_prompt
from cluster.reanalysis.choice import Wish, settings_for
from configs.settings import Settings
from db.engine import Database
from db.runs.plan import Counted, count, is_name_taken, points_called, write
from db.runs.rates import measured_tokens, speeds
from domain.errors import ConfigError, NotFound
from domain.ids import RunId
from domain.run_estimate import Measured, Work, estimate
from domain.runs import Judging, RunFilters, RunPlan, RunSettings

NAME = re.compile(r"\w[\w.-]{0,79}")


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants judged again, and how."""

    wish: Wish
    start_from: datetime | None
    start_before: datetime | None
    points: Sequence[str]
    sample: int | None
    is_shadow: bool
    name: str | None


async def make_plan(db: Database, settings: Settings, asked: Asked) -> RunPlan:
    """Raises ConfigError where something of it does not exist or is empty. Writes nothing."""
    chosen = settings_for(asked.wish, settings)
    await _check_engine(chosen.judging, settings)
    run_id = RunId(uuid4())
    name = _name(asked, chosen, run_id)
    async with db.begin() as tx:
        if await is_name_taken(tx, name):
            raise ConfigError(f"there is a run called {name!r} already; choose another --name")
        try:
            points = await points_called(tx, asked.points)
        except NotFound as error:
            raise ConfigError(f"--point: {error}") from None
        filters = RunFilters(asked.start_from, asked.start_before, points)
        counted = await count(tx, run_id, asked.wish.stage, filters, asked.sample)
        _check_not_empty(asked, counted)
        tokens, speed = await measured_tokens(tx), await speeds(tx)
    same = _is_same_engine(chosen.judging, settings)
    measured = Measured(tokens, speed.times_real_time, speed.judged_per_s, same)
    return RunPlan(
        run_id=run_id,
        name=name,
        stage=asked.wish.stage,
        is_shadow=asked.is_shadow,
        filters=filters,
        settings=chosen,
        sample=asked.sample,
        dialogues=counted.dialogues,
        audio_ms=counted.audio_ms,
        left_out=counted.left_out,
        estimate=estimate(_work(counted, chosen.judging, settings), chosen, measured),
    )


async def write_plan(db: Database, plan: RunPlan, created_by: str) -> None:
    """From here on it is fixed. Raises Conflict where another run took the name meanwhile."""
    async with db.begin() as tx:
        await write(tx, plan, created_by)


async def _check_engine(judging: Judging, settings: Settings) -> None:
    """Builds it once, as the workers will. Raises ConfigError where it lacks a key, a server or a prompt."""
    await build_engine_of(judging, settings.analysis).close()


def _name(asked: Asked, chosen: RunSettings, run_id: RunId) -> str:
    if asked.name is None:
        model = chosen.listening.asr_pass if chosen.listening else chosen.judging.model
        parts = (asked.wish.stage, re.sub(r"[^\w.-]+", "-", model), chosen.judging.prompt, run_id.hex[:6])
        return "-".join(part for part in parts if part)
    if not NAME.fullmatch(asked.name):
        raise ConfigError("--name: letters, digits, dots, dashes and underscores, at most 80, a letter or digit first")
    return asked.name


def _check_not_empty(asked: Asked, counted: Counted) -> None:
    if asked.start_from and asked.start_before and _begins_late(asked.start_from, asked.start_before):
        raise ConfigError("the period is empty: --from is not before --to")
    if counted.dialogues == 0:
        why = ", ".join(f"{n} {obstacle}" for obstacle, n in counted.left_out.items())
        there = f"those there are cannot take part: {why}" if why else "there is none; check --from, --to and --point"
        raise ConfigError(f"no dialogue to judge again: {there}")


def _begins_late(start_from: datetime, start_before: datetime) -> bool:
    """Where only one of them has a zone, it depends on the point."""
    return bool(start_from.tzinfo) == bool(start_before.tzinfo) and start_from >= start_before


def _is_same_engine(judging: Judging, settings: Settings) -> bool:
    analysis = settings.analysis
    is_same_kind = engine_name(analysis) == judging.engine
    return is_same_kind and (judging.engine == "rules" or judging.model == analysis.openai_model)


def _work(counted: Counted, judging: Judging, settings: Settings) -> Work:
    return Work(
        counted.dialogues,
        counted.audio_ms / 1000,
        counted.text_chars,
        len(load_prompt(judging.prompt).system) if judging.prompt else 0,
        max(1, int(settings.analysis.concurrency * settings.runs.window_share)),
    )
