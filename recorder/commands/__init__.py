"""The commands of `recorder-agent`: a module each, whose `execute(arguments)` returns the exit code."""
