"""Engines that judge a dialogue: a language model over OpenAI's API, or the rules. Which one, the settings say."""
