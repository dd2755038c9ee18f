"""Every table, once. SQLAlchemy Core metadata; Alembic compares itself with this. Times are timestamptz, UTC."""

from db.tables.audio import audio_chunks, speech_segments, tombstones
from db.tables.backups import backups
from db.tables.base import metadata
from db.tables.chain import chain_day_categories, chain_hours
from db.tables.dialogues import dialogue_segments, dialogue_transcripts, dialogue_upsell_analysis, dialogues
from db.tables.erasure import doomed_files, erasures
from db.tables.jobs import jobs, stage_pauses, stage_results, stage_turns
from db.tables.people import audit_log, idempotency_keys, login_attempts, user_points, user_tokens, users
from db.tables.places import (
    coverage,
    device_heartbeats,
    device_tokens,
    devices,
    disabled_spans,
    enrolment_attempts,
    enrolment_codes,
    points,
    registers,
)
from db.tables.reports import (
    coverage_days,
    dialogue_facts,
    dialogue_search,
    report_day_categories,
    report_day_engines,
    report_days,
    report_hours,
)
from db.tables.reviews import review_queue, reviews
from db.tables.runs import run_replaced, run_subjects, runs

__all__ = [
    "audio_chunks",
    "audit_log",
    "backups",
    "chain_day_categories",
    "chain_hours",
    "coverage",
    "coverage_days",
    "device_heartbeats",
    "device_tokens",
    "devices",
    "dialogue_facts",
    "dialogue_search",
    "dialogue_segments",
    "dialogue_transcripts",
    "dialogue_upsell_analysis",
    "dialogues",
    "disabled_spans",
    "doomed_files",
    "enrolment_attempts",
    "enrolment_codes",
    "erasures",
    "idempotency_keys",
    "jobs",
    "login_attempts",
    "metadata",
    "points",
    "registers",
    "report_day_categories",
    "report_day_engines",
    "report_days",
    "report_hours",
    "review_queue",
    "reviews",
    "run_replaced",
    "run_subjects",
    "runs",
    "speech_segments",
    "stage_pauses",
    "stage_results",
    "stage_turns",
    "tombstones",
    "user_points",
    "user_tokens",
    "users",
]
