"""Whisper as a Serve application: a front that speaks our own calls and OpenAI's API, and one deployment per model."""
