"""A manifest: a CSV or JSON list that says of each recording when and where it was made."""

import csv
import io
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from domain.errors import ConfigError

Language = Literal["ru", "en", "sr", "auto"]
Blank = BeforeValidator(lambda value: value.strip() or None if isinstance(value, str) else value)


class ManifestRow(BaseModel):
    """file: relative to the manifest's folder. start_ts: ISO 8601, without a zone the point's local time; without it,
    the file's name must tell. Further columns are left unread. entry: where it stands, as "line 3"."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    entry: str
    file: str
    start_ts: Annotated[str | None, Blank] = None
    point: Annotated[str | None, Blank] = None
    register_name: Annotated[str | None, Blank] = None
    device: Annotated[str | None, Blank] = None
    language: Annotated[Language | None, Blank] = None


def read_manifest(path: Path) -> dict[Path, ManifestRow]:
    """Resolved path of each named file → its row. Raises ConfigError that names the line and what is wrong."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path}: is not UTF-8 text; save it as UTF-8") from None
    rows = _json_rows(path, text) if path.suffix.lower() == ".json" else _csv_rows(path, text)
    found: dict[Path, ManifestRow] = {}
    for number, raw in rows:
        row = _row(path, number, raw)
        recording = (path.parent / row.file).resolve()
        if recording in found:
            raise ConfigError(f"{path}: {number}: {row.file} is listed twice")
        found[recording] = row
    return found


def _csv_rows(path: Path, text: str) -> list[tuple[str, dict[str, Any]]]:
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    if "file" not in names:
        raise ConfigError(f"{path}: the first line must name the columns, at least: file,start_ts")
    reader.fieldnames = names
    try:
        rows = [(f"line {reader.line_num}", row) for row in reader if any(row.values())]
    except csv.Error as error:
        raise ConfigError(f"{path}: line {reader.reader.line_num}: is no CSV: {error}") from None
    for number, row in rows:
        if None in row:
            raise ConfigError(
                f"{path}: {number}: has more values than the first line has columns; quote a '{delimiter}'"
            )
    return rows


def _json_rows(path: Path, text: str) -> list[tuple[str, dict[str, Any]]]:
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"{path}: line {error.lineno}: not valid JSON: {error.msg}") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f'{path}: must be a list of objects such as {{"file": "a.ogg", "start_ts": "…"}}')
    return [(f"entry {number}", row) for number, row in enumerate(rows, 1)]


def _row(path: Path, number: str, raw: dict[str, Any]) -> ManifestRow:
    values = {("register_name" if key == "register" else key): v for key, v in raw.items() if key}
    try:
        row = ManifestRow.model_validate(values | {"entry": number})
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]).replace("register_name", "register")
        raise ConfigError(f"{path}: {number}: {field}: {first['msg']}") from None
    if not row.file.strip():
        raise ConfigError(f"{path}: {number}: file is empty")
    if "\0" in row.file:
        raise ConfigError(f"{path}: {number}: file: {row.file!r} has a NUL in it, which no file name has")
    return row
