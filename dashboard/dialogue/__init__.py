"""One dialogue: its talk, its verdict in plain words, and its history out of the api's answer. Pure."""
