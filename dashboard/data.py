"""What is chosen, and what the api has for it. State without widgets: Filters → DataStore → views → app."""

import param

from dashboard.client import ApiClient, ApiError, Dialogue, NotAllowedError, Point


class Filters(param.Parameterized):
    """What the person wants to see; None is all."""

    point = param.ClassSelector(class_=Point, allow_None=True)
    day = param.CalendarDate(default=None, allow_None=True)
    attempted = param.Selector(default=None, objects=[None, "yes", "no", "uncertain"])


class DataStore(param.Parameterized):
    """The dialogues of the filters. `problem` is empty, "wrong_token" or why the api does not answer."""

    dialogues = param.List(default=[], item_type=Dialogue)
    points = param.List(default=[], item_type=Point)
    problem = param.String(default="")

    def __init__(self, client: ApiClient, filters: Filters) -> None:
        super().__init__()
        self._client = client
        self.filters = filters

    @property
    def zones(self) -> dict[str, str]:
        """Point name → its zone."""
        return {point.name: point.zone for point in self.points}

    async def load(self) -> None:
        """Asks the api anew."""
        chosen = self.filters
        try:
            points = await self._client.points()
            dialogues = await self._client.dialogues(chosen.point, chosen.day, chosen.attempted)
        except NotAllowedError:
            self.problem = "wrong_token"
        except ApiError as error:
            self.problem = str(error)
        else:
            self.param.update(points=points, dialogues=dialogues, problem="")

    async def close(self) -> None:
        await self._client.close()
