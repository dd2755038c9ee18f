"""Who tries too often in vain has to wait."""

import math
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from db.attempts import Attempts, wait_s
from serve_apps.problems import Code, Problem


async def count(
    connection: AsyncConnection, attempts: Attempts, limits: Mapping[str, int], window_s: float, what: str
) -> dict[str, datetime]:
    """Counts one attempt for each key of `limits`, in their order. Returns where it was counted, for `give_back`.

    Raises Problem, `what` in its sentence, where one of them had too many. `connection`: one of `Database.alone`.
    """
    counted: dict[str, datetime] = {}
    for of, limit in limits.items():
        window = await attempts.reserve(connection, of, limit, window_s)
        if window is None:
            seconds = max(1, math.ceil(await wait_s(connection, window_s)))
            detail = f"Too many {what} were tried in vain; try again in {seconds} s."
            raise Problem(Code.TOO_MANY_ATTEMPTS, detail, headers={"Retry-After": str(seconds)})
        counted[of] = window
    return counted


async def give_back(connection: AsyncConnection, attempts: Attempts, counted: Mapping[str, datetime]) -> None:
    """It was not in vain."""
    for of, window in counted.items():
        await attempts.give_back(connection, of, window)
