"""What the check says: step.key → (English, Russian), each what is so and, where it needs mending, how.

`any.` are keys that several steps have. A command stands between backquotes.
"""

Words = tuple[str] | tuple[str, str]
Texts = dict[str, tuple[Words, Words]]
