"""The command line. Without the `server` extra it says so instead of showing a traceback."""

import sys


def main() -> None:
    """Entry point of `salescontrol`."""
    try:
        from cluster.cli.app import run
    except ModuleNotFoundError as error:
        ours = (error.name or "").split(".")[0] in ("cluster", "db", "audio", "domain", "configs", "serve_apps")
        if ours:
            raise
        sys.stderr.write(
            f"salescontrol needs the 'server' extra ({error.name} is not installed). Install it with:\n"
            "    pip install 'salescontrol[server]'      (in a checkout: pip install -e '.[server]')\n"
        )
        raise SystemExit(2) from None
    run()
