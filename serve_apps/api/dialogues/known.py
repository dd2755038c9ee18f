"""The dialogue behind an id. What is not the caller's is answered exactly as what is not there."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from db.dialogues.detail import Stored, read_stored
from db.dialogues.rows import DialogueLine, read_line
from domain.access import Principal
from domain.errors import NotFound
from domain.status import DialogueState


async def known_dialogue(tx: AsyncConnection, dialogue_id: UUID, caller: Principal) -> tuple[DialogueLine, Stored]:
    """A current dialogue. Raises NotFound, which names its heir where it went into another."""
    line = await read_line(tx, dialogue_id)
    if line is None or not caller.sees(line.point_id):
        raise NotFound(f"There is no dialogue {dialogue_id}; check the id.")
    stored = await read_stored(tx, dialogue_id)
    if stored.state is DialogueState.SUPERSEDED:
        heir = f"it went into dialogue {stored.alias_of}" if stored.alias_of else "later audio left nothing of it"
        raise NotFound(f"Dialogue {dialogue_id} is history: {heir}.")
    return line, stored
