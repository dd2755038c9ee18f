"""The configuration: keys, file, variables."""
