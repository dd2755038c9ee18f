"""The languages that speech may be in."""

AUTO = "auto"
"""The language is heard from the speech itself."""

WHISPER_LANGUAGES = frozenset(
    """
    af am ar as az ba be bg bn bo br bs ca cs cy da de el en es et eu fa fi fo fr gl gu ha haw he hi hr ht hu hy id
    is it ja jw ka kk km kn ko la lb ln lo lt lv mg mi mk ml mn mr ms mt my ne nl nn no oc pa pl ps pt ro ru sa sd
    si sk sl sn so sq sr su sv sw ta te tg th tk tl tr tt uk ur uz vi yi yo zh yue
    """.split()  # noqa: SIM905 (a hundred quoted strings read worse)
)
"""The codes that Whisper large-v3 knows: ISO 639-1, with haw, jw and yue as Whisper has them.

Source: `_LANGUAGE_CODES` of faster_whisper/tokenizer.py (1.2), itself `LANGUAGES` of openai/whisper. Written out here,
since the domain imports no engine; a test compares them.
"""


def is_spoken_language(code: str) -> bool:
    """May a point have this language: one that Whisper knows, or "auto"?"""
    return code == AUTO or code in WHISPER_LANGUAGES
