"""What the page Runs says."""
