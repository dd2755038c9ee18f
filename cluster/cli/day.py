"""The dialogues of a period and their figures on the screen."""

import asyncio
from zoneinfo import ZoneInfo

from rich.console import Console

from cluster.cli.tables import DialogueTable, figures_of, render_figures
from cluster.wiring import database_url
from configs.settings import Settings
from db.dialogues.exports import Selection, current_dialogues, zones_of_points
from db.engine import Database
from domain.export import ExportedDialogue


def print_day(settings: Settings, console: Console, selection: Selection | None = None) -> None:
    """Prints the current dialogues of `selection` (None: all) and their figures. Times are those of each point."""
    dialogues, zones = asyncio.run(_read(settings, selection or Selection()))
    console.print(DialogueTable(dialogues, {point: ZoneInfo(zone) for point, zone in zones.items()}))
    console.print(render_figures(figures_of(dialogues)))


async def _read(settings: Settings, selection: Selection) -> tuple[list[ExportedDialogue], dict[str, str]]:
    db = Database(database_url(settings))
    try:
        async with db.begin() as tx:
            dialogues = [d async for d in current_dialogues(tx, selection, segments=False)]
            return dialogues, await zones_of_points(tx)
    finally:
        await db.dispose()
