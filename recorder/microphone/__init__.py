"""Which card to record from, who holds it, how loud it is set."""
