"""Reading side: one chunk's way, or one dialogue's, from the rows that it left. Every statement goes down an index."""
