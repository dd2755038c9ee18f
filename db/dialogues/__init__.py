"""Dialogues: cut from speech by the stage (`stage_*`), then listed, searched, shown and exported."""
