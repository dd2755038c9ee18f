"""Secrets: none in the file, all in a mounted folder outside of git, none that everybody knows; Ray's token on."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from cluster.lint import environment
from cluster.lint.cluster import HEAD_COMMANDS, IMAGE_HOME, WORKER_COMMANDS, Cluster
from cluster.lint.document import Keys
from cluster.lint.finding import Finding, Level
from cluster.lint.images import INSTALLS
from configs.secrets import MIN_TOKEN_CHARS
from configs.settings import DEFAULT_ADMIN_TOKEN

ENV_FILE, TOKEN_FILE = "cluster.env", "ray_token"
MIN_RAY_TOKEN_CHARS = 32
NAMES = (
    r"ADMIN_TOKEN|INTERNAL_TOKEN|DATABASE_URL|POSTGRES_PASSWORD|OPENAI_API_KEY|AWS_SECRET_ACCESS_KEY"
    r"|AWS_SESSION_TOKEN|RAY_AUTH_TOKEN|RAY_REDIS_PASSWORD|SALESCONTROL_\w+(?:_TOKEN|_KEY|_PASSWORD|__URL)"
)
INLINE = re.compile(
    rf"\b({NAMES})=(?!\$)\S"
    r"|(--redis-password)[= ](?!\$)\S"
)
READS = re.compile(r"""(?:^|[\s;&(])(\.|source|cat)\s+["']?([~$/\w][^\s;&|()"']*)""")
"""A command that reads a file, and which. `cat` also reads what is the image's own."""
OF_THE_IMAGE = re.compile(r"^(?:~|\$HOME|\$\{HOME\})/\.|/bin/activate$|^\$(?!HOME/|\{HOME\}/)")
"""Profiles and environments, and what only the shell knows."""
NEEDED = {
    "DATABASE_URL": "the PostgreSQL that all nodes reach",
    "ADMIN_TOKEN": "the output of `openssl rand -hex 24`",
    "INTERNAL_TOKEN": "the output of `openssl rand -hex 24`",
    "AUDIO_STORAGE_PATH": "s3://bucket: nodes come and go, their disks with them",
}
MAKE = "docs/cluster.md makes it"


def check(cluster: Cluster) -> Iterator[Finding]:
    """What stands in the file, what is mounted, and, where they are on this machine, the mounted files themselves."""
    yield from _inline(cluster)
    yield from _keys(cluster)
    yield from _token_mode(cluster)
    yield from _mounted(cluster)
    for remote, local in cluster.document.get("file_mounts", default={}).items():
        yield from _local(cluster, str(remote), str(local))


def _inline(cluster: Cluster) -> Iterator[Finding]:
    for n, line in enumerate(cluster.document.text, 1):
        told = re.sub(r"(^|\s)#.*", "", line)
        if DEFAULT_ADMIN_TOKEN in told:
            what = "the ADMIN_TOKEN that is published with the product"
            yield cluster.document.finding(Level.ERROR, n, what, f"put another into {ENV_FILE}")
        elif match := INLINE.search(told):
            what = f"{match[1] or match[2]} stands in the file, for all who read it or its history"
            yield cluster.document.finding(Level.ERROR, n, what, f"move it into {ENV_FILE} of the mounted folder")


def _keys(cluster: Cluster) -> Iterator[Finding]:
    """Secrets as values of the file itself, such as provider.aws_credentials."""
    for keys in cluster.document.lines:
        if re.fullmatch(NAMES, str(keys[-1]).upper()) and cluster.document.get(*keys):
            what = f"{keys[-1]} stands in the file, for all who read it or its history"
            remedy = f"leave it out: `ray up` logs in as the aws command does; what nodes need goes into {ENV_FILE}"
            yield cluster.error(keys, what, remedy)


def _token_mode(cluster: Cluster) -> Iterator[Finding]:
    told = cluster.variables()
    if told.get("RAY_AUTH_MODE") != "token":
        what = "no RAY_AUTH_MODE=token: whoever reaches a port of Ray runs code on every node"
        yield cluster.error(("docker", "run_options"), what, "add -e RAY_AUTH_MODE=token to docker.run_options")
    elif "RAY_AUTH_TOKEN_PATH" not in told:
        remedy = f"add -e RAY_AUTH_TOKEN_PATH={IMAGE_HOME}/secrets/{TOKEN_FILE} to docker.run_options"
        yield cluster.error(("docker", "run_options"), "Ray's token is on, but nobody says where it is", remedy)


def _mounted(cluster: Cluster) -> Iterator[Finding]:
    """Each file that a command reads or a variable names lies in a mounted folder, under the name it has there."""
    mounts = cluster.document.get("file_mounts", default={})
    token = cluster.variables().get("RAY_AUTH_TOKEN_PATH")
    used: list[tuple[Keys, str, bool]] = [(("docker", "run_options"), token, True)] if token else []
    for command in cluster.commands(*INSTALLS, HEAD_COMMANDS, WORKER_COMMANDS):
        used += [(command.keys, match[2], match[1] != "cat") for match in READS.finditer(command.text)]
    for keys, path, is_ours in used:
        meant = Path(_absolute(path))
        around = next((mount for mount in mounts if meant.is_relative_to(_absolute(str(mount)))), None)
        if around is not None:
            folder = _here(cluster, mounts[around])
            yield from _name(cluster, keys, path, folder, str(meant.relative_to(_absolute(str(around)))))
        elif is_ours and not OF_THE_IMAGE.search(path):
            what = f"{path} is not in any of file_mounts, so it is not on the nodes"
            remedy = f"add {meant.parent}: ~/.config/salescontrol/cluster to file_mounts"
            yield cluster.error(keys, what, remedy, path)


def _name(cluster: Cluster, keys: Keys, path: str, folder: Path, name: str) -> Iterator[Finding]:
    """A file of a mounted folder that is not there. Where the folder is not on this machine, a slip of the pen."""
    near = get_close_matches(name, (ENV_FILE, TOKEN_FILE), 1, cutoff=0.8)
    absent = not (folder / name).exists() if folder.is_dir() else bool(near) and not folder.exists()
    if absent and name not in (ENV_FILE, TOKEN_FILE):
        remedy = f"write {near[0]}" if near else "put it there, or correct the name"
        yield cluster.error(keys, f"{path}: no such file in {folder}, so it is not on the nodes", remedy, path)


def _absolute(path: str) -> str:
    return re.sub(r"^(?:~|\$HOME|\$\{HOME\})(?=/|$)", IMAGE_HOME, path)


def _here(cluster: Cluster, local: str) -> Path:
    """A path of the file on this machine."""
    path = Path(local.replace("~", str(cluster.home), 1) if local.startswith("~") else local)
    return path if path.is_absolute() else cluster.root / path


def _local(cluster: Cluster, remote: str, local: str) -> Iterator[Finding]:
    keys = ("file_mounts", remote)
    path = _here(cluster, local)
    if path.resolve().is_relative_to(cluster.root.resolve()):
        remedy = "keep it outside, for example in ~/.config/salescontrol/cluster"
        yield cluster.error(keys, f"{local} is in the checkout: one `git add .` publishes it", remedy)
    elif not path.exists():
        yield cluster.warn(keys, f"{local} is not on this machine, and `ray up` breaks off without it", MAKE)
    elif path.is_dir():
        yield from _files(cluster, keys, path)


def _files(cluster: Cluster, keys: tuple[str, str], folder: Path) -> Iterator[Finding]:
    for name in (ENV_FILE, TOKEN_FILE):
        if not (folder / name).is_file():
            yield cluster.error(keys, f"{folder / name} is missing", MAKE)
        elif (folder / name).stat().st_mode & 0o077:
            yield cluster.error(keys, f"{folder / name} can be read by others on this machine", "chmod go= it")
    if (folder / TOKEN_FILE).is_file() and len((folder / TOKEN_FILE).read_text().strip()) < MIN_RAY_TOKEN_CHARS:
        what = f"{folder / TOKEN_FILE} is shorter than {MIN_RAY_TOKEN_CHARS} characters"
        yield cluster.error(keys, what, "openssl rand -hex 32 makes a good one")
    if (folder / ENV_FILE).is_file():
        yield from _env_file(cluster, keys, folder / ENV_FILE)


def _settings(cluster: Cluster, keys: tuple[str, str], path: Path, told: dict[str, str]) -> Iterator[Finding]:
    profile = {name: value for name, value in cluster.variables().items() if name == environment.PROFILE}
    for name, message in environment.refused(profile | told):
        if name in told:
            yield cluster.error(keys, f"{path}: {message}", f"correct {name} or leave it out")
    storage = told.get("AUDIO_STORAGE_PATH", "s3://")
    if not storage.startswith(("s3://", "$")):
        what = f"AUDIO_STORAGE_PATH in {path} is a path on one machine, and the others do not see it"
        yield cluster.error(keys, what, f"write {NEEDED['AUDIO_STORAGE_PATH']}")


def _env_file(cluster: Cluster, keys: tuple[str, str], path: Path) -> Iterator[Finding]:
    lines = environment.lines(path)
    told = {line.name: line.value for line in lines if line.value}
    for line in lines:
        if line.problem:
            yield cluster.error(keys, f"{path}:{line.number}: {line.problem}", "write NAME='value' on one line")
    yield from _settings(cluster, keys, path, told)
    for name, meaning in NEEDED.items():
        if name not in told and not (name == "DATABASE_URL" and "POSTGRES_HOST" in told):
            yield cluster.error(keys, f"{path} has no {name}", f"add it: {meaning}")
    if told.get("ADMIN_TOKEN") == DEFAULT_ADMIN_TOKEN:
        yield cluster.error(keys, f"{path} has the published ADMIN_TOKEN", f"take {NEEDED['ADMIN_TOKEN']}")
    for name in ("ADMIN_TOKEN", "INTERNAL_TOKEN"):
        if 0 < len(told.get(name, "")) < MIN_TOKEN_CHARS:
            what = f"{name} in {path} is shorter than {MIN_TOKEN_CHARS} characters"
            yield cluster.error(keys, what, f"take {NEEDED[name]}")
    if "RAY_REDIS_ADDRESS" not in told and "RAY_REDIS_ADDRESS" not in cluster.variables():
        what = f"{path} has no RAY_REDIS_ADDRESS: when the head is lost, all nodes start anew"
        remedy = "with RAY_REDIS_ADDRESS=host:6379 they go on; nothing is lost either way"
        yield cluster.note(keys, what, remedy)
