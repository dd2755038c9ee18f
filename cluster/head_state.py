"""What a Ray head knows (nodes, actors, Serve's goal), kept in Redis so that a new head goes on where the old one died.

Without Redis nothing of it outlives the head, and nothing of the product is lost either: PostgreSQL holds the work, and
`up` starts everything anew. With it the other nodes and what runs on them stay (Ray's GCS fault tolerance).
"""

import hashlib
import importlib
import json
import logging
import os
import socket
from urllib.parse import urlsplit

from configs.settings import Settings

log = logging.getLogger(__name__)

NAMESPACE = "RAY_external_storage_namespace"
WAIT_FOR_HEAD_S = 600
"""How long the other nodes wait for a head before they end themselves. Ray's own minute is short for a new machine."""


def environment(settings: Settings) -> dict[str, str]:
    """What the head's process needs to keep its knowledge in Redis; empty where none is configured."""
    redis = settings.server.ray_redis
    if redis is None:
        return {}
    return {"RAY_REDIS_ADDRESS": redis, NAMESPACE: _namespace(settings)}


def options(settings: Settings) -> list[str]:
    """The same as options of `ray start --head`."""
    if settings.server.ray_redis is None:
        return []
    password = settings.server.ray_redis_password.get_secret_value()
    config = json.dumps({"gcs_rpc_server_reconnect_timeout_s": WAIT_FOR_HEAD_S})
    return [f"--system-config={config}", *([f"--redis-password={password}"] if password else [])]


def forget(settings: Settings) -> None:
    """Removes what the head kept: after `down`, or for another release, nothing is to be gone on with. The head must
    have ended. A Redis that is away is logged: what it holds is replaced by the next `up`."""
    redis = settings.server.ray_redis
    if redis is None:
        return
    address = urlsplit(redis if "://" in redis else f"redis://{redis}")
    host, port = address.hostname or "127.0.0.1", address.port or 6379
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError as error:
        log.warning("head_state_kept", extra={"redis": f"{host}:{port}", "reason": str(error)})
        return
    ray_storage = importlib.import_module("ray._private.gcs_utils")  # late: Ray reads its authentication mode at import
    password = settings.server.ray_redis_password.get_secret_value()
    ray_storage.cleanup_redis_storage(host, port, password, address.scheme == "rediss", _namespace(settings))


def _namespace(settings: Settings) -> str:
    """One Redis may serve several systems; by default each home has its own part of it."""
    own = hashlib.sha256(str(settings.home).encode()).hexdigest()[:8]
    return os.environ.get(NAMESPACE) or f"salescontrol-{own}"
