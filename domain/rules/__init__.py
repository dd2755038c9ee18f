"""The offline engine: the same verdict as a language model gives, from phrases, word stems and who speaks."""
