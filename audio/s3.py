"""Audio in S3-compatible storage, by s3fs. A file is one PUT, so it is there as a whole or not at all.

The server checks the SHA-256 of the body that every request is signed with, and answers once the object is durable.
Checksums that newer clients send of themselves are left out: not every compatible server knows them.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, BinaryIO

import s3fs
from aiohttp import ClientError
from botocore.exceptions import BotoCoreError, ConnectionError, NoCredentialsError

from audio.store import StoredFile, inside
from audio.traffic import Traffic
from configs.sections import S3Settings
from domain.errors import Unavailable

CHECK_S = 3.0
WITHIN_S = 25.0
"""An upload's own answer has to come within 30 s."""
CONNECT_S = 4.0
READ_S = 10.0
ATTEMPTS = 2
_OTHER_REGION = "the bucket is in another region; set AWS_REGION to that"
_RIGHTS = "s3:GetObject, s3:PutObject, s3:DeleteObject, s3:ListBucket and s3:GetBucketVersioning"
_DENIED = f"access is denied; allow the key {_RIGHTS}"
_REMEDIES = {
    "NoSuchBucket": "there is no such bucket; create it, or mend storage.url",
    "InvalidAccessKeyId": "the server does not know the key; mend AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "the secret is not that of the key; mend AWS_SECRET_ACCESS_KEY",
    "ExpiredToken": "the session token has expired; renew AWS_SESSION_TOKEN",
    "RequestTimeTooSkewed": "this machine's clock is wrong; set it",
    "AccessDenied": _DENIED,
    "403": _DENIED,
    "AuthorizationHeaderMalformed": _OTHER_REGION,
    "PermanentRedirect": _OTHER_REGION,
    "301": _OTHER_REGION,
}


class S3Store:
    """An AudioStore in a bucket, under a prefix. Usable from many threads, and anew in a forked process."""

    is_writable = True

    def __init__(self, bucket: str, prefix: str, settings: S3Settings) -> None:
        self.bucket = bucket
        self.prefix = f"{prefix}/" if prefix else ""
        self.traffic = Traffic()
        self._settings = settings
        self._lock = Lock()
        self._client: tuple[int, Any] | None = None

    def check(self) -> None:
        with self._failing():
            self._fs.call_s3("list_objects_v2", Bucket=self.bucket, Prefix=self.prefix, MaxKeys=1, timeout=CHECK_S)

    def put(self, path: str, source: bytes | Path | BinaryIO) -> None:
        if isinstance(source, Path):
            source = source.read_bytes()
        where, body = self._where(path), source if isinstance(source, bytes) else _whole(source)
        with self._failing(path):
            self._call("put_object", where, Body=body, ContentType="audio/ogg")

    def open(self, path: str) -> BinaryIO:
        """The whole file, in memory: chunks are small, and a request more would cost more than their bytes."""
        return BytesIO(self.read(path))

    def read(self, path: str) -> bytes:
        where = self._where(path)
        with self._failing(path):
            encoded: bytes = self._fs.cat_file(f"{where['Bucket']}/{where['Key']}", timeout=WITHIN_S)
        self.traffic.count("s3", len(encoded))
        return encoded

    def exists(self, path: str) -> bool:
        try:
            self.size(path)
        except FileNotFoundError:
            return False
        return True

    def size(self, path: str) -> int:
        where = self._where(path)
        try:
            with self._failing(path):
                return int(self._call("head_object", where)["ContentLength"])
        except FileNotFoundError:
            self.check()  # HEAD has no words: it may be the bucket that is missing
            raise

    def delete(self, path: str) -> None:
        where = self._where(path)
        with self._failing(path):
            self._call("delete_object", where)

    def walk(self) -> Iterator[StoredFile]:
        page: dict[str, Any] = {"IsTruncated": True}
        onward: dict[str, str] = {}
        while page["IsTruncated"]:
            with self._failing():
                page = self._call("list_objects_v2", {"Bucket": self.bucket, "Prefix": self.prefix}, **onward)
            for found in page.get("Contents", ()):
                path = found["Key"].removeprefix(self.prefix)
                if path and not path.endswith("/"):  # a folder, as consoles make them
                    yield StoredFile(path, found["Size"], found["LastModified"])
            onward = {"ContinuationToken": page.get("NextContinuationToken", "")}

    def free_bytes(self) -> int | None:
        return None

    def keeps_versions(self) -> bool:
        """Raises Unavailable also where the bucket does not say."""
        with self._failing():
            answer = self._fs.call_s3("get_bucket_versioning", Bucket=self.bucket, timeout=CHECK_S)
        return bool(answer.get("Status") == "Enabled")

    @property
    def _fs(self) -> Any:
        with self._lock:
            if self._client is None or self._client[0] != os.getpid():
                self._client = os.getpid(), _file_system(self._settings)
            return self._client[1]

    def _call(self, method: str, where: dict[str, str], **more: Any) -> Any:
        return self._fs.call_s3(method, **where, **more, timeout=WITHIN_S)

    def _where(self, path: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": f"{self.prefix}{inside(path)}"}

    @contextmanager
    def _failing(self, path: str | None = None) -> Iterator[None]:
        try:
            yield
        except (OSError, BotoCoreError, ClientError) as error:
            if isinstance(error, FileNotFoundError) and _code(error) != "NoSuchBucket":
                raise FileNotFoundError(2, "no such file in the audio store", path) from None
            raise Unavailable(f"audio store s3://{self.bucket}: {self._why(error)}") from error

    def _why(self, error: Exception) -> str:
        if isinstance(error, NoCredentialsError):
            return "there is no key; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        if isinstance(error, (ConnectionError, TimeoutError)):
            endpoint = self._settings.endpoint_url or "AWS"
            return f"{endpoint} does not answer; is it up, and is storage.s3.endpoint_url its address?"
        code = _code(error)
        return _REMEDIES.get(code, f"{code} {error}".strip())


def _whole(source: BinaryIO) -> bytes:
    copy = BytesIO()
    shutil.copyfileobj(source, copy)
    return copy.getvalue()


def _file_system(settings: S3Settings) -> Any:
    fs = s3fs.S3FileSystem(
        key=settings.access_key_id.get_secret_value() or None,
        secret=settings.secret_access_key.get_secret_value() or None,
        token=settings.session_token.get_secret_value() or None,
        endpoint_url=settings.endpoint_url,
        client_kwargs={"region_name": settings.region} if settings.region else {},
        config_kwargs={
            "connect_timeout": CONNECT_S,
            "read_timeout": READ_S,
            "retries": {"mode": "standard", "total_max_attempts": ATTEMPTS},
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
            "s3": {"addressing_style": settings.addressing, "payload_signing_enabled": True},
        },
        s3_additional_kwargs={
            name: value
            for name, value in (
                ("ServerSideEncryption", settings.encryption),
                ("SSEKMSKeyId", settings.kms_key_id if settings.encryption == "aws:kms" else None),
            )
            if value
        },
        use_listings_cache=False,
        skip_instance_cache=True,
        max_concurrency=1,  # else each read would ask for the size first
    )
    fs.retries = ATTEMPTS
    fs.connect()  # half a second of work, asking nobody: no request's time
    return fs


def _code(error: Exception) -> str:
    """S3's word for what is wrong; empty where the server said nothing."""
    response = getattr(error.__cause__, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
