"""Under which names the actors are found."""

NAMESPACE = "salescontrol"
SUPERVISOR = "supervisor"
