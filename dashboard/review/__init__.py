"""The review of one dialogue: its keys, its form and what was saved, out of the api's answers. Pure."""
