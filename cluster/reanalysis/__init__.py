"""Runs over history: what one may ask for, what it would take, and the engines that judge for it."""
