"""Countries by address: only what the address really tells."""

import pytest

from cluster.doctor.where import country_of


@pytest.mark.parametrize(
    ("url", "region", "country"),
    [
        ("https://api.openai.com/v1", None, "US"),
        ("", "eu-central-1", "DE"),
        ("https://s3.eu-west-3.amazonaws.com", None, "FR"),
        ("https://storage.yandexcloud.net", "ru-central1", "RU"),
        ("http://127.0.0.1:9000", None, "here"),
        ("http://10.1.2.3/v1", None, "here"),
        ("http://minio:9000", "us-east-1", "here"),
        ("https://llm.example.com/v1", None, None),
        ("https://s3.example.com", "us-east-1", None),
        ("", None, None),
    ],
)
def test_a_country_is_told_by_the_address_or_not_at_all(url: str, region: str | None, country: str | None) -> None:
    assert country_of(url, region) == country
