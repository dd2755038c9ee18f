"""The player of a dialogue, with what the api knows of its sound."""

from collections.abc import Mapping
from typing import Any

from dashboard.client import ApiClient, ApiError
from dashboard.kit.player import PlayerView, player_view


async def player_of(client: ApiClient, dialogue_id: str) -> PlayerView | None:
    """None where the sound is gone."""
    detail: Mapping[str, Any] = await client.get(f"/api/v1/dialogues/{dialogue_id}/detail")
    clip, url = detail["clip"], detail["waveform_url"]
    if clip is None:
        return None
    try:
        bins = (await client.get(url))["bins"] if url else ()
    except ApiError:
        bins = ()  # the sound plays without its picture
    player_id = f"{dialogue_id}-{detail['row']['revision']}"
    src = client.public_url(clip["url"])
    return player_view(player_id, src, clip["duration_ms"], bins, clip["speech"], detail["quotes"])
