"""What stands behind an id of a request. What is not the caller's is answered exactly as what is not there."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from db.shops.devices import Device, find_device
from db.shops.enrolment import EnrolmentCode, find_code
from db.shops.points import Point, Register, find_point, find_register
from domain.access import Principal
from domain.errors import NotFound
from domain.ids import DeviceId, PointId, RegisterId


async def known_point(tx: AsyncConnection, caller: Principal, point_id: UUID) -> Point:
    """Raises NotFound."""
    point = await find_point(tx, PointId(point_id))
    if point is None or not caller.sees(point_id):
        raise NotFound(f"There is no point {point_id}; check the id.")
    return point


async def known_register(tx: AsyncConnection, caller: Principal, register_id: UUID) -> Register:
    """Raises NotFound."""
    register = await find_register(tx, RegisterId(register_id))
    if register is None or not caller.sees(register.point_id):
        raise NotFound(f"There is no register {register_id}; check the id.")
    return register


async def known_device(tx: AsyncConnection, caller: Principal, device_id: UUID) -> Device:
    """Raises NotFound."""
    device = await find_device(tx, DeviceId(device_id))
    if device is None or not caller.sees(device.point_id):
        raise NotFound(f"There is no device {device_id}; check the id.")
    return device


async def known_code(tx: AsyncConnection, caller: Principal, enrolment_id: UUID) -> EnrolmentCode:
    """Raises NotFound."""
    code = await find_code(tx, enrolment_id)
    if code is None or not caller.sees(code.point_id):
        raise NotFound(f"There is no enrolment code {enrolment_id}; list the codes.")
    return code
