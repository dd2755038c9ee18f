"""What runs on the cluster: stages, engines, the worker and its supervisor, batch jobs, and the CLI."""
