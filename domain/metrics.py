"""Every metric of ours, defined once: its name, kind, labels and what it tells. docs/monitoring.md shows the list.

Names follow Prometheus: base units (seconds, bytes), a `_total` at the end of what only grows. Processes count what
they do through Ray (`configs/meters.py`); what lies in the database is read by one collector (`db/metrics/`).
"""

from dataclasses import dataclass
from enum import StrEnum


class MetricKind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """`labels` without those that all have: `node`, and of what a process counts, `process`. `buckets`: upper limits of
    a histogram's buckets. `only_after`: what has to happen before there is a series of it; empty: always there."""

    name: str
    kind: MetricKind
    tells: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    only_after: str = ""


@dataclass(frozen=True, slots=True)
class Sample:
    """One series as it is now. `values`: of the metric's labels, in their order."""

    metric: Metric
    value: float
    values: tuple[str, ...] = ()


PREFIX = "salescontrol_"
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


def _counter(name: str, tells: str, *labels: str, only_after: str = "") -> Metric:
    return Metric(PREFIX + name, MetricKind.COUNTER, tells, labels, only_after=only_after)


def _gauge(name: str, tells: str, *labels: str, only_after: str = "") -> Metric:
    return Metric(PREFIX + name, MetricKind.GAUGE, tells, labels, only_after=only_after)


def _seconds(name: str, tells: str, *labels: str) -> Metric:
    return Metric(PREFIX + name, MetricKind.HISTOGRAM, tells, labels, _SECONDS)


# Uploads: counted by each replica of `ingest`.
UPLOADS = _counter(
    "uploads_total", "Chunks answered with a receipt: new, duplicate or discarded (erased time)", "outcome"
)
UPLOAD_BYTES = _counter("upload_bytes_total", "Bytes of the new chunks")
UPLOAD_AUDIO = _counter("upload_audio_seconds_total", "Audio in the new chunks")
UPLOAD_SECONDS = _seconds("upload_seconds", "From a whole body to its receipt")
PROBLEMS = _counter(
    "problems_total", "Errors answered over HTTP, by code (docs/errors.md)", "code", only_after="an error"
)

# Stages: counted by each worker.
JOBS = _counter(
    "jobs_total", "Attempts that ended: done, superseded, retried, dead, handed_back or lost", "stage", "outcome"
)
JOB_SECONDS = _seconds("job_seconds", "From the claim of a job to its end", "stage")
JOB_AUDIO = _counter(
    "job_audio_seconds_total", "Audio in the jobs done; its rate is the stage's speed in times real time", "stage"
)
LEASES_EXPIRED = _counter(
    "leases_expired_total", "Jobs taken over from a worker that vanished", "stage", only_after="a worker's death"
)
TRANSCRIPTS = _counter("transcripts_total", "Transcripts, by the pass they are from", "asr_pass", "model")
SURPRISAL = _counter(
    "transcript_surprisal_total",
    "Sum of minus avg_logprob over transcripts; by their number: a proxy of the error rate",
)
TRANSCRIPT_REASONS = _counter(
    "transcript_reasons_total",
    "Transcripts with this against them (domain/suspicion.py)",
    "reason",
    only_after="a doubt",
)
SILENCED = _counter(
    "transcripts_silenced_total",
    "Transcripts emptied because nobody spoke (domain/hallucination.py)",
    "reason",
    only_after="a dialogue without words",
)
VERDICTS = _counter("verdicts_total", "Dialogues judged, by what the engine said", "model", "kind", "attempted")
SKIPPED = _counter(
    "verdicts_skipped_total", "Dialogues not judged, and why", "reason", only_after="a dialogue too short"
)
TOKENS = _counter(
    "llm_tokens_total", "Tokens sent (in) and received (out)", "model", "direction", only_after="an LLM's answer"
)
COST = _counter(
    "llm_cost_usd_total", "Cost of the tokens by the configured prices", "model", only_after="an LLM's answer"
)

# Whisper: counted by each replica that holds a model.
HEARD_AUDIO = _counter("whisper_audio_seconds_total", "Speech transcribed; its rate is the replica's speed", "model")
BUSY = _counter("whisper_busy_seconds_total", "Time in which the engine worked", "model")
WINDOWS = _counter("whisper_windows_total", "Windows of 30 s decoded in batches", "model")
WINDOW_SLOTS = _counter("whisper_window_slots_total", "Windows those batches had room for", "model")
WINDOW_SPEECH = _counter("whisper_window_speech_seconds_total", "Speech laid into those windows", "model")
HEARD = _counter(
    "whisper_dialogues_total",
    "Dialogues heard: packed with others, alone, or again (packed first, then alone)",
    "model",
    "how",
)

# What every process of ours tells of itself.
AUDIO_READ = _counter("audio_read_bytes_total", "Audio read: disk, s3, internal (the route) or cache", "source")
BUILD = _gauge("build_info", "1; the labels say which code runs", "release", "profile")
MODEL = _gauge("model_info", "1; the model that a replica holds: id@revision, compute type", "model", "device")
POOL = _gauge("database_pool_connections", "Connections of the process's pool: busy or idle", "state")
CLOCK_ERROR = _gauge("clock_error_seconds", "The process's clock minus the database's")

# The collector: what lies in the database and the store, the same from every node.
DATABASE_UP = _gauge("database_up", "1 where the collector could ask the database, else 0")
QUEUE_JOBS = _gauge(
    "queue_jobs", "Jobs by state: queued, delayed (their time has not come) or running", "stage", "job_class", "state"
)
QUEUE_AUDIO = _gauge("queue_audio_seconds", "Audio in the jobs that may run now", "stage", "job_class")
QUEUE_OLDEST = _gauge("queue_oldest_seconds", "Age of the oldest job that may run now", "stage", "job_class")
DEAD_JOBS = _gauge("dead_jobs", "Jobs that nobody will try again by itself", "stage")
PAUSED = _gauge(
    "stage_paused_seconds", "Since when a stage has waited for what is down", "stage", only_after="an outage"
)
POINT_OPEN = _gauge("point_open", "1 while the point is open by its hours", "point_id", "point")
POINT_COVERAGE = _gauge(
    "point_coverage_ratio",
    "Share of today's open time so far that is recorded",
    "point_id",
    "point",
    only_after="an opening",
)
POINT_SILENT = _gauge("point_silent_devices", "Devices of an open point that send no audio", "point_id", "point")
DEVICE_CLOCK = _gauge(
    "device_clock_error_seconds",
    "A recorder's clock minus ours, where it is off by 5 s or more",
    "device_id",
    "point",
    only_after="a wrong clock",
)
RUN_DIALOGUES = _gauge(
    "run_dialogues", "Dialogues of runs under way: planned, fed or judged", "run", "state", only_after="a run"
)
STORE_FREE = _gauge("store_free_bytes", "Free space of the audio store", only_after="a store on a disk")
STORE_FLOOR = _gauge("store_floor_bytes", "Below this much free space uploads are refused")
DATABASE_BYTES = _gauge("database_bytes", "Size of the database")
DATABASE_CONNECTIONS = _gauge("database_connections", "Connections of all to the database server")
DATABASE_CONNECTIONS_MAX = _gauge("database_connections_max", "Connections that the server allows")
COST_BUDGET = _gauge("llm_budget_usd", "What an LLM may cost a day (metrics.llm_budget_usd); 0: not watched")
BACKUP_AGE = _gauge("backup_age_seconds", "Age of the newest backup", only_after="a backup")

# The endpoint about itself.
NODE_UP = _gauge(
    "node_up", "1 where the node's exporter answered in time; 0: it did not, or the node vanished of late", "node"
)
COLLECT_SECONDS = _gauge("collect_seconds", "How long the database and the nodes took to answer", "part")

CATALOGUE: tuple[Metric, ...] = tuple(value for value in globals().values() if isinstance(value, Metric))
"""All of them, in the order above."""
