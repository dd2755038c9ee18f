"""What a caller's filters may reach: their points, and registers only where those are shown."""

from dataclasses import replace

from sqlalchemy.ext.asyncio import AsyncConnection

from db.shops.points import points_that_show_registers
from domain.access import Principal, Role
from domain.dialogue_filter import DialogueFilter
from serve_apps.api.dialogues.query import DialogueQuery
from serve_apps.api.known import known_device, known_register
from serve_apps.problems import Code, Problem


async def allowed_filter(tx: AsyncConnection, query: DialogueQuery, caller: Principal) -> DialogueFilter:
    """The filter within the caller's points. Raises NotFound for what is not the caller's, Problem where it asks by
    register or device at a point that shows no figures by register."""
    wanted = query.filter_for(caller)
    if not wanted.registers and not wanted.devices:
        return wanted
    asked = {(await known_register(tx, caller, register_id)).point_id for register_id in wanted.registers}
    asked |= {(await known_device(tx, caller, device_id)).point_id for device_id in wanted.devices}
    if caller.role is Role.ADMIN:
        return wanted
    shown = await points_that_show_registers(tx)
    if asked - shown:
        detail = "This point shows no figures by register; leave register and device out."
        raise Problem(Code.REGISTERS_HIDDEN, detail)
    # A device may have stood elsewhere before.
    return replace(wanted, points=tuple(sorted(shown if wanted.points is None else shown & set(wanted.points))))
