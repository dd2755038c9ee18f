"""How figures, their certainty and their changes are said: the same words on all pages."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "figures.rate": ("Предлагали", "Offers made"),
    "figures.specific_rate": ("Предлагали конкретное", "Specific offers"),
    "figures.acceptance": ("Согласились", "Offers accepted"),
    "figures.average_quality": ("Среднее качество", "Average quality"),
    "figures.dialogues": ("Диалоги", "Dialogues"),
    "figures.coverage": ("Покрытие записью", "Coverage"),
    "figures.of_sales": ("{hits} из {n} продаж", "{hits} of {n} sales"),
    "figures.of_answers": ("{hits} из {n} понятных ответов", "{hits} of {n} clear answers"),
    "figures.of_offers": ("по {n} предложениям, из 3", "over {n} offers, out of 3"),
    "figures.no_interval": ("считать пока не по чему", "nothing to count yet"),
    "figures.better": ("▲ {value}: заметно лучше", "▲ {value}: clearly better"),
    "figures.worse": ("▼ {value}: заметно хуже", "▼ {value}: clearly worse"),
    "figures.noise": ("{value}: может быть случайностью", "{value}: may be chance"),
    "figures.same": ("без изменений", "unchanged"),
    "figures.unknown": ("сравнить не с чем", "nothing to compare with"),
    "figures.plain": ("{value} к прошлому периоду", "{value} on the last period"),
    "figures.change_interval": (
        "Против периода до этого: {difference}, с уверенностью 95 % от {low} до {high}",
        "Against the period before: {difference}, with 95% confidence from {low} to {high}",
    ),
    "figures.mixed": (
        "В этих долях смешаны оценки разных моделей: {engines}. Разница может быть разницей моделей.",
        "These rates mix verdicts of several models: {engines}. A difference may be one between models.",
    ),
    "figures.engine": ("Оценивала модель {engine}", "Judged by {engine}"),
    "figures.goal": ("цель {value}", "goal {value}"),
}
