"""Settings: YAML files, the loader that layers them, and the logger's format."""
