"""Of the page Today."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "today.all": ("Все точки", "All shops"),
    "today.points": ("Какая точка", "Which shop"),
    "today.how": ("Как сегодня", "How is today"),
    "today.how_past": ("Как прошёл день", "How the day was"),
    "today.offered": ("Предлагали в {share} продаж", "Something extra was offered in {share} of sales"),
    "today.above": ("Цель {goal} достигнута.", "The goal of {goal} is reached."),
    "today.below": ("Ниже цели {goal}.", "Below the goal of {goal}."),
    "today.maybe_above": (
        "Похоже, цель {goal} достигнута, но продаж пока мало, чтобы сказать твёрдо.",
        "The goal of {goal} seems reached, but there are too few sales to be sure.",
    ),
    "today.maybe_below": (
        "Похоже, ниже цели {goal}, но продаж пока мало, чтобы сказать твёрдо.",
        "It seems below the goal of {goal}, but there are too few sales to be sure.",
    ),
    "today.no_goal": ("Цель не задана.", "No goal is set."),
    "today.set_goal": ("Задать", "Set one"),
    "today.no_sales": ("Продаж пока нет", "No sales yet"),
    "today.no_sales_past": ("Продаж не было", "No sales"),
    "today.last_day": ("Последний день с разговорами: {day}", "The last day with dialogues: {day}"),
    "today.no_sales_hint": (
        "Они появятся здесь через несколько минут после разговора у кассы.",
        "They appear here a few minutes after a conversation at the counter.",
    ),
    "today.trust": ("Можно ли верить", "Can I believe it"),
    "today.recorded": ("Записано {share} рабочих часов", "{share} of the opening hours are recorded"),
    "today.unscheduled": ("Сегодня закрыто по расписанию", "Closed today by its opening hours"),
    "today.not_yet": ("Точки ещё не открылись", "The shops have not opened yet"),
    "today.no_schedule_past": ("По расписанию было закрыто", "Closed by the opening hours"),
    "today.of_time": ("{recorded} из {scheduled}, по всем устройствам", "{recorded} of {scheduled}, over all devices"),
    "today.lost": ("Потеряно {span}: {reason}", "{span} lost: {reason}"),
    "today.waiting": ("Ещё {span} в пути с устройств", "{span} more is on its way from the devices"),
    "today.paused": ("{span} на паузе", "{span} paused"),
    "today.pending": (
        "Ещё {n} диалог оценивается|Ещё {n} диалога оцениваются|Ещё {n} диалогов оцениваются",
        "{n} more dialogue is being judged|{n} more dialogues are being judged",
    ),
    "today.uncertain": (
        "{n} продажа не вошла: неясно, предлагали ли|{n} продажи не вошли: неясно, предлагали ли|"
        "{n} продаж не вошли: неясно, предлагали ли",
        "{n} sale is left out: unclear whether something was offered|"
        "{n} sales are left out: unclear whether something was offered",
    ),
    "today.failed": (
        "{n} диалог не обработан из-за ошибки|{n} диалога не обработаны из-за ошибки|"
        "{n} диалогов не обработаны из-за ошибки",
        "{n} dialogue failed|{n} dialogues failed",
    ),
    "today.all_well": ("Все устройства пишут", "All devices are recording"),
    "today.todo": ("Что сделать", "What to do"),
    "today.silent": ("{device} молчит с {since}", "{device} has been silent since {since}"),
    "today.no_audio": (
        "{device} на связи, но звука нет с {since}",
        "{device} is online, but sends no sound since {since}",
    ),
    "today.silent_hint": ("Проверьте питание и сеть у кассы", "Check power and network at the counter"),
    "today.last_chunk": ("последняя запись {when}", "last recording {when}"),
    "today.reviews": (
        "{n} диалог ждёт вашей проверки|{n} диалога ждут вашей проверки|{n} диалогов ждут вашей проверки",
        "{n} dialogue waits for your review|{n} dialogues wait for your review",
    ),
    "today.review": ("Проверить", "Review"),
    "today.listen_missed": ("Послушайте: не предложили", "Listen: nothing was offered"),
    "today.listen_good": ("Послушайте: удачно предложили", "Listen: a good offer"),
    "today.listen": ("Слушать", "Listen"),
    "today.nothing": ("Ничего срочного", "Nothing urgent"),
    "today.by_point": ("По точкам", "By shop"),
    "today.closed_now": ("сейчас закрыто", "closed now"),
    "today.other_figures": ("Подробнее", "In detail"),
    "today.no_points": ("Пока нет ни одной точки", "There is no shop yet"),
    "today.no_points_hint": (
        "Добавьте точку и подключите к ней устройство: первые цифры появятся в тот же день.",
        "Add a shop and connect a device: the first figures come the same day.",
    ),
    "today.add_point": ("Добавить точку", "Add a shop"),
}
