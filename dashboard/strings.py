"""Every text of the page, in the two languages of the shops' managers."""

from collections.abc import Mapping

LANGUAGES = {"ru": "Русский", "en": "English"}

_TEXTS: Mapping[str, tuple[str, str]] = {
    "title": ("Предложения у кассы", "Offers at the counter"),
    "token": ("Токен доступа (ADMIN_TOKEN)", "Access token (ADMIN_TOKEN)"),
    "log_in": ("Войти", "Log in"),
    "log_out": ("Выйти", "Log out"),
    "language": ("Язык", "Language"),
    "point": ("Точка", "Point"),
    "day": ("День", "Day"),
    "offered": ("Предложение", "Offer"),
    "all": ("Все", "All"),
    "refresh": ("Обновить", "Refresh"),
    "wrong_token": ("Сервер не принял токен.", "The server did not take the token."),
    "away": ("Сервер не отвечает: {reason}", "The server does not answer: {reason}"),
    "none": ("Диалогов нет.", "No dialogues."),
    "cut": ("Показаны первые {count}; выберите день.", "The first {count} are shown; choose a day."),
    "time": ("Время", "Time"),
    "length": ("Длина", "Length"),
    "kind": ("Что это", "Kind"),
    "quality": ("Качество", "Quality"),
    "reaction": ("Покупатель", "Customer"),
    "quotes": ("Цитаты", "In whose words"),
    "transcript": ("Текст", "Transcript"),
    "seconds": ("{seconds} с", "{seconds} s"),
    "rate": ("Предлагали", "Upsell offered"),
    "specific_rate": ("Предлагали конкретное", "A specific offer"),
    "acceptance": ("Согласились", "Offer accepted"),
    "average_quality": ("Среднее качество", "Average quality"),
    "of_sales": ("{hits} из {n} продаж", "{hits} of {n} sales"),
    "of_offers": ("{hits} из {n} предложений с известным исходом", "{hits} of {n} offers with a known end"),
    "over_attempts": ("по {n} предложениям, из 3", "over {n} offers, of 3"),
    "interval": ("95 %: от {low} до {high}", "95 %: {low} to {high}"),
    "beside": ("Не вошли в доли", "Counted beside"),
    "judged_by": ("Оценил", "Judged by"),
    "mixed": ("в долях смешаны разные модели", "the rates mix engines"),
    "sale": ("продажа", "sale"),
    "enquiry": ("вопрос", "enquiry"),
    "staff": ("сотрудники", "staff"),
    "unclear": ("неясно", "unclear"),
    "yes": ("да", "yes"),
    "no": ("нет", "no"),
    "uncertain": ("неясно", "uncertain"),
    "accepted": ("согласился", "accepted"),
    "rejected": ("отказался", "rejected"),
    "enquiries": ("вопросы", "enquiries"),
    "unclear_kind": ("неясного вида", "of unclear kind"),
    "skipped": ("пропущено", "skipped"),
    "failed": ("с ошибкой", "failed"),
    "pending": ("ещё не оценено", "not judged yet"),
}


class Strings:
    """The texts of one language: `strings("away", reason="…")`."""

    def __init__(self, language: str) -> None:
        self._column = list(LANGUAGES).index(language)

    def __call__(self, key: str, **values: object) -> str:
        return _TEXTS[key][self._column].format(**values)


def preferred_language(accept_language: str) -> str:
    """The page's language for a browser's Accept-Language header."""
    return "ru" if accept_language.strip().lower().startswith("ru") else "en"
