"""The sentences of the health's problems and the names of what becomes of a second: (English, Russian)."""

from recorder.cli_phrases import COMMANDS

PROBLEMS: dict[str, tuple[str, str]] = {
    "problem.no_microphone": (
        "No microphone ({detail}): plug the USB microphone in, try another port, look at `arecord -l`.",
        "Нет микрофона ({detail}): подключите USB-микрофон, попробуйте другой порт, посмотрите `arecord -l`.",
    ),
    "problem.microphone_busy": (
        "Another program holds the microphone ({detail}): stop it.",
        "Микрофон занят другой программой ({detail}): остановите её.",
    ),
    "problem.microphone_dead": (
        "The microphone is there but gives no sound ({detail}): unplug it and plug it in again, else replace it.",
        "Микрофон подключён, но не даёт звука ({detail}): переподключите его, не поможет — замените.",
    ),
    "problem.capture_failed": (
        "ffmpeg cannot record ({detail}): run `sudo recorder-agent check`.",
        "ffmpeg не может записывать ({detail}): выполните `sudo recorder-agent check`.",
    ),
    "problem.disk_full": (
        "The disk is full and nothing of ours is left to delete ({detail}): free space or use a larger card.",
        "Диск заполнен, и удалять из записей больше нечего ({detail}): освободите место или поставьте карту больше.",
    ),
    "problem.spool_unwritable": (
        "The spool cannot be written ({detail}): check its owner, and the SD card (a dying card turns read-only).",
        "В каталог записей нельзя писать ({detail}): проверьте владельца и SD-карту (умирающая карта становится"
        " доступной только для чтения).",
    ),
    "problem.silent": (
        "The microphone has given pure zeros for {seconds} s: it is muted or broken; raise its gain in `alsamixer`.",
        "Микрофон уже {seconds} с даёт чистые нули: выключен или неисправен; поднимите усиление в `alsamixer`.",
    ),
    "problem.clipping": (
        "The microphone is overloaded: lower its gain in `alsamixer` or move it away from the noise.",
        "Микрофон перегружен: убавьте усиление в `alsamixer` или отодвиньте его от источника шума.",
    ),
    "problem.token_refused": (
        "The server refuses this device's token; audio is kept here. Enrol again with a new code.",
        "Сервер не принимает токен устройства; записи хранятся здесь. Зарегистрируйте устройство новым кодом.",
    ),
    "problem.not_a_server": (
        "The address answers {status} to uploads; audio is kept here. Check ingest_base_url.",
        "Адрес отвечает на загрузку {status}; записи хранятся здесь. Проверьте ingest_base_url.",
    ),
    "problem.backlog": (
        "{files} chunks wait to be sent, the oldest for {minutes} min ({error}): check the network.",
        "Ждут отправки: {files}, самый старый — {minutes} мин ({error}): проверьте сеть.",
    ),
    "problem.evicted_unsent": (
        "{files} unsent chunks were deleted for want of space: mend the network or raise max_spool_gb.",
        "Из-за нехватки места удалено неотправленных записей: {files}. Почините сеть или увеличьте max_spool_gb.",
    ),
    "problem.quarantined": (
        "The server refused {files} chunks for good; the answers lie in quarantine/. After mending: recorder-agent"
        " requeue --all.",
        "Сервер окончательно отверг записей: {files}; ответы лежат в quarantine/. После исправления:"
        " recorder-agent requeue --all.",
    ),
    "problem.ledger_unwritable": (
        "The ledger cannot be written ({error}); what happens is kept in memory until it can.",
        "Журнал не записывается ({error}); события хранятся в памяти, пока запись не станет возможной.",
    ),
    "problem.ledger_replaced": (
        "The ledger was damaged and a new one begun; the old file is {path}. No audio is lost. Check the memory card.",
        "Журнал был повреждён, начат новый; старый файл: {path}. Аудио не потеряно. Проверьте карту памяти.",
    ),
    "problem.disk_low": ("Only {megabytes} MB of disk are free.", "На диске свободно только {megabytes} МБ."),
    "problem.clock_wrong": (
        "The system's clock is {seconds} s off ({source}); chunks are stamped with the right time. Check NTP:"
        " `timedatectl`.",
        "Системные часы отстоят на {seconds} с ({source}); записи получают верное время. Проверьте NTP: `timedatectl`.",
    ),
    "problem.clock_doubtful": (
        "The time is not known since the boot: recording goes on whatever the schedule says until the network is back.",
        "После включения время неизвестно: запись идёт независимо от расписания, пока не появится сеть.",
    ),
}

FATES: dict[str, tuple[str, str]] = {
    "fate.recorded": ("recorded", "записано"),
    "fate.waiting": ("waiting to be sent", "ждёт отправки"),
    "fate.paused": ("paused", "пауза"),
    "fate.lost": ("lost", "потеряно"),
    "loss.off": ("off", "выключено"),
    "loss.starting": ("starting", "запуск"),
    "loss.no_microphone": ("no microphone", "нет микрофона"),
    "loss.microphone_busy": ("microphone busy", "микрофон занят"),
    "loss.microphone_dead": ("microphone dead", "микрофон молчит"),
    "loss.capture_failed": ("capture failed", "сбой записи"),
    "loss.disk_full": ("disk full", "диск заполнен"),
    "loss.spool_unwritable": ("spool unwritable", "нет доступа к диску"),
    "loss.evicted": ("deleted for want of space", "удалено из-за нехватки места"),
    "loss.refused": ("refused by the server", "отвергнуто сервером"),
    "loss.damaged": ("damaged", "повреждено"),
    "condition.recording": ("recording", "идёт запись"),
    "condition.out_of_hours": ("closed by the schedule", "вне расписания"),
    "condition.paused": ("paused", "пауза"),
    "condition.starting": ("starting", "запускается"),
    "condition.no_microphone": ("NOT RECORDING: no microphone", "НЕ ПИШЕТ: нет микрофона"),
    "condition.microphone_busy": ("NOT RECORDING: microphone busy", "НЕ ПИШЕТ: микрофон занят"),
    "condition.microphone_dead": ("NOT RECORDING: microphone dead", "НЕ ПИШЕТ: микрофон молчит"),
    "condition.capture_failed": ("NOT RECORDING: capture failed", "НЕ ПИШЕТ: сбой записи"),
    "condition.disk_full": ("NOT RECORDING: disk full", "НЕ ПИШЕТ: диск заполнен"),
    "condition.spool_unwritable": ("NOT RECORDING: spool unwritable", "НЕ ПИШЕТ: нет доступа к диску"),
    "duration.hours": ("{hours} h {minutes} m", "{hours} ч {minutes} мин"),
    "duration.minutes": ("{minutes} m", "{minutes} мин"),
    "duration.seconds": ("{seconds} s", "{seconds} с"),
    "day.nothing": ("nothing yet", "пока ничего"),
    "day.closed": ("closed: nothing is scheduled", "закрыто: запись не запланирована"),
    "day.total": ("in all", "всего"),
}

PHRASES: dict[str, tuple[str, str]] = PROBLEMS | FATES | COMMANDS
