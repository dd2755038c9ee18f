"""The store on a real S3 server: what it asks for, what it makes of refusals, and a server that goes and comes back."""

import hashlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import httpx
import pytest
from buckets import PAGE, Bucket, S3Server
from scripted_server import scripted_server

from audio.s3 import S3Store
from configs.settings import load
from domain.errors import Unavailable

PATH = "audio/point/register/2026-03-02/09/chunk_1.ogg"
MISMATCH = (
    b"<Error><Code>XAmzContentSHA256Mismatch</Code><Message>The provided header does not match.</Message></Error>"
)


def test_a_bucket_that_is_not_there_is_a_dependency_that_is_down_and_no_missing_file(bucket: Bucket) -> None:
    store = S3Store("no-such-bucket", "", load(bucket.env).storage.s3)
    calls = (store.read, store.size, store.exists, store.delete, lambda path: store.put(path, b"x"))
    for call in calls:
        with pytest.raises(
            Unavailable, match=r"no-such-bucket: there is no such bucket; create it, or mend storage\.url"
        ):
            call(PATH)
    with pytest.raises(Unavailable, match="no such bucket"):
        store.check()
    with pytest.raises(Unavailable, match="no such bucket"):
        list(store.walk())


def test_a_key_that_the_server_does_not_know_is_named(s3_server: S3Server, bucket: Bucket) -> None:
    store = bucket.store()
    with checked_keys(s3_server):
        for call in (store.check, lambda: store.read(PATH), lambda: store.put(PATH, b"x")):
            with pytest.raises(Unavailable, match="does not know the key; mend AWS_ACCESS_KEY_ID"):
                call()


def test_a_server_that_goes_is_unavailable_and_one_that_comes_back_is_used_again(
    s3_server: S3Server, bucket: Bucket
) -> None:
    store = bucket.store()
    store.put(PATH, b"before")
    with s3_server.away():
        for call in (store.check, lambda: store.read(PATH), lambda: store.put(PATH, b"x"), lambda: list(store.walk())):
            with pytest.raises(Unavailable, match=r"does not answer; is it up, and is storage\.s3\.endpoint_url"):
                call()
    assert store.read(PATH) == b"before"
    store.put("audio/after", b"after")
    assert {file.path for file in store.walk()} == {PATH, "audio/after"}


def test_a_check_gives_up_on_a_server_that_takes_the_request_and_never_answers(bucket: Bucket) -> None:
    given_up = threading.Event()
    with scripted_server(lambda request: given_up.wait()) as url:
        with pytest.raises(Unavailable, match="does not answer"):
            bucket.store(AWS_ENDPOINT_URL=url).check()
        given_up.set()


def test_every_file_is_one_request_signed_with_the_sha256_of_its_bytes(bucket: Bucket) -> None:
    seen: list[tuple[str, str, bytes]] = []

    def take(request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        seen.append((request.command, request.headers["x-amz-content-sha256"], body))
        request.send_response(200)
        request.send_header("Content-Length", "0")
        request.end_headers()

    audio = bytes(range(256)) * 700
    with scripted_server(take) as url:
        bucket.store(AWS_ENDPOINT_URL=url).put(PATH, audio)
    assert seen == [("PUT", hashlib.sha256(audio).hexdigest(), audio)]


def test_a_file_that_arrived_otherwise_than_it_was_sent_is_not_stored(bucket: Bucket) -> None:
    def refuse(request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers["Content-Length"]))
        request.send_response(400)
        request.send_header("Content-Length", str(len(MISMATCH)))
        request.end_headers()
        request.wfile.write(MISMATCH)

    with scripted_server(refuse) as url, pytest.raises(Unavailable, match="XAmzContentSHA256Mismatch"):
        bucket.store(AWS_ENDPOINT_URL=url).put(PATH, b"x")


def test_an_answer_that_breaks_off_is_asked_for_again_and_never_handed_out(bucket: Bucket) -> None:
    answers = iter((b"12345", b"1234567890"))

    def break_off(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "10")
        request.end_headers()
        request.wfile.write(next(answers))
        request.close_connection = True

    with scripted_server(break_off) as url:
        assert bucket.store(AWS_ENDPOINT_URL=url).read(PATH) == b"1234567890"


def test_files_are_encrypted_where_that_is_asked_for(bucket: Bucket) -> None:
    store = bucket.store(SALESCONTROL_STORAGE__S3__ENCRYPTION="AES256")
    store.put(PATH, b"x")
    assert store._call("head_object", store._where(PATH))["ServerSideEncryption"] == "AES256"


def test_a_prefix_is_a_store_of_its_own(bucket: Bucket) -> None:
    one, two = bucket.store("one"), bucket.store("one/two")
    bucket.store("on").put("e", b"neighbour")
    one.put("a", b"1")
    two.put("a", b"2")
    assert one.read("a") == b"1"
    assert {file.path for file in two.walk()} == {"a"}
    assert {file.path for file in one.walk()} == {"a", "two/a"}
    assert bucket.keys() == {"on/e", "one/a", "one/two/a"}


def test_walk_goes_beyond_a_page(bucket: Bucket) -> None:
    store = bucket.store()
    for number in range(PAGE * 2 + 1):
        store.put(str(number), b"")
    assert {file.path for file in store.walk()} == {str(number) for number in range(PAGE * 2 + 1)}


def test_another_file_that_appears_is_seen_at_once(bucket: Bucket) -> None:
    ours, theirs = bucket.store(), bucket.store()
    assert not ours.exists(PATH)
    assert list(ours.walk()) == []
    theirs.put(PATH, b"x")
    assert ours.exists(PATH)
    assert [file.path for file in ours.walk()] == [PATH]
    theirs.delete(PATH)
    assert not ours.exists(PATH)


def test_a_bucket_that_keeps_what_is_deleted_says_so(bucket: Bucket) -> None:
    store = bucket.store()
    assert not store.keeps_versions()
    on = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    httpx.put(f"{bucket.server.url}/{bucket.name}?versioning", content=on).raise_for_status()
    assert store.keeps_versions()


def test_a_forked_process_reads_on(bucket: Bucket) -> None:
    store = bucket.store()
    store.put(PATH, b"x" * 1000)
    script = f"""
import os
from audio.s3 import S3Store
from configs.settings import load
store = S3Store({bucket.name!r}, "shop", load().storage.s3)
first = store.read({PATH!r})
child = os.fork()
if not child:
    os._exit(0 if store.read({PATH!r}) == first else 1)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert store.read({PATH!r}) == first
"""
    done = subprocess.run([sys.executable, "-c", script], env=bucket.env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@contextmanager
def checked_keys(s3: S3Server) -> Iterator[None]:
    """From here on the server looks at who signed a request."""
    httpx.post(f"{s3.url}/moto-api/reset-auth", content="0").raise_for_status()
    try:
        yield
    finally:
        httpx.post(f"{s3.url}/moto-api/reset-auth", content="inf").raise_for_status()
