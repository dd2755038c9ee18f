"""The lint as a whole."""

from pathlib import Path

from cluster.lint import document, schema
from cluster.lint.finding import Finding

RULES = (schema.check,)


def lint(path: Path) -> list[Finding]:
    """Everything to mend in a cluster file, in the order of its lines. Raises ConfigError where it is no YAML."""
    subject = document.read(path)
    found = [finding for rule in RULES for finding in rule(subject)]
    return sorted(found, key=lambda finding: (finding.file != subject.name, finding.line))
