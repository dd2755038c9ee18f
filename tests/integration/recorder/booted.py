"""A real systemd as PID 1 of namespaces of its own, on a throw-away overlay of this machine's root file system.

It has its own processes, mounts and cgroups, and shares the network, so that a server of the test can be reached. What
it writes is gone with it. Needs root, unshare and overlayfs; `why_not()` names what is missing.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

SYSTEMD = Path("/lib/systemd/systemd")
_CGROUP_V1 = Path("/sys/fs/cgroup/systemd")
_CGROUP_V2 = Path("/sys/fs/cgroup")
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_BOOT_S = 60.0

_BOOT = """
set -eu
W=$1; shift
mount --make-rprivate /
mount -t tmpfs -o size=2g tmpfs $W
mkdir $W/up $W/work $W/root
mount -t overlay -o lowerdir=/,upperdir=$W/up,workdir=$W/work overlay $W/root
R=$W/root
mount -t proc proc $R/proc
mount --bind $R/proc/sys $R/proc/sys
mount -o remount,bind,ro $R/proc/sys
mount -t sysfs -o ro sysfs $R/sys
for f in run tmp dev; do mount -t tmpfs tmpfs $R/$f; done
for d in {devices}; do touch $R/dev/$d; mount --bind /dev/$d $R/dev/$d; done
ln -s /proc/self/fd $R/dev/fd
mkdir $R/dev/shm; mount -t tmpfs tmpfs $R/dev/shm
rm -f $R/etc/resolv.conf; cp -L /etc/resolv.conf $R/etc/resolv.conf || true
if [ -d {v1} ]; then
  mount -t tmpfs -o mode=755 cgroup $R/sys/fs/cgroup
  mkdir $R/sys/fs/cgroup/systemd
  mount -t cgroup -o none,name=systemd cgroup $R/sys/fs/cgroup/systemd
else
  mount -t cgroup2 cgroup2 $R/sys/fs/cgroup
fi
for unit in sysctl modules-load remount-fs sysusers; do
  ln -sf /dev/null $R/etc/systemd/system/systemd-$unit.service
done
cd $R
mkdir -p oldroot
pivot_root . oldroot
umount -l /oldroot
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin container=test \
  {systemd} --system --unit=basic.target --log-target=journal --show-status=0 </dev/null
"""


def why_not() -> str | None:
    """Why no systemd can be booted here; None if one can."""
    if os.geteuid() != 0:
        return "only root can boot a systemd in namespaces"
    missing = [name for name in ("unshare", "nsenter", "setpriv", "systemctl") if shutil.which(name) is None]
    if missing or not SYSTEMD.is_file():
        return f"missing here: {', '.join(missing) or SYSTEMD} (apt install util-linux systemd)"
    tried = subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True, text=True)
    return f"namespaces are not allowed here: {tried.stderr.strip()}" if tried.returncode else None


class Booted:
    """Use as a context manager; `folder`: an empty one of the test."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._log = folder, folder.parent / "boot.log"
        base = _CGROUP_V1 if _CGROUP_V1.is_dir() else _CGROUP_V2
        self._cgroup = base / f"recorder-test-{os.getpid()}-{time.monotonic_ns()}"

    def __enter__(self) -> "Booted":
        self._cgroup.mkdir()
        script = _BOOT.format(devices=" ".join(_DEVICES), v1=_CGROUP_V1, systemd=SYSTEMD)
        enter = f'echo $$ > {self._cgroup}/cgroup.procs; exec setpriv --pdeathsig KILL "$@"'
        namespaces = ["unshare", "--pid", "--mount", "--uts", "--ipc", "--cgroup", "--fork", "--kill-child"]
        command = ["sh", "-c", enter, "sh", *namespaces, "bash", "-c", script, "boot", str(self._folder)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stderr=log)
        try:
            self._await_boot()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for pid in self._children():
            os.kill(pid, signal.SIGKILL)  # PID 1 of the namespace: all others go with it.
        self._process.kill()
        self._process.wait()
        for folder in sorted(self._cgroup.rglob("*"), reverse=True):
            if folder.is_dir():
                _remove_cgroup(folder)
        _remove_cgroup(self._cgroup)

    @property
    def root(self) -> Path:
        """Its root directory, as seen from here."""
        return Path(f"/proc/{self._init}/root")

    def run(self, *command: str, check: bool = True, timeout_s: float = 180.0) -> str:
        """Runs it inside; both outputs. Raises AssertionError with them where `check` and it failed."""
        inside = ["nsenter", "-t", str(self._init), "--mount", "--pid", "--cgroup", "--uts", "--ipc", "--", *command]
        env = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        done = subprocess.run(
            inside, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout_s, env=env
        )
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)} → {done.returncode}\n{done.stdout}")
        return done.stdout

    def show(self, unit: str, name: str) -> str:
        """A property of a unit, as ActiveState or MainPID."""
        return self.run("systemctl", "show", "--value", "-p", name, unit).strip()

    def journal(self, unit: str) -> str:
        return self.run("journalctl", "--no-pager", "-o", "cat", "-u", unit, check=False)

    def _await_boot(self) -> None:
        end_s = time.monotonic() + _BOOT_S
        state = ""
        while time.monotonic() < end_s and self._process.poll() is None:
            children = self._children()
            if children:
                self._init = children[0]
                state = self.run("systemctl", "is-system-running", check=False).strip()
                if state in ("running", "degraded"):
                    return
            time.sleep(0.2)
        log = self._log.read_text(errors="replace")
        raise AssertionError(f"systemd did not boot: {state or 'nothing'} {log}")

    def _children(self) -> list[int]:
        try:
            return [
                int(p) for p in Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
            ]
        except OSError:
            return []


def _remove_cgroup(folder: Path) -> None:
    end_s = time.monotonic() + 10
    while True:
        try:
            folder.rmdir()
            return
        except OSError:
            if time.monotonic() > end_s:
                raise
            time.sleep(0.05)
