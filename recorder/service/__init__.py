"""The systemd service: installing, enrolling, notifying."""
