"""Where audio lies and with which keys: under the names that operators know."""

from pathlib import Path

import pytest

from configs.settings import load

AWS = {
    "AWS_ENDPOINT_URL": "https://storage.example",
    "AWS_REGION": "ru-central1",
    "AWS_ACCESS_KEY_ID": "0123456789",
    "AWS_SECRET_ACCESS_KEY": "yes",
    "AWS_SESSION_TOKEN": "1e5",
}


def test_the_names_of_every_s3_client_are_read_as_text() -> None:
    s3 = load(AWS).storage.s3
    assert (s3.endpoint_url, s3.region) == (AWS["AWS_ENDPOINT_URL"], AWS["AWS_REGION"])
    secrets = [secret.get_secret_value() for secret in (s3.access_key_id, s3.secret_access_key, s3.session_token)]
    assert secrets == ["0123456789", "yes", "1e5"]


def test_keys_may_lie_in_files(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    s3 = load({"AWS_SECRET_ACCESS_KEY_FILE": str(tmp_path / "key")}).storage.s3
    assert s3.secret_access_key.get_secret_value() == "from-a-file"


@pytest.mark.parametrize(
    ("wide", "narrow", "setting"),
    [
        ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "endpoint_url"),
        ("AWS_DEFAULT_REGION", "AWS_REGION", "region"),
        ("AWS_REGION", "SALESCONTROL_STORAGE__S3__REGION", "region"),
    ],
)
def test_the_narrower_name_counts(wide: str, narrow: str, setting: str) -> None:
    assert getattr(load({narrow: "narrow", wide: "wide"}).storage.s3, setting) == "narrow"


def test_the_original_products_name_says_where_to_read() -> None:
    assert load({"INGEST_INTERNAL_BASE_URL": "http://core:8000"}).storage.internal_url == "http://core:8000"
