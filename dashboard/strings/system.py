"""Of the page System."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "system.well": ("Всё идёт своим чередом", "Everything runs as it should"),
    "system.dead_some": (
        "{n} задание не выполнено и само не повторится|{n} задания не выполнены и сами не повторятся|"
        "{n} заданий не выполнены и сами не повторятся",
        "{n} job has failed and is not tried again by itself|"
        "{n} jobs have failed and are not tried again by themselves",
    ),
    "system.paused_some": ("Этап «{stage}» на паузе: {reason}", "The stage {stage} is paused: {reason}"),
    "system.disk_low": (
        "На диске осталось {free}: новые записи не принимаются",
        "{free} of disk space left: recordings are refused",
    ),
    "system.stages": ("Этапы обработки", "Stages"),
    "system.stage": ("Этап", "Stage"),
    "system.queued": ("В очереди", "Waiting"),
    "system.running": ("В работе", "Running"),
    "system.oldest": ("Ждёт дольше всех", "Oldest waits"),
    "system.done_1h": ("Готово за час", "Done in 1 h"),
    "system.speed": ("Скорость", "Speed"),
    "system.speed_why": (
        "Во сколько раз быстрее, чем звучит запись",
        "How many times faster than the recording sounds",
    ),
    "system.dead": ("Не выполнено", "Failed"),
    "system.no_stages": ("Заданий сейчас нет", "There are no jobs now"),
    "system.no_stages_hint": (
        "Они появляются, когда устройство присылает запись.",
        "They appear when a device sends a recording.",
    ),
    "system.stage.vad": ("поиск речи", "finding speech"),
    "system.stage.dialogues": ("сборка диалогов", "making dialogues"),
    "system.stage.asr": ("распознавание", "transcribing"),
    "system.stage.analysis": ("оценка", "judging"),
    "system.stage.report": ("отчёты", "reports"),
    "system.stage.coverage": ("покрытие записью", "coverage"),
    "system.stage.erasure": ("стирание", "erasing"),
    "system.dead_jobs": ("Невыполненные задания", "Failed jobs"),
    "system.none_dead": ("Невыполненных заданий нет", "No failed jobs"),
    "system.retry": ("Повторить", "Retry"),
    "system.retry_all": ("Повторить все", "Retry all"),
    "system.retried": (
        "{n} задание снова в очереди|{n} задания снова в очереди|{n} заданий снова в очереди",
        "{n} job is queued again|{n} jobs are queued again",
    ),
    "system.retry_sure": (
        "Повторить все невыполненные задания? Причины ошибок лучше сначала устранить.",
        "Retry all failed jobs? Better mend the causes first.",
    ),
    "system.older": ("Показать старше", "Show older"),
    "system.attempts": (
        "{n} попытка|{n} попытки|{n} попыток",
        "{n} attempt|{n} attempts",
    ),
    "system.failing": ("Не получилось, но будет повторено", "Failed, and tried again"),
    "system.again_at": ("снова {when}", "again {when}"),
    "system.models": ("Модели за 7 дней", "Models of the last 7 days"),
    "system.no_models": ("Пока ни одна модель не работала", "No model has worked yet"),
    "system.what.asr": ("распознавание", "transcribes"),
    "system.what.analysis": ("оценка", "judges"),
    "system.dialogues": ("{n} диалог|{n} диалога|{n} диалогов", "{n} dialogue|{n} dialogues"),
    "system.last": ("последний {when}", "last {when}"),
    "system.disk": ("Место", "Space"),
    "system.free": ("Свободно для записей", "Free for recordings"),
    "system.floor": ("запись остановится, если останется меньше {floor}", "recordings are refused below {floor}"),
    "system.unlimited": ("без предела", "no limit known"),
    "system.database": ("База данных", "Database"),
    "system.versions": ("Версии", "Versions"),
    "system.server": ("сервер", "server"),
    "system.migration": ("схема", "schema"),
    "system.links": ("Подробнее", "More"),
    "system.ray": ("Панель Ray", "Ray dashboard"),
    "system.grafana": ("Grafana", "Grafana"),
}
