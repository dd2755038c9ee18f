"""What the agent says of itself, and what is to be mended."""
