"""A multipart upload, read while it streams: short text fields, and one file that is spooled.

Starlette's `request.form()` takes a body without its closing boundary for complete, cannot name the field that is too
long, and keeps what nobody asked for.
"""

import asyncio
from collections.abc import AsyncIterator, Container
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, cast

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import DEFAULT_MAX_HEADER_COUNT, DEFAULT_MAX_HEADER_SIZE, parse_options_header

from serve_apps.problems import Code, FieldError, Problem, fields_problem

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

SPOOL_BYTES = 1024 * 1024
"""A file up to this size (a usual chunk has 180 KB) stays in memory, a longer one goes to a temporary file."""
MAX_FIELD_BYTES = 1024
MAX_PARTS = 64


@dataclass(frozen=True, slots=True)
class Upload:
    """`fields` as text, by name; `file`, None where there is none, with its length. Close it."""

    fields: dict[str, str]
    file: BinaryIO | None
    size_bytes: int

    def close(self) -> None:
        if self.file is not None:
            self.file.close()


async def read_upload(content_type: str, body: AsyncIterator[bytes], fields: Container[str], file_field: str) -> Upload:
    """Reads the parts named in `fields` and the file; other parts are passed over.

    Raises Problem: not multipart, malformed, ends too early, a field too long, sent twice or not UTF-8.
    """
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise Problem(Code.NOT_MULTIPART, "Send the chunk as multipart/form-data.")
    if not options.get(b"boundary"):
        raise _malformed("its Content-Type names no boundary")
    parts = _Parts(fields, file_field)
    try:
        parser = MultipartParser(options[b"boundary"], parts.callbacks())
        async for block in body:
            # Beyond the spool's size the parser writes to a disk.
            await asyncio.to_thread(parser.write, block) if parts.size_bytes > SPOOL_BYTES else parser.write(block)
        if not parts.ended:
            raise _malformed("it ends without its closing boundary")
    except FormParserError as error:
        parts.close()
        raise _malformed(_why(error)) from error
    except OSError as error:
        parts.close()
        raise Problem(Code.STORAGE_UNAVAILABLE, "The upload cannot be buffered on disk; try again later.") from error
    except BaseException:
        parts.close()
        raise
    return Upload(parts.texts, parts.file, parts.size_bytes)


class _Parts:
    """What the parser calls, and what has come so far."""

    def __init__(self, fields: Container[str], file_field: str) -> None:
        self.texts: dict[str, str] = {}
        self.file: BinaryIO | None = None
        self.size_bytes = 0
        self.ended = False
        self._fields, self._file_field = fields, file_field
        self._count = 0
        self._name = ""
        self._header, self._value, self._text = bytearray(), bytearray(), bytearray()

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_to_header,
            "on_header_value": self._add_to_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._start_data,
            "on_part_data": self._add_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def close(self) -> None:
        if self.file is not None:
            self.file.close()

    def _begin(self) -> None:
        self._name = ""
        self._text.clear()
        self._count += 1
        if self._count > MAX_PARTS:
            raise _malformed(f"it has over {MAX_PARTS} parts")

    def _add_to_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            _, options = parse_options_header(bytes(self._value))
            self._name = options.get(b"name", b"").decode("utf-8", "replace")
        self._header.clear()
        self._value.clear()

    def _start_data(self) -> None:
        if not self._name:
            raise _malformed("a part has no name in its Content-Disposition")
        if self._name in self.texts or (self._name == self._file_field and self.file is not None):
            twice = FieldError(field=self._name, message="is sent more than once")
            raise fields_problem([twice], Code.FIELD_DUPLICATED)
        if self._name == self._file_field:
            self.file = cast(BinaryIO, SpooledTemporaryFile(SPOOL_BYTES))  # noqa: SIM115

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == self._file_field and self.file is not None:
            piece = data[start:end]
            self.file.write(piece)
            self.size_bytes += len(piece)
        elif self._name in self._fields:
            self._text += data[start:end]
            if len(self._text) > MAX_FIELD_BYTES:
                raise _wrong(self._name, f"is over {MAX_FIELD_BYTES} bytes")

    def _end_part(self) -> None:
        if self._name in self._fields:
            try:
                self.texts[self._name] = self._text.decode()
            except UnicodeDecodeError:
                raise _wrong(self._name, "is not UTF-8 text") from None

    def _end(self) -> None:
        self.ended = True


def _why(error: FormParserError) -> str:
    """In words; the parser tells its errors apart by their texts only."""
    text = str(error)
    if text.startswith("Maximum header size"):
        return f"a part's header, which holds its name and filename, is over {DEFAULT_MAX_HEADER_SIZE} bytes"
    if text.startswith("Maximum header count"):
        return f"a part has over {DEFAULT_MAX_HEADER_COUNT} headers"
    return "it is broken between its parts, or its boundary is wrong"


def _malformed(why: str) -> Problem:
    return Problem(
        Code.MALFORMED_MULTIPART, f"The multipart body cannot be read: {why}; send it by a standard library."
    )


def _wrong(name: str, message: str) -> Problem:
    return fields_problem([FieldError(field=name, message=message)], Code.FIELD_INVALID)
