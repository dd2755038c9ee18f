"""The network up to the name server: link and signal, address, route, name."""

import errno
import fcntl
import ipaddress
import queue
import re
import socket
import struct
import threading
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from recorder.check.context import Context
from recorder.check.result import Result, Step, fail, ok, skip, warn

WEAK_DBM = -75
"""Below, Wi-Fi falls back to its slowest rates and drops out when the shop fills with people."""
DNS_TIMEOUT_S = 15.0
"""The resolver itself asks two servers twice, 5 s each, before it gives up."""
_SIOCGIFADDR = 0x8915
"""netdevice(7)"""
_LINK_LOCAL = ipaddress.ip_network("169.254.0.0/16")
_DISCARD_PORT = 9


@dataclass(frozen=True, slots=True)
class Interface:
    """`is_device`: hardware, not a bridge or tunnel. `dbm`: signal of Wi-Fi, None where it isn't or is not known."""

    name: str
    is_up: bool
    is_device: bool
    dbm: int | None


def interfaces(root: Path) -> list[Interface]:
    """All but the loopback."""
    listed = re.findall(r"^\s*(\S+?):", _read(root / "proc/net/dev"), re.MULTILINE)
    signals = dict(re.findall(r"^\s*(\S+?):\s+\S+\s+\S+\s+(-?\d+)", _read(root / "proc/net/wireless"), re.MULTILINE))
    found = []
    for name in listed:
        folder = root / "sys/class/net" / name
        state, carrier = _read(folder / "operstate").strip(), _read(folder / "carrier").strip()
        is_up = state == "up" or (state == "unknown" and carrier == "1")  # tunnels and USB modems say unknown
        if name != "lo":
            found.append(Interface(name, is_up, (folder / "device").exists(), _dbm(signals.get(name))))
    return found


def link(context: Context) -> Result:
    """A cable or Wi-Fi is connected, and well enough."""
    if _is_here(context):
        return skip(Step.LINK, "local")
    found = interfaces(context.root)
    hardware = [interface for interface in found if interface.is_device] or found
    up = [interface for interface in hardware if interface.is_up]
    if not hardware:
        return fail(Step.LINK, "no_interface")
    if not up:
        names = ", ".join(interface.name for interface in hardware)
        blocked = _blocked(context.root)
        return fail(Step.LINK, "wifi_blocked" if blocked else "down", names=names)
    weak = [interface for interface in up if interface.dbm is not None and interface.dbm < WEAK_DBM]
    if weak and len(weak) == len(up):
        return warn(Step.LINK, "weak", name=weak[0].name, dbm=weak[0].dbm or 0)
    said = (f"{one.name} {one.dbm} dBm" if one.dbm is not None else one.name for one in up)
    return ok(Step.LINK, "up", names=", ".join(said))


def address(context: Context) -> Result:
    """The router gave an address (or a person did)."""
    if _is_here(context):
        return skip(Step.ADDRESS, "local")
    found = [each for one in interfaces(context.root) if one.is_up for each in _addresses(context.root, one.name)]
    usable = [each for each in found if each.version == 6 or each not in _LINK_LOCAL]
    if usable:
        return ok(Step.ADDRESS, "given", addresses=", ".join(map(str, usable)))
    return fail(Step.ADDRESS, "own", addresses=", ".join(map(str, found))) if found else fail(Step.ADDRESS, "none")


def route(context: Context) -> Result:
    """There is a way out: to the server itself where it is named by number, else a default route."""
    if _is_here(context):
        return skip(Step.ROUTE, "local")
    host = _host(context)
    if literal := _literal(host):
        return ok(Step.ROUTE, "direct", host=host) if _reaches(literal) else fail(Step.ROUTE, "none")
    gateway = _gateway(context.root)
    return ok(Step.ROUTE, "gateway", gateway=gateway) if gateway else fail(Step.ROUTE, "none")


def dns(context: Context) -> Result:
    """The server's name is found; leaves its addresses."""
    host = _host(context)
    if _literal(host):
        context.addresses = (host,)
        return skip(Step.DNS, "number", host=host)
    found = _resolve(host)
    if isinstance(found, OSError):
        unknown = isinstance(found, socket.gaierror) and found.errno in (socket.EAI_NONAME, socket.EAI_NODATA)
        return fail(Step.DNS, "unknown" if unknown else "no_answer", host=host)
    context.addresses = found
    return ok(Step.DNS, "found", host=host, addresses=", ".join(found))


def _host(context: Context) -> str:
    return urlsplit(context.config.ingest_base_url).hostname or ""


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_here(context: Context) -> bool:
    """The server is this very machine: no network between."""
    host = _host(context)
    literal = _literal(host)
    return literal.is_loopback if literal else host == "localhost"


def _dbm(level: str | None) -> int | None:
    """Some drivers give a share of their own scale instead; that is not negative."""
    return int(level) if level and int(level) < 0 else None


def _blocked(root: Path) -> bool:
    """Wi-Fi is switched off by software: a fresh Raspberry Pi OS does so until it is told the country."""
    switches = (root / "sys/class/rfkill").glob("rfkill*")
    return any(_read(one / "type").strip() == "wlan" and _read(one / "soft").strip() == "1" for one in switches)


def _addresses(root: Path, name: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Its IPv4 address and its IPv6 addresses of global scope (00 in if_inet6)."""
    found: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as anything:
        try:
            answer = fcntl.ioctl(anything.fileno(), _SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
            found.append(ipaddress.IPv4Address(answer[20:24]))
        except OSError as error:
            if error.errno not in (errno.EADDRNOTAVAIL, errno.ENODEV):
                raise
    rows = (line.split() for line in _read(root / "proc/net/if_inet6").splitlines())
    found += [ipaddress.IPv6Address(bytes.fromhex(row[0])) for row in rows if row[3] == "00" and row[5] == name]
    return found


def _gateway(root: Path) -> str | None:
    """Of the default route; for IPv6 its device."""
    for row in (line.split() for line in _read(root / "proc/net/route").splitlines()[1:]):
        if row[1] == row[7] == "00000000":
            gateway = socket.inet_ntoa(struct.pack("<I", int(row[2], 16)))
            return gateway if gateway != "0.0.0.0" else row[0]
    for row in (line.split() for line in _read(root / "proc/net/ipv6_route").splitlines()):
        if row[0] == "0" * 32 and row[1] == "00" and row[9] != "lo":
            return row[9]
    return None


def _reaches(literal: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """A datagram socket is connected without sending anything: the kernel only looks for a route."""
    with socket.socket(socket.AF_INET if literal.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(literal), _DISCARD_PORT))
        except OSError:
            return False
    return True


def _resolve(host: str) -> tuple[str, ...] | OSError:
    """In a thread of its own: the resolver cannot be interrupted."""
    answers: queue.Queue[tuple[str, ...] | OSError] = queue.Queue()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
            answers.put(tuple(dict.fromkeys(str(each[4][0]) for each in found)))
        except (OSError, UnicodeError) as error:
            answers.put(error if isinstance(error, OSError) else socket.gaierror(socket.EAI_NONAME, str(error)))

    threading.Thread(target=ask, daemon=True).start()
    try:
        return answers.get(timeout=DNS_TIMEOUT_S)
    except queue.Empty:
        return TimeoutError()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
