"""What a check of `doctor` says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check. level: ok, warn or fail; remedy is empty where all is well."""

    check: str
    level: str
    detail: str
    remedy: str = ""
