"""Who may do what: users, their tokens, the log of what they changed."""
