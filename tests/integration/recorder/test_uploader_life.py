"""The uploader over time: its thread, its clock, moved tills, full disks, kills between upload and receipt."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

import pytest
from stub_server import Receipt, Reply, StubServer, running
from till import LostClock, Till

from recorder.chunk import Identity
from recorder.fate import ChunkState
from recorder.spool.spool import DiskFull
from recorder.steps import Step
from recorder.upload.credentials import CredentialStore
from recorder.upload.retry import Backoff


@pytest.fixture
def server() -> Iterator[StubServer]:
    with running(StubServer()) as server:
        yield server


def eventually(is_so: object, within_s: float = 30.0) -> None:
    deadline_s = monotonic() + within_s
    while not is_so():  # type: ignore[operator]
        assert monotonic() < deadline_s
        sleep(0.01)


def test_the_thread_sends_what_it_is_woken_for_and_ends_when_told(server: StubServer, tmp_path: Path) -> None:
    till, lives = Till(tmp_path / "spool", server.url), []
    thread = threading.Thread(target=till.uploader.run, args=(lambda: lives.append(1),))
    thread.start()
    eventually(lambda: lives)
    chunk = till.record()
    till.uploader.wake()
    eventually(lambda: till.state(chunk) is ChunkState.DELIVERED)
    till.uploader.stop()
    thread.join(10.0)
    assert not thread.is_alive()
    till.close()


def test_a_stop_does_not_wait_for_a_server_that_hangs(server: StubServer, tmp_path: Path) -> None:
    server.then = Reply(manner="hang")
    till = Till(tmp_path / "spool", server.url)
    till.client._deadline_s = 60.0
    chunk = till.record()
    thread = threading.Thread(target=till.uploader.run)
    thread.start()
    eventually(lambda: server.uploads)
    till.uploader.stop()
    thread.join(10.0)
    assert not thread.is_alive()
    assert till.state(chunk) is ChunkState.WAITING
    till.close()


def test_a_kill_between_receipt_and_ledger_sends_it_again_under_the_same_identity(
    server: StubServer, tmp_path: Path
) -> None:
    class Killed(BaseException):
        pass

    def kill(step: Step) -> None:
        if step is Step.AFTER_UPLOAD:
            raise Killed

    till = Till(tmp_path / "spool", server.url, reached=kill)
    chunk = till.record()
    with pytest.raises(Killed):
        till.uploader.step()
    till.close()
    again = Till(tmp_path / "spool", server.url, till.identity)
    assert again.state(chunk) is ChunkState.WAITING
    again.upload_all()
    assert again.state(chunk) is ChunkState.DELIVERED
    identities = {(a.fields["device_id"], a.fields["session_id"], a.fields["seq"]) for a in server.uploads}
    assert (len(server.uploads), len(identities)) == (2, 1)
    again.close()


def test_a_pi_that_was_moved_delivers_yesterdays_chunks_as_the_till_it_was(server: StubServer, tmp_path: Path) -> None:
    before = Till(tmp_path / "spool", server.url, token="old" * 12)
    yesterday = before.record()
    before.close()
    moved = Till(tmp_path / "spool", server.url, Identity(str(uuid4()), str(uuid4()), str(uuid4())), token="new" * 12)
    today = moved.record()
    moved.upload_all()
    assert {(a.token, a.fields["device_id"]) for a in server.uploads} == {
        ("old" * 12, yesterday.identity.device_id),
        ("new" * 12, today.identity.device_id),
    }
    assert [path.stem for path in moved.root.glob("credentials/*.json")]
    moved.credentials.forget_all_but(moved.ledger.waiting_devices())
    assert [path.stem for path in moved.root.glob("credentials/*.json")] == [today.identity.device_id]
    moved.close()


def test_an_old_tills_revoked_token_holds_only_its_own_chunks(server: StubServer, tmp_path: Path) -> None:
    before = Till(tmp_path / "spool", server.url)
    kept = [before.record() for _ in range(60)]
    before.close()
    moved = Till(tmp_path / "spool", server.url, Identity(str(uuid4()), str(uuid4()), str(uuid4())))
    new = [moved.record() for _ in range(3)]
    server.script = [Reply(401, {"detail": "revoked"})]
    moved.policy.backoff = Backoff(30.0, 300.0)
    moved.upload_until(lambda: {moved.state(chunk) for chunk in new} == {ChunkState.DELIVERED})
    assert {moved.state(chunk) for chunk in kept} == {ChunkState.WAITING}
    moved.close()


def test_chunks_without_credentials_wait_for_them(server: StubServer, tmp_path: Path) -> None:
    before = Till(tmp_path / "spool", server.url)
    chunk = before.record()
    before.close()
    (before.root / "credentials" / f"{before.identity.device_id}.json").unlink()
    moved = Till(tmp_path / "spool", server.url)
    moved.steps(3)
    assert (moved.state(chunk), server.uploads) == (ChunkState.WAITING, [])
    CredentialStore(moved.root / "credentials", before.credentials.current).remember_current()
    moved.upload_all()
    moved.close()


def test_credentials_are_readable_by_their_owner_only(server: StubServer, tmp_path: Path) -> None:
    till = Till(tmp_path / "spool", server.url)
    [path] = (till.root / "credentials").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text('{"token": "half')
    other = CredentialStore(path.parent, replace(till.credentials.current, identity=Identity("a", "b", "c")))
    assert other.of(till.identity.device_id) is None
    till.close()


def test_without_any_clock_the_server_is_asked_for_the_time_before_a_chunk_is_stamped(
    server: StubServer, tmp_path: Path
) -> None:
    till = Till(tmp_path / "spool", server.url, clock=LostClock())
    till.record()
    till.upload_all()
    assert (len(server.heartbeats), server.heartbeats[0].document) == (1, {})
    assert not server.uploads[0].fields["start_ts"].startswith("1970")
    till.close()


def test_a_receipt_that_a_full_disk_refuses_is_written_once_there_is_room_and_nothing_is_sent_meanwhile(
    server: StubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    till = Till(tmp_path / "spool", server.url)
    chunk, other = till.record(), till.record()
    acknowledge, is_full = till.spool.acknowledge, True

    def refuse(*args: object) -> None:
        if is_full:
            raise DiskFull("no space left")
        acknowledge(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(till.spool, "acknowledge", refuse)
    till.steps(4)
    assert (till.state(chunk), len(server.uploads)) == (ChunkState.WAITING, 1)
    assert till.uploader.uploads.last_error == "no space left"
    is_full = False
    till.upload_all()
    assert {till.state(chunk), till.state(other)} == {ChunkState.DELIVERED}
    assert len(server.uploads) == 2
    till.close()


def test_a_week_without_network_is_delivered_oldest_first_once_it_is_back(tmp_path: Path) -> None:
    with running(StubServer()) as gone:
        pass
    till = Till(tmp_path / "spool", gone.url)
    chunks = [till.record(minutes_ago=7 * 24 * 60) for _ in range(70)]
    till.steps(5)
    assert till.uploader.uploads.queue_size == 70
    with running(StubServer(), port=int(gone.url.rpartition(":")[2])) as back:
        till.upload_all(120.0)
    assert [a.fields["seq"] for a in back.uploads] == [str(chunk.seq) for chunk in chunks]
    till.close()


def test_the_receipt_of_other_bytes_is_refused_however_often(server: StubServer, tmp_path: Path) -> None:
    server.then = Receipt(sha256="0" * 64)
    till = Till(tmp_path / "spool", server.url)
    chunk = till.record()
    till.upload_until(lambda: len(server.uploads) >= 8)
    assert till.state(chunk) is ChunkState.WAITING
    till.close()
