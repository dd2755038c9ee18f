"""The overview of a period: cards, charts, league table and funnel out of the api's answer. Pure."""
