"""What people say about the machine's verdicts, and which dialogues wait for them."""
