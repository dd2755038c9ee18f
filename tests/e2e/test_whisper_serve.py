"""OpenAI's client against the running system: through Serve's proxy, the front and the model's replica."""

import openai
import pytest

from tests.e2e.system import INTERNAL_TOKEN, ROOT, System

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SPEECH = ROOT / "samples" / "shop_day" / "chunks" / "dev_en_20260302T091500Z.ogg"


def test_the_official_client_transcribes_through_serve(system: System) -> None:
    with openai.OpenAI(base_url=f"{system.api_url}/v1", api_key=INTERNAL_TOKEN, max_retries=0) as client:
        assert "base" in [model.id for model in client.models.list().data]
        answer = client.audio.transcriptions.create(
            model="base", file=SPEECH, response_format="verbose_json", timestamp_granularities=["word"], timeout=120
        )
        assert answer.text.startswith("Good morning")
        assert answer.words
        assert 9 < answer.words[0].start < 11
        with pytest.raises(openai.BadRequestError, match="not audio"):
            client.audio.transcriptions.create(model="base", file=("a.ogg", b"no audio"))


def test_a_stranger_is_told_to_bring_the_token(system: System) -> None:
    with (
        openai.OpenAI(base_url=f"{system.api_url}/v1", api_key="a-guess", max_retries=0) as client,
        pytest.raises(openai.AuthenticationError, match="INTERNAL_TOKEN"),
    ):
        client.models.list()
