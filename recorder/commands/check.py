"""`check`: the installer's check in the shop."""

import argparse

from recorder.check import run_check
from recorder.commands.context import configuration, language


def execute(args: argparse.Namespace) -> int:
    config = configuration(args)
    return run_check(config, offline=args.offline, lang=language(args, config), as_json=args.json, yes=args.yes)
