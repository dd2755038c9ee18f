"""Under what a chunk may be uploaded. A chunk belongs to the device that recorded it: a Pi that was moved to another
till still delivers what the first one recorded under the first one's token.

Kept in `<folder>/<device_id>.json`, mode 0600, written at every start, removed once no chunk needs them.
"""

import json
import logging
import os
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from recorder import durable
from recorder.chunk import Identity

log = logging.getLogger(__name__)

_TOKEN = re.compile(r"[!-~]+")
_PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Credentials:
    """Of one device on one server. `base_url`: up to where /api/v1 begins. The token is in no repr and no message."""

    identity: Identity
    base_url: str
    token: str = field(repr=False)

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.token):
            raise ValueError("a token is one word of Latin letters, digits and signs")

    def url(self, route: str) -> str:
        return f"{self.base_url.rstrip('/')}/api/v1/{route}"

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises ValueError, which never quotes the text."""
        try:
            fields = json.loads(text)
            identity = Identity(**fields.pop("identity"))
            return cls(identity=identity, **fields)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise ValueError("holds no credentials") from None


class CredentialStore:
    """The credentials of this recorder, and of the devices that it was before."""

    def __init__(self, folder: Path, current: Credentials) -> None:
        self._folder = folder
        self.current = current

    def remember_current(self) -> None:
        """So that its chunks can still be delivered after the configuration names another device. Raises OSError."""
        durable.make_folder(self._folder)
        path, text = self._path(self.current.identity.device_id), self.current.to_json().encode()
        if not _holds(path, text):
            durable.write(path, text, _PRIVATE)

    def of(self, device_id: str) -> Credentials | None:
        """None where there are none: the chunk waits until they are given again."""
        if device_id == self.current.identity.device_id:
            return self.current
        path = self._path(device_id)
        try:
            return Credentials.from_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            log.error("credentials_unreadable", extra={"path": str(path), "reason": str(error)})
            return None

    def forget_all_but(self, needed: Iterable[str]) -> None:
        """`needed`: ids of the devices whose chunks wait. Raises OSError."""
        keep = {*needed, self.current.identity.device_id}
        for path in self._folder.glob("*.json"):
            if path.stem not in keep:
                durable.remove(path)
                log.info("credentials_forgotten", extra={"device_id": path.stem})

    def _path(self, device_id: str) -> Path:
        return self._folder / f"{Path(device_id).name}.json"


def _holds(path: Path, content: bytes) -> bool:
    try:
        with path.open("rb") as file:
            return os.fstat(file.fileno()).st_mode & 0o777 == _PRIVATE and file.read() == content
    except FileNotFoundError:
        return False
