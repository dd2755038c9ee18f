"""Any sequence of reports leaves in the database what a plain list would hold."""

import asyncio
from itertools import pairwise
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.engine import Database
from db.shops.coverage import replace_coverage, told_coverage
from db.shops.devices import NewDevice, register_device
from db.shops.points import NewPoint, NewRegister
from domain.coverage import Interval, replaced
from domain.ids import DeviceId, PointId, RegisterId
from domain.status import CoverageFate
from domain.timeline import Span

BASE_MS = 1_767_225_600_000
MINUTE_MS = 60_000
WHOLE = Span(BASE_MS - MINUTE_MS, BASE_MS + 100 * MINUTE_MS)
FATES = [CoverageFate.RECORDED, CoverageFate.WAITING, CoverageFate.PAUSED, CoverageFate.LOST]
Telling = tuple[Span, list[Interval]]


@st.composite
def tellings(draw: st.DrawFn) -> Telling:
    """A span, and ascending intervals in it."""
    start, end = sorted(draw(st.lists(st.integers(0, 60), min_size=2, max_size=2, unique=True)))
    borders = sorted(draw(st.sets(st.integers(start, end), max_size=6)))
    chosen = [draw(st.sampled_from([*FATES, None])) for _ in borders]
    told = [
        Interval(_ms(a), _ms(b), fate, "off" if fate is CoverageFate.LOST else None)
        for (a, b), fate in zip(pairwise(borders), chosen, strict=False)
        if fate is not None
    ]
    return Span(_ms(start), _ms(end)), told


def _ms(minute: int) -> int:
    return BASE_MS + minute * MINUTE_MS


async def registered(db: Database) -> DeviceId:
    device_id, point_id = DeviceId(uuid4()), PointId(uuid4())
    new = NewDevice(device_id, NewPoint(point_id), NewRegister(RegisterId(uuid4()), point_id))
    async with db.begin() as tx:
        await register_device(tx, new)
    return device_id


async def stored_after(db: Database, sequence: list[Telling]) -> list[Interval]:
    device_id, neighbour = await registered(db), await registered(db)
    beside = [Interval(*WHOLE, CoverageFate.PAUSED)]
    async with db.begin() as tx:
        await replace_coverage(tx, neighbour, WHOLE, beside)
        for span, told in sequence:
            await replace_coverage(tx, device_id, span, told)
        assert await told_coverage(tx, neighbour, WHOLE) == beside
        return await told_coverage(tx, device_id, WHOLE)


def test_the_database_holds_what_a_plain_list_holds_after_any_sequence_of_reports(database_url: str) -> None:
    with asyncio.Runner() as runner:
        runner.get_loop()
        db = Database(database_url)

        @settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(sequence=st.lists(tellings(), max_size=8))
        def check(sequence: list[Telling]) -> None:
            wanted: list[Interval] = []
            for span, told in sequence:
                wanted = replaced(wanted, span, told)
            assert runner.run(stored_after(db, sequence)) == wanted

        check()
        runner.run(db.dispose())
