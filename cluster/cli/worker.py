"""`worker`: some stages on a machine apart from the cluster."""

from typing import Annotated

import typer

from cluster import apart
from cluster.cli.cluster_commands import Steps
from configs import logs
from configs.settings import load


def worker(
    stages: Annotated[str, typer.Option("--stages", help="Which, with commas between: asr, or vad,asr.")],
) -> None:
    """Work on some stages until Ctrl-C, on a machine apart: it needs DATABASE_URL, and INGEST_INTERNAL_BASE_URL with
    INTERNAL_TOKEN to read audio. Whisper starts with asr."""
    settings = load()
    logs.setup(settings.log.level)
    with Steps() as steps:
        apart.run(settings, [name.strip() for name in stages.split(",") if name.strip()], steps.report)
