"""The list of dialogues: what is chosen, and how rows and choices are worded. Pure."""
