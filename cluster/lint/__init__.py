"""Is a cluster file of Ray fit to be started? Ray's own validation, and what it misses. Reads files only."""
