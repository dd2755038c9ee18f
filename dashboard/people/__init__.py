"""People: who may log in, what opens the api for them, and what they changed."""
