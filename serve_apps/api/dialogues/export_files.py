"""Exports as files, written a batch at a time: memory does not grow with the number of dialogues.

CSV: UTF-8 with a mark by which Excel knows it. XLSX: rows go to a temporary file as they come; text is text, whatever
it begins with. JSON: an object whose `dialogues` are the rows of the list with their text.
"""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from enum import StrEnum
from typing import IO, Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from domain.cells import cell, is_formula
from serve_apps.api.dialogues.export_rows import COLUMNS, ExportedRow, cells

BLOCK_BYTES = 256 * 1024
MOST_SHEET_ROWS = 1_000_000
"""Excel's own limit is 1,048,576; what is more goes onto another sheet."""
MOST_CELL_CHARS = 32_767
Batches = AsyncGenerator[Sequence[ExportedRow]]


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


MEDIA_TYPES: Mapping[Format, str] = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.JSON: "application/json",
}


async def write_csv(batches: Batches) -> AsyncIterator[bytes]:
    """RFC 4180."""
    yield b"\xef\xbb\xbf" + _csv_lines([COLUMNS])
    async with aclosing(batches) as all_batches:
        async for batch in all_batches:
            lines = [[cell(_iso(value)) for value in cells(row)] for row in batch]
            yield _csv_lines(lines)


async def write_json(batches: Batches) -> AsyncIterator[bytes]:
    """One row a line."""
    yield b'{"schema": 1, "dialogues": ['
    separator = b"\n"
    async with aclosing(batches) as all_batches:
        async for batch in all_batches:
            for row in batch:
                yield separator + row.model_dump_json(by_alias=True).encode()
                separator = b",\n"
    yield b"\n]}\n"


async def write_xlsx(batches: Batches) -> AsyncIterator[bytes]:
    """The file can be sent only once it is whole; until then it lies on disk, without a name."""
    with tempfile.TemporaryFile() as file:
        book = _Book(file)
        try:
            async with aclosing(batches) as all_batches:
                async for batch in all_batches:
                    await asyncio.to_thread(book.add, [cells(row) for row in batch])
        finally:
            await asyncio.to_thread(book.close)
        file.seek(0)
        while block := await asyncio.to_thread(file.read, BLOCK_BYTES):
            yield block


WRITERS: Mapping[Format, Callable[[Batches], AsyncIterator[bytes]]] = {
    Format.CSV: write_csv,
    Format.XLSX: write_xlsx,
    Format.JSON: write_json,
}


class _Book:
    """A workbook that keeps one row in memory."""

    def __init__(self, file: IO[bytes]) -> None:
        options = {"constant_memory": True, "default_date_format": "yyyy-mm-dd hh:mm:ss"}
        self._book = Workbook(file, options)
        self._bold = self._book.add_format({"bold": True})
        self._text = self._book.add_format({"quote_prefix": True})
        self._sheet: Worksheet | None = None
        self._rows = 0

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        for values in rows:
            if self._sheet is None or self._rows >= MOST_SHEET_ROWS:
                self._sheet = self._new_sheet()
            self._rows += 1
            for column, value in enumerate(values):
                self._write(self._sheet, column, value)

    def close(self) -> None:
        if self._sheet is None:
            self._new_sheet()
        self._book.close()

    def _new_sheet(self) -> Worksheet:
        sheet = self._book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(COLUMNS):
            sheet.write_string(0, column, name, self._bold)
        self._rows = 0
        return sheet

    def _write(self, sheet: Worksheet, column: int, value: Any) -> None:
        if isinstance(value, datetime):  # Excel knows no offsets: the hour that the point's clock showed
            sheet.write_datetime(self._rows, column, value.replace(tzinfo=None))
        elif isinstance(value, int | float):
            sheet.write_number(self._rows, column, value)
        elif value is not None:
            text = value[:MOST_CELL_CHARS]
            # As text even where somebody edits it; xlsxwriter itself would take "=…" for a formula in `write`.
            sheet.write_string(self._rows, column, text, self._text if is_formula(text) else None)


def _csv_lines(lines: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows(lines)
    return out.getvalue().encode()


def _iso(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
