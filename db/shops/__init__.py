"""Points, registers and their devices: who they are, what they report, what they covered."""
