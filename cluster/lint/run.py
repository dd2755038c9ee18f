"""The lint as a whole."""

from pathlib import Path

from cluster.lint import (
    commands,
    containers,
    demand,
    document,
    images,
    instances,
    nodes,
    ports,
    provider,
    registry,
    schema,
    secrets,
    shapes,
)
from cluster.lint.cluster import view
from cluster.lint.finding import Finding, Level
from cluster.release import ROOT

RULES = (
    provider.check,
    ports.check,
    nodes.check,
    instances.check,
    images.check,
    registry.check,
    containers.check,
    commands.check,
    secrets.check,
    demand.check,
)


def lint(path: Path, home: Path | None = None, root: Path = ROOT) -> list[Finding]:
    """Everything to mend in a cluster file, in the order of its lines.

    `home`: what "~" means, by default the user's. `root`: the checkout that the images are built from.
    Raises ConfigError where the file is no YAML.
    """
    subject = document.read(path)
    if endless := list(schema.endless(subject)):
        return endless
    problem = schema.validate(subject.data)
    found = list(shapes.check(subject))
    told = {finding.line for finding in found}
    found += [finding for finding in schema.misshapen(subject, problem) if finding.line not in told]
    if not found:  # the rules rely on the shape
        cluster = view(subject, root, home or Path.home())
        found = [finding for rule in RULES for finding in rule(cluster)]
        if not any(finding.level is Level.ERROR for finding in found):
            found += schema.refused(subject, problem)  # Ray's own words, where ours have none
    return sorted(found, key=lambda finding: (finding.file != subject.name, finding.line))
