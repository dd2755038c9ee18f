"""Reading side: the numbers of domain/metrics.py that lie in the database. Partial indexes and short tables only."""
