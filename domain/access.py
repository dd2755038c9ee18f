"""Who may do what: roles, permissions, the table that joins them, and what a caller sees.

Three questions are asked of every request, each in one place:

- *may this role do it?*       `ALLOWED[role]`, asked by the route's `auth.require(Permission.X)`;
- *at this point?*             `Principal.check_point`, `Principal.scope`: what is not the caller's looks as if it did
                               not exist, in answers and in errors;
- *down to the register?*      `sees_registers`: a register is, more often than not, one cashier.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.errors import NotFound


class Role(StrEnum):
    """`machine`: no person, comes with a token of its own and never by password."""

    ADMIN = "admin"
    MANAGER = "manager"
    REVIEWER = "reviewer"
    VIEWER = "viewer"
    MACHINE = "machine"


class Permission(StrEnum):
    """`read`: reports, dialogues and what stands at a point. `devices_write`: devices, registers, their tokens and
    codes. `users`: people, their tokens, and the log of what was changed. `runs`: re-analyses, which move figures of
    every point."""

    READ = "read"
    REVIEW = "review"
    EXPORT = "export"
    POINTS_WRITE = "points_write"
    DEVICES_WRITE = "devices_write"
    ERASE = "erase"
    USERS = "users"
    SYSTEM = "system"
    RUNS = "runs"


_AT_POINTS = frozenset(Permission) - {Permission.USERS, Permission.SYSTEM, Permission.RUNS}
ALLOWED: Mapping[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.MANAGER: _AT_POINTS,
    Role.REVIEWER: frozenset({Permission.READ, Permission.REVIEW}),
    Role.VIEWER: frozenset({Permission.READ}),
    Role.MACHINE: frozenset({Permission.READ, Permission.EXPORT}),
}
"""Each within the caller's points."""

OPERATOR = "ADMIN_TOKEN"
"""The actor whom the server's own ADMIN_TOKEN stands for. No login: a login is lower-case."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. `points` None: all, those to come included. `user_id` None: the holder of ADMIN_TOKEN.

    `token_id`, `expires_at`: of the session or machine token that was sent; `request_id`: for the audit log.
    """

    actor: str
    user_id: UUID | None
    role: Role
    points: frozenset[UUID] | None
    token_id: UUID | None = None
    expires_at: datetime | None = None
    request_id: str = ""

    @property
    def permissions(self) -> frozenset[Permission]:
        return ALLOWED[self.role]

    def may(self, permission: Permission) -> bool:
        return permission in self.permissions

    def sees(self, point_id: UUID) -> bool:
        return self.points is None or point_id in self.points

    def check_point(self, point_id: UUID) -> None:
        """Raises NotFound where the point is not the caller's: it is answered like a point that is not there."""
        if not self.sees(point_id):
            raise NotFound(f"There is no point {point_id}; check the id.")

    def scope(self, asked: Iterable[UUID] | None = None) -> list[UUID] | None:
        """The points that a list or a report is about; None: all. Raises NotFound where one that was asked for is not
        the caller's. An empty list: the caller has no point, and nothing is to be found."""
        wanted = list(asked or ())
        for point_id in wanted:
            self.check_point(point_id)
        if wanted:
            return wanted
        return None if self.points is None else sorted(self.points)


def sees_registers(caller: Principal, shows_registers: bool) -> bool:
    """Whether `caller` may have figures by register at a point. `shows_registers`: the point's own setting, off until
    its owner turns it on, because a register's figures are, more often than not, one cashier's.

    Where this is False: no breakdown by register; a filter by register is refused (`registers_hidden`); the register of
    a dialogue is null in rows, details and exports. The state of devices and registers themselves (heartbeats,
    coverage) stays visible: it tells of machines. Admins always see.
    """
    return shows_registers or caller.role is Role.ADMIN
