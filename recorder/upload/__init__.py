"""Delivery to the server: what, when, how, and what an answer means."""
