"""Recordings that someone already has: when and where they were made, cut into chunks, sent as a recorder would."""
