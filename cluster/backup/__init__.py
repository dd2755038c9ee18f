"""Backups: a folder with the database as of one instant, and the audio that it names; and the way back."""
