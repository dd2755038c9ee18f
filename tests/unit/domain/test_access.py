"""Who may do what, and where."""

from uuid import UUID

import pytest

from domain.access import ALLOWED, Permission, Principal, Role, sees_registers
from domain.errors import NotFound

MINE, ALSO_MINE, THEIRS = (UUID(int=n) for n in range(3))


def somebody(role: Role = Role.MANAGER, points: set[UUID] | None = None) -> Principal:
    return Principal("somebody", UUID(int=9), role, None if points is None else frozenset(points))


def test_a_list_is_about_ones_own_points_or_those_of_them_that_were_asked_for() -> None:
    caller = somebody(points={MINE, ALSO_MINE})
    assert caller.scope() == [MINE, ALSO_MINE]
    assert caller.scope([]) == [MINE, ALSO_MINE]
    assert caller.scope([ALSO_MINE]) == [ALSO_MINE]
    assert somebody(points=set()).scope() == []


def test_who_sees_all_asks_for_what_they_like() -> None:
    assert somebody(points=None).scope() is None
    assert somebody(points=None).scope([THEIRS]) == [THEIRS]


@pytest.mark.parametrize("asked", [[THEIRS], [MINE, THEIRS]])
def test_one_foreign_point_spoils_the_question(asked: list[UUID]) -> None:
    with pytest.raises(NotFound, match=f"There is no point {THEIRS}"):
        somebody(points={MINE}).scope(asked)


def test_figures_by_register_are_for_admins_until_they_are_turned_on() -> None:
    for role in Role:
        assert sees_registers(somebody(role), shows_registers=True)
        assert sees_registers(somebody(role), shows_registers=False) is (role is Role.ADMIN)


def test_every_role_may_read_and_only_admins_manage_people() -> None:
    assert {role for role in Role if Permission.READ in ALLOWED[role]} == set(Role)
    assert {role for role in Role if Permission.USERS in ALLOWED[role]} == {Role.ADMIN}
    assert somebody(Role.REVIEWER).may(Permission.REVIEW)
    assert not somebody(Role.MACHINE).may(Permission.REVIEW)
