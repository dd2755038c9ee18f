"""Full-text search of what was said: Russian, Serbian in both scripts and English, by PostgreSQL's own stemmers.

A dialogue's words are `spoken_words(language, text)`, a function of the database (migration 0005): stems of its own
language, without stop words. A question has no language: `spoken_query` asks for each of its terms in every one.
"""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, func, literal, text
from sqlalchemy.dialects.postgresql import TSQUERY, TSVECTOR
from sqlalchemy.ext.asyncio import AsyncConnection

from db import tables as t
from domain.search_hits import Meanings, words_to_ask
from domain.search_query import Pattern, Term

_MEANINGS = text("""
    SELECT word, place - 1 AS place
    FROM unnest(CAST(:words AS text[])) AS word
    CROSS JOIN LATERAL (SELECT spoken_words(:language, word) AS stems OFFSET 0) AS stemmed
    JOIN unnest(CAST(:patterns AS text[])) WITH ORDINALITY AS asked (pattern, place) ON stems @@ spoken_query(pattern)
""")


def words_of(language: ColumnElement[str], text: ColumnElement[str]) -> ColumnElement[str]:
    """What `dialogue_search.words` holds of a transcript."""
    return func.spoken_words(language, text, type_=TSVECTOR)


def says(terms: Sequence[Term]) -> ColumnElement[bool]:
    """The condition on `dialogue_search` that all of the terms were said, and none of those that are excluded.

    The functions are immutable, so the planner sees the lexemes and chooses by how frequent they are.
    """
    asked = [_asked(term) for term in terms]
    query = asked[0]
    for more in asked[1:]:
        query = func.tsquery_and(query, more, type_=TSQUERY)
    return t.dialogue_search.c.words.bool_op("@@")(query)


async def meanings(
    tx: AsyncConnection, terms: Sequence[Term], texts: Mapping[str, Iterable[str]]
) -> dict[str, Meanings]:
    """By language: which words of these texts answer which patterns, as the search itself would say."""
    patterns = list(dict.fromkeys(word for term in terms if not term.is_excluded for word in term.words))
    spelled = [_spelled((pattern,)) for pattern in patterns]
    found: dict[str, Meanings] = {}
    for language, same in texts.items():
        answered: dict[str, set[Pattern]] = {}
        where = {"language": language, "words": words_to_ask(same, patterns), "patterns": spelled}
        for row in await tx.execute(_MEANINGS, where):
            answered.setdefault(row.word, set()).add(patterns[row.place])
        found[language] = {word: frozenset(those) for word, those in answered.items()}
    return found


def _asked(term: Term) -> ColumnElement[str]:
    query: ColumnElement[str] = func.spoken_query(literal(_spelled(term.words)), type_=TSQUERY)
    return func.tsquery_not(query, type_=TSQUERY) if term.is_excluded else query


def _spelled(patterns: Sequence[Pattern]) -> str:
    """As to_tsquery reads it. Words are letters and digits, so nothing in them needs escaping."""
    return " <-> ".join(f"'{pattern.word}'{':*' if pattern.is_prefix else ''}" for pattern in patterns)
