"""2,000 malformed multipart bodies: each is answered with a problem, none with a 500."""

import random
from collections import Counter
from collections.abc import Callable

from shop import Shop
from sqlalchemy import text

BODIES = 2_000
BOUNDARY = b"----shop"
Mutation = Callable[[random.Random, bytes], bytes]


def good_body(shop: Shop) -> bytes:
    """A body that would be taken, with a short file to keep the test quick."""
    parts = [
        b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (BOUNDARY, name.encode(), value.encode())
        for name, value in shop.device.fields().items()
    ]
    file = b'--%s\r\nContent-Disposition: form-data; name="chunk_file"; filename="a.ogg"\r\n\r\n' % BOUNDARY
    return b"".join([*parts, file, shop.audio[:2000], b"\r\n--%s--\r\n" % BOUNDARY])


def cut(rng: random.Random, body: bytes) -> bytes:
    return body[: rng.randrange(len(body))]


def flip(rng: random.Random, body: bytes) -> bytes:
    changed = bytearray(body)
    for _ in range(rng.randint(1, 20)):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def insert(rng: random.Random, body: bytes) -> bytes:
    at = rng.randrange(len(body))
    return body[:at] + rng.randbytes(rng.randint(1, 200)) + body[at:]


def drop(rng: random.Random, body: bytes) -> bytes:
    at = rng.randrange(len(body))
    return body[:at] + body[at + rng.randint(1, 200) :]


def repeat(rng: random.Random, body: bytes) -> bytes:
    at = rng.randrange(len(body))
    return body + body[at:]


def bad_line_ends(rng: random.Random, body: bytes) -> bytes:
    return body.replace(b"\r\n", rng.choice([b"\n", b"\r", b"\r\r\n", b"\0\r\n"]), rng.randint(1, 40))


def odd_headers(rng: random.Random, body: bytes) -> bytes:
    odd = rng.choice(
        [
            b"Content-Disposition: form-data\r\n",
            b"Content-Disposition: form-data; name=\r\n",
            b'Content-Disposition: form-data; name="\xff\xfe"\r\n',
            b"Content-Disposition: form-data; name*=utf-8''%00%ff\r\n",
            b'Content-Disposition: attachment; filename="../../etc/passwd"\r\n',
            b"Content-Disposition: form-data; name=codec; " + b"x=y; " * 2000 + b"\r\n",
            b"X: " + b"y" * 20_000 + b"\r\n",
            b": empty name\r\n",
            b"no colon here\r\n",
            b"Content-Transfer-Encoding: base64\r\n" * 50,
        ]
    )
    lines = body.split(b"\r\n")
    lines[rng.choice([i for i, line in enumerate(lines) if line.startswith(b"Content-D")])] = odd[:-2]
    return b"\r\n".join(lines)


def odd_values(rng: random.Random, body: bytes) -> bytes:
    odd = rng.choice(
        [b"\0", b"\xff\xfe\xfd", b"\xed\xa0\x80", b"1e999", b"-1", b"NaN", b"\xe2\x80\xae", b"9" * 5000, b""]
    )
    parts = body.split(b"\r\n\r\n")
    at = rng.randrange(1, len(parts))
    _, _, rest = parts[at].partition(b"\r\n")
    parts[at] = odd + b"\r\n" + rest
    return b"\r\n\r\n".join(parts)


MUTATIONS: list[Mutation] = [cut, flip, insert, drop, repeat, bad_line_ends, odd_headers, odd_values]
CONTENT_TYPES = [
    b"multipart/form-data; boundary=" + BOUNDARY,
    b'multipart/form-data; charset="idna"; boundary="' + BOUNDARY + b'"',
    b"multipart/form-data; charset=punycode; boundary=" + BOUNDARY,
    b"multipart/form-data; charset=hex; boundary=" + BOUNDARY,
    b"multipart/form-data; charset=utf-7; boundary=" + BOUNDARY,
    b"multipart/form-data; charset=\xff; boundary=" + BOUNDARY,
    b"multipart/form-data; boundary=" + b"b" * 300,
    b"multipart/form-data; boundary=\xc3\xa9",
    b"multipart/form-data; boundary=",
    b"multipart/form-data;;;boundary",
    b"Multipart/Form-Data ; boundary=" + BOUNDARY,
    b"multipart/mixed; boundary=" + BOUNDARY,
]


async def test_two_thousand_malformed_multiparts_are_answered_without_a_500(shop: Shop) -> None:
    rng, good, seen = random.Random(20260302), good_body(shop), Counter[int]()
    for i in range(BODIES):
        body = rng.choice(MUTATIONS)(rng, good)
        kind = CONTENT_TYPES[0] if rng.random() < 0.8 else rng.choice(CONTENT_TYPES)
        headers = {**shop.device.headers, "Content-Type": kind}
        answer = await shop.client.post("/api/v1/chunks", headers=headers, content=body)  # type: ignore[arg-type]
        seen[answer.status_code] += 1
        assert answer.status_code < 500, (i, kind, body, answer.text)
        if answer.status_code != 200:
            assert answer.headers["content-type"] == "application/problem+json", (i, answer.text)
            assert answer.json()["detail"]
    assert seen.total() == BODIES
    assert set(seen) <= {200, 400, 403, 409, 415, 422}
    assert seen[400] + seen[422] > BODIES / 2
    async with shop.deps.db.begin() as tx:
        rows = (await tx.execute(text("SELECT count(*) FROM audio_chunks"))).scalar_one()
    assert len(shop.files()) == rows
