"""Identifiers, each its own type, so that a device is never passed where a dialogue is meant."""

from typing import NewType
from uuid import UUID

PointId = NewType("PointId", UUID)
RegisterId = NewType("RegisterId", UUID)
DeviceId = NewType("DeviceId", UUID)
SessionId = NewType("SessionId", UUID)
ChunkId = NewType("ChunkId", UUID)
DialogueId = NewType("DialogueId", UUID)
RunId = NewType("RunId", UUID)
JobId = NewType("JobId", int)
