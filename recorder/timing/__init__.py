"""What time it is, by which clock, and when to record."""
