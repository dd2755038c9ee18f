"""Of all that Serve says about an application that does not run, the sentence that says what to mend."""

from cluster.serving import _reason

TRACEBACK = """The deployment failed to start 3 times in a row. Error:
ray::ServeReplica:whisper:Fast.initialize_and_get_metadata()
  File "engine.py", line 12, in __init__
    raise ConfigError("no")
domain.errors.ConfigError: Whisper model nope: no such folder or name; use a path or one of base, small"""


def test_our_own_sentence_is_told_without_what_surrounds_it() -> None:
    found = {"message": "", "deployments": {"Fast": {"message": TRACEBACK}}}
    assert _reason(found) == "Whisper model nope: no such folder or name; use a path or one of base, small"


def test_what_is_not_ours_is_told_whole() -> None:
    assert _reason({"message": "out of memory"}) == "out of memory"
    assert _reason({}) == "no message from Ray Serve"
