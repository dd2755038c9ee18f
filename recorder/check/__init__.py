"""The installer's check in the shop: a line per step, a remedy for each failure, in Russian and English."""

from recorder.check.run import run_check

__all__ = ["run_check"]
