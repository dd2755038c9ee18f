"""Erasure: a person's dialogue, or a stretch of a point's time, goes from everywhere (docs/decisions/erasure.md).

`orders` says what shall go: the order and its tombstone are committed first. `carry_out` does it, and may be killed and
run again at any step. `chunks` is the audio, `dialogues` the words, `running` the jobs that hold a copy, `doomed` the
files. `retention` drops by age what a point does not want to keep.
"""
