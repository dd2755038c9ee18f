"""Runs over history: planned, fed, compared, promoted and rolled back."""
