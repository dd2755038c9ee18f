"""The evidence of what became of every scheduled second, and the accounts made of it."""
