"""Cells of tables that people open in spreadsheets: what was said must not be run as a formula."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""A cell that begins so is run as a formula by spreadsheets (OWASP, CSV Injection)."""


def is_formula(text: str) -> bool:
    """Would a spreadsheet run it? Blanks before it do not keep it from that."""
    return text.startswith(FORMULA_STARTS) or text.lstrip().startswith(FORMULA_STARTS)


def cell(value: object) -> str:
    """A cell of a CSV file on one line, which no spreadsheet takes for a formula. Numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    shown = " ".join(text.splitlines())
    return f"'{shown}" if is_formula(text) or is_formula(shown) else shown
