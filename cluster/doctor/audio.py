"""Where audio lies: can it be used from here, does it stay erased, who could listen on the way, which node holds it."""

import ipaddress
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx

from audio.open import DISK, open_store
from audio.store import AudioStore
from cluster import ray_head
from cluster.doctor.finding import Finding
from configs.settings import Settings
from domain.errors import Unavailable

DISK_SAID = "audioDisk"
"""What Ray's dashboard makes of the resource's name: it writes all names so."""
PROBE = ".doctor/probe"


def audio_store(settings: Settings) -> Iterator[Finding]:
    """Writes a file, reads it and deletes it; a node that only reads asks for one."""
    store = open_store(settings)
    store.check()
    if not store.is_writable:
        yield Finding("Audio store", "ok", f"read from {settings.storage.internal_url}")
        return
    store.put(PROBE, b"probe")
    kept = store.read(PROBE)
    store.delete(PROBE)
    where = settings.storage_url
    if kept != b"probe":
        yield Finding("Audio store", "fail", f"{where} gives back what was not put there", "do not use this store")
        return
    yield Finding("Audio store", "ok", f"{where} can be written, read and deleted from")
    yield from _versions(store)


def _versions(store: AudioStore) -> Iterator[Finding]:
    """Of a bucket that keeps versions, a deleted object is only hidden."""
    remedy = "suspend versioning, and let a lifecycle rule end the versions that there are: docs/privacy.md"
    try:
        if store.keeps_versions():
            yield Finding("Erased audio", "warn", "the bucket keeps a version of what is deleted", remedy)
    except Unavailable as error:
        yield Finding("Erased audio", "warn", f"the bucket does not say whether it keeps versions: {error}", remedy)


def on_the_way(settings: Settings) -> Iterator[Finding]:
    """Audio and keys that leave the machine unencrypted."""
    storage = settings.storage
    is_s3 = settings.storage_url.startswith("s3://")
    used = {"storage.s3.endpoint_url": storage.s3.endpoint_url if is_s3 else None}
    used["storage.internal_url"] = None if is_s3 else storage.internal_url
    for name, url in used.items():
        if url and urlsplit(url).scheme == "http" and not _is_here(urlsplit(url).hostname or ""):
            remedy = "use https, or a tunnel between the two machines"
            yield Finding("Audio on its way", "warn", f"{name}={url}: audio and token go unencrypted", remedy)


def audio_nodes(settings: Settings) -> Iterator[Finding]:
    """One node holds a disk's audio, unless all share a mount and say so by `storage.access`."""
    head = ray_head.running(settings.home)
    if head is None:
        yield Finding("Ray", "warn", "not running", "start it with `salescontrol up`")
        return
    token = (settings.home / "run" / "ray_token").read_text().strip()
    answer = httpx.get(
        f"{head.dashboard_url}/nodes?view=summary", headers={"Authorization": f"Bearer {token}"}, timeout=10
    )
    nodes = answer.json()["data"]["summary"] if answer.is_success else []
    alive = [node["raylet"] for node in nodes if node["raylet"].get("state") == "ALIVE"]
    yield Finding("Ray", "ok", f"{len(alive)} node(s) at {head.address}")
    totals = [node.get("resourcesTotal", {}) for node in alive]
    yield from holders(settings, [{DISK: total.get(DISK_SAID, 0.0)} for total in totals])


def holders(settings: Settings, nodes: list[dict[str, float]]) -> Iterator[Finding]:
    """`nodes`: the resources of each."""
    holding = sum(1 for resources in nodes if resources.get(DISK))
    if settings.storage_url.startswith("s3://") or settings.storage.access == "disk":
        return
    if holding > 1:
        remedy = f"keep the resource {DISK} on one node, move the audio to S3, or say storage.access: disk of a mount"
        yield Finding("Audio nodes", "fail", f"{holding} nodes claim to hold {settings.storage_url}", remedy)
    if nodes and not holding:
        remedy = f"start the node that has {settings.storage_url} with the resource {DISK}, or set storage.access"
        yield Finding("Audio nodes", "fail", "no node holds the audio: none can take uploads", remedy)
    if len(nodes) > 1 and not settings.auth.internal_token.get_secret_value():
        yield Finding("Audio nodes", "fail", "nodes without the disk cannot read it", "set INTERNAL_TOKEN on all nodes")


CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (audio_store, on_the_way, audio_nodes)


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
