from pathlib import Path

import pytest

from configs.settings import load, load_with_sources
from domain.errors import ConfigError


def test_every_default_is_valid_and_says_where_it_comes_from() -> None:
    settings, sources = load_with_sources({})
    assert settings.profile == "local"
    assert sources["vad.mode"] == "configs/default.yaml"
    assert sources["asr.accurate.model"] == "configs/local.yaml"


def test_the_environment_goes_over_the_profile_and_the_profile_over_the_defaults() -> None:
    env = {"SALESCONTROL_PROFILE": "gpu", "SALESCONTROL_ASR__BATCH_AUDIO_S": "33.5", "DASHBOARD_PORT": "9090"}
    settings, sources = load_with_sources(env)
    assert (settings.asr.fast.model, settings.asr.batch_audio_s) == ("large-v3-turbo", 33.5)
    assert settings.server.dashboard_port == 9090
    assert sources["server.dashboard_port"] == "env DASHBOARD_PORT"


def test_nested_settings_are_reached_by_double_underscores() -> None:
    assert load({"SALESCONTROL_ASR__FAST__BEAM_SIZE": "3"}).asr.fast.beam_size == 3


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"SALESCONTROL_ASR__LANGUGE": "ru"}, "SALESCONTROL_ASR__LANGUGE: asr.languge: unknown setting"),
        ({"SALESCONTROL_VAD__MODE": "7"}, "SALESCONTROL_VAD__MODE: vad.mode"),
        ({"SALESCONTROL_PROFILE": "gpuu"}, "no such profile; use one of fleet, gpu, local, server"),
        ({"SALESCONTROL_SERVER__RAY_PORT": "8000"}, "port and ray_port are both 8000"),
        ({"DATABASE_URL": "mysql://u:p@db/x"}, "begins with postgresql://"),
        ({"ADMIN_TOKEN_FILE": "/nowhere/token"}, "ADMIN_TOKEN_FILE=/nowhere/token: cannot be read"),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(env: dict[str, str], named: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(env)
    assert named in str(error.value)


def test_a_refused_secret_is_not_in_the_message() -> None:
    with pytest.raises(ConfigError) as error:
        load({"SALESCONTROL_AUTH__ADMIN_TOKEN__X": "hunter2-hunter2"})
    assert "hunter2" not in str(error.value)
    with pytest.raises(ConfigError) as error:
        load({"DATABASE_URL": "mysql://u:hunter2@db/x"})
    assert "hunter2" not in str(error.value)


def test_a_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret-s3cret-s3cret\n")
    settings = load({"ADMIN_TOKEN_FILE": str(tmp_path / "token")})
    assert settings.auth.admin_token.get_secret_value() == "s3cret-s3cret-s3cret"
    assert "s3cret" not in repr(settings)


def test_the_original_products_postgres_variables_make_a_url() -> None:
    env = {"POSTGRES_HOST": "db", "POSTGRES_USER": "a b", "POSTGRES_PASSWORD": "p@ss/w", "POSTGRES_DB": "ingest"}
    url = load(env).database.url
    assert url is not None
    assert url.get_secret_value() == "postgresql://a%20b:p%40ss%2Fw@db:5432/ingest"


def test_a_whole_database_url_goes_before_its_parts() -> None:
    url = load({"POSTGRES_HOST": "db", "DATABASE_URL": "postgresql://x/y"}).database.url
    assert url is not None
    assert url.get_secret_value() == "postgresql://x/y"


def test_a_profile_may_be_a_file_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("vad: {mode: 3}\n")
    assert load({"SALESCONTROL_PROFILE": str(tmp_path / "mine.yaml")}).vad.mode == 3


def test_a_number_that_looks_like_a_secret_stays_text() -> None:
    assert load({"ADMIN_TOKEN": "1234567890123456"}).auth.admin_token.get_secret_value() == "1234567890123456"
