"""What reports and lists read: facts about dialogues, roll-ups of them by hour and day, and each day's coverage.

Everything here is derived. Facts follow the dialogues, roll-ups follow the facts; docs/decisions/roll-ups.md says under
which locks, and why none is lost.
"""
