"""Engines of runs, inside the worker that judges for them."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from cluster.engines.base import Engine
from cluster.engines.choice import build_engine_of
from configs.sections import AnalysisSettings
from db.runs.read import read_settings
from domain.errors import ConfigError, Unavailable
from domain.runs import Judging

MEND_S = 60.0
"""Seconds until a run looks again for an engine that this worker cannot build."""


class RunEngines:
    """Made when first asked for and kept; runs that judge alike share one."""

    def __init__(self, settings: AnalysisSettings) -> None:
        self._settings = settings
        self._engines: dict[Judging, Engine] = {}

    async def of(self, tx: AsyncConnection, run_id: UUID) -> Engine:
        """Raises Unavailable where this release or its settings lack what the run was planned with: the run then waits,
        and none of its jobs dies of it."""
        judging = (await read_settings(tx, run_id)).judging
        if judging not in self._engines:
            try:
                self._engines[judging] = build_engine_of(judging, self._settings)
            except ConfigError as error:
                raise Unavailable(f"the run waits: {error}", MEND_S) from error
        return self._engines[judging]

    async def close(self) -> None:
        """Closes their connections."""
        for engine in self._engines.values():
            await engine.close()
