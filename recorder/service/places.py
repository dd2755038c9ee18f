"""Where the service keeps its things, unless told otherwise."""

from pathlib import Path

CONFIG = Path("/etc/recorder-agent/config.yaml")
STATE = Path("/var/lib/recorder-agent")
SPOOL = STATE / "spool"
