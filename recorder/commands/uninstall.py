"""`uninstall`: removes the service; the recordings only when told."""

import argparse

from recorder.commands.context import FAILED, CommandError, language, put
from recorder.commands.install import place_of
from recorder.service import install
from recorder.service.system import InstallError
from recorder.wording import Language, say

_YES = ("y", "yes", "д", "да")


def execute(args: argparse.Namespace) -> int:
    chosen, place = language(args), place_of(args)
    if args.purge and not args.yes and not _is_agreed(install.unsent(place), chosen):
        put(say("uninstall.left", chosen))
        return FAILED
    try:
        outcome = install.uninstall(place, purge=args.purge)
    except InstallError as error:
        raise CommandError(str(error)) from error
    for path in outcome.changed:
        put(say("uninstall.removed", chosen, path=path))
    if not args.purge:
        put(say("uninstall.kept", chosen, config=place.config, spool=place.spool))
    return 0


def _is_agreed(unsent: int, chosen: Language) -> bool:
    if unsent:
        put(say("uninstall.unsent", chosen, count=unsent))
    try:
        return input(say("uninstall.ask", chosen)).strip().lower() in _YES
    except EOFError:
        return False
