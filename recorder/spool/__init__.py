"""The chunks on the disk: how they come to exist, move, and make room."""
