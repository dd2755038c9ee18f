"""What is said of token and test upload, as in texts."""

from recorder.check.texts import Texts

DELIVERY: Texts = {
    "token.accepted": (("accepted",), ("принят",)),
    "token.unknown": (
        (
            "the server does not know this token",
            "enrol the device anew with a code: `sudo recorder-agent enrol CODE --server …`, or correct ingest_token",
        ),
        (
            "сервер не знает этот токен",
            "зарегистрируйте устройство кодом: `sudo recorder-agent enrol КОД --server …` или исправьте ingest_token",
        ),
    ),
    "token.device_disabled": (
        ("the device is switched off on the server", "have the operator enable it; recordings are kept until then"),
        ("устройство отключено на сервере", "попросите администратора включить его; записи пока хранятся здесь"),
    ),
    "token.device_replaced": (
        ("another device has taken this one's place", "enrol this one anew with a code, or retire it"),
        ("это устройство заменено другим", "зарегистрируйте его новым кодом или уберите"),
    ),
    "token.other": (
        ("the server answers {status} {title}", "repeat in a minute; else tell the server's operator"),
        ("сервер отвечает {status} {title}", "повторите через минуту; иначе сообщите администратору сервера"),
    ),
    "any.cut": (
        ("the connection broke off: {message}", "repeat; if it stays, the network is unsteady: try a cable"),
        ("соединение оборвалось: {message}", "повторите; если не поможет, сеть нестабильна: попробуйте кабель"),
    ),
    "upload.arrived": (("arrived whole in {ms} ms and was discarded",), ("дошла целой за {ms} мс и удалена",)),
    "upload.stored": (
        ("arrived, but the server kept the two seconds of test tone", "update the server"),
        ("дошла, но сервер сохранил две секунды тестового тона", "обновите сервер"),
    ),
    "upload.original": (
        ("not sent: this server cannot discard a test; the first chunk will show",),
        ("не отправлена: этот сервер не умеет удалять пробу; покажет первая запись",),
    ),
    "upload.ids": (
        (
            "the ids in the configuration are not those of this token",
            "correct point_id, register_id and device_id, or enrol the device anew",
        ),
        (
            "идентификаторы в конфигурации не соответствуют токену",
            "исправьте point_id, register_id и device_id или зарегистрируйте устройство заново",
        ),
    ),
    "upload.refused": (
        ("the server refuses it: {status} {title} {detail}", "tell the server's operator this line"),
        ("сервер отклоняет: {status} {title} {detail}", "передайте эту строку администратору сервера"),
    ),
    "upload.busy": (
        ("the server is overloaded or not ready: {status} {title}", "repeat in a minute; else tell its operator"),
        (
            "сервер перегружен или не готов: {status} {title}",
            "повторите через минуту; иначе сообщите его администратору",
        ),
    ),
    "upload.disk_low": (
        ("the server's disk is nearly full", "tell its operator; recordings are kept here until then"),
        ("на сервере кончается диск", "сообщите его администратору; записи пока хранятся здесь"),
    ),
    "upload.changed": (
        ("the server received other bytes than were sent", "something on the way changes them: try another network"),
        ("сервер получил не те данные, что отправлены", "что-то меняет их по пути: попробуйте другую сеть"),
    ),
    "upload.no_tone": (
        ("no test sound could be made: {message}", "`sudo apt install --reinstall ffmpeg`"),
        ("не удалось сделать пробный звук: {message}", "`sudo apt install --reinstall ffmpeg`"),
    ),
}
