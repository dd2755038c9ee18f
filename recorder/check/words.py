"""A result as sentences, in English or Russian; and what the person in the shop is told to do."""

from recorder.check.context import Cue
from recorder.check.result import Result, State, Step, Value
from recorder.check.texts import Texts
from recorder.check.texts_access import ACCESS
from recorder.check.texts_delivery import DELIVERY
from recorder.check.texts_link import LINK
from recorder.check.texts_machine import MACHINE
from recorder.check.texts_server import SERVER
from recorder.check.texts_sound import SOUND
from recorder.wording import Language

COMMON: Texts = {
    "any.because": (('skipped, because "{earlier}" failed',), ("пропущено, так как не прошло «{earlier}»",)),
    "any.broke": (
        ("the check itself failed here: {message}", "send this line to the developers"),
        ("ошибка самой проверки: {message}", "пришлите эту строку разработчикам"),
    ),
}
TEXTS: Texts = {**ACCESS, **SOUND, **MACHINE, **LINK, **SERVER, **DELIVERY, **COMMON}

TITLES: dict[Step, tuple[str, str]] = {
    Step.MICROPHONE: ("Microphone", "Микрофон"),
    Step.FREE: ("Microphone access", "Доступ к микрофону"),
    Step.QUIET: ("Quiet shop", "Тихий зал"),
    Step.TILL: ("Speech at the till", "Речь у кассы"),
    Step.CUSTOMER: ("Customer's speech", "Речь покупателя"),
    Step.CLIPPING: ("Overload", "Перегрузка"),
    Step.GAIN: ("Gain", "Усиление"),
    Step.FFMPEG: ("ffmpeg", "ffmpeg"),
    Step.DISK: ("Disk", "Диск"),
    Step.CLOCK: ("Clock", "Часы"),
    Step.LINK: ("Network link", "Подключение к сети"),
    Step.ADDRESS: ("Address (DHCP)", "Адрес (DHCP)"),
    Step.ROUTE: ("Way out", "Выход в сеть"),
    Step.DNS: ("Server's name (DNS)", "Имя сервера (DNS)"),
    Step.SERVER: ("Server", "Сервер"),
    Step.SERVER_CLOCK: ("Server's clock", "Часы сервера"),
    Step.PORTAL: ("Who answers", "Кто отвечает"),
    Step.TLS: ("Certificate (TLS)", "Сертификат (TLS)"),
    Step.TOKEN: ("Token", "Токен"),
    Step.UPLOAD: ("Test upload", "Пробная отправка"),
}

CUES: dict[Cue, tuple[str, str]] = {
    Cue.QUIET: (
        "Be quiet for {seconds:.0f} seconds: the noise of the shop is recorded.",
        "Помолчите {seconds:.0f} секунд: записывается шум зала.",
    ),
    Cue.TILL: (
        'Stand at the till and say in your usual voice for {seconds:.0f} seconds: "Good morning, what would you like? '
        'Would you like a dessert with it? That is four ninety altogether."',
        "Встаньте у кассы и говорите обычным голосом {seconds:.0f} секунд: «Здравствуйте, что для вас? Десерт к кофе "
        "желаете? С вас четыреста девяносто рублей».",
    ),
    Cue.CUSTOMER: (
        'Stand where the customer stands and say for {seconds:.0f} seconds: "Hello, a large cappuccino, please, and a '
        'croissant. Can I pay by card?"',
        "Встаньте на место покупателя и говорите {seconds:.0f} секунд: «Добрый день, большой капучино, пожалуйста, "
        "и круассан. Можно картой?»",
    ),
}

PRESS_ENTER = ("Press Enter when ready.", "Нажмите Enter, когда будете готовы.")
NOW = ("now", "говорите")
QUIET_NOW = ("recording", "запись")

_SUMMARIES: dict[State, tuple[str, str]] = {
    State.FAIL: ("To be mended: {failed}.", "Нужно исправить: {failed}."),
    State.WARN: ("Works; better mend: {warned}.", "Работает; лучше исправить: {warned}."),
    State.OK: ("All is well.", "Всё в порядке."),
}


def choose(pair: tuple[str, str], language: Language) -> str:
    return pair[language == "ru"]


def title(step: Step, language: Language) -> str:
    return choose(TITLES[step], language)


def sentences(result: Result, language: Language) -> tuple[str, str]:
    """What is so, and how to mend it (empty where there is nothing to mend). Raises KeyError for an unknown key."""
    key = f"{result.step}.{result.key}"
    texts = (TEXTS[key] if key in TEXTS else TEXTS[f"any.{result.key}"])[language == "ru"]
    values = {name: _shown(name, value, language) for name, value in result.values.items()}
    says, *mend = (text.format(**values) for text in texts)
    return says.strip(), mend[0] if mend else ""


def summary(results: list[Result], language: Language) -> str:
    """One line for the end: the worst of it."""
    named = {
        state: ", ".join(title(one.step, language) for one in results if one.state is state)
        for state in (State.FAIL, State.WARN)
    }
    worst = next((state for state in (State.FAIL, State.WARN) if named[state]), State.OK)
    return choose(_SUMMARIES[worst], language).format(failed=named[State.FAIL], warned=named[State.WARN])


def _shown(name: str, value: Value, language: Language) -> Value:
    match name:
        case "earlier":
            return title(Step(str(value)), language)
        case "off":
            return _duration(round(float(value)), language)
        case _:
            return value


def _duration(seconds: int, language: Language) -> str:
    """In its two largest units, such as 3 h 20 min."""
    amounts = (seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60, seconds % 60)
    units = ("дн.", "ч", "мин", "с") if language == "ru" else ("days", "h", "min", "s")
    parts = [f"{amount} {unit}" for amount, unit in zip(amounts, units, strict=True)]
    first = next((at for at, amount in enumerate(amounts) if amount), 3)
    return " ".join(part for part, amount in zip(parts[first : first + 2], amounts[first:], strict=False) if amount)
