"""What is said of finding and opening the microphone, as in texts."""

from recorder.check.texts import Texts

ACCESS: Texts = {
    "microphone.found": (("{name}",), ("{name}",)),
    "microphone.several": (
        (
            "{name} is used, but there are more: {others}",
            "unplug the others, or name the right one in the configuration, for instance audio_device: {pcm}",
        ),
        (
            "используется {name}, но есть и другие: {others}",
            "отключите лишние или укажите нужный в конфигурации, например audio_device: {pcm}",
        ),
    ),
    "microphone.none": (
        (
            "there is no sound card at all",
            "plug the USB microphone in, straight into the Pi and not through a hub; `arecord -l` must list it; "
            "if it does not, try another port, then another microphone",
        ),
        (
            "звуковых карт нет вообще",
            "подключите USB-микрофон прямо в Pi, без разветвителя; его должна показать команда `arecord -l`; "
            "если не показывает, попробуйте другой порт, затем другой микрофон",
        ),
    ),
    "microphone.deaf": (
        (
            "no sound card can record; there are: {cards}",
            "plug the USB microphone in (HDMI and the headphone socket only play); `arecord -l` must list it",
        ),
        (
            "ни одна звуковая карта не умеет записывать; есть: {cards}",
            "подключите USB-микрофон (HDMI и гнездо наушников только воспроизводят); его должна показать `arecord -l`",
        ),
    ),
    "microphone.not_there": (
        (
            "{wanted} is not there or cannot record; there are: {cards}",
            "plug it in, or remove audio_device from the configuration: the USB microphone is then found by itself",
        ),
        (
            "устройства {wanted} нет или оно не умеет записывать; есть: {cards}",
            "подключите его или уберите audio_device из конфигурации: тогда USB-микрофон найдётся сам",
        ),
    ),
    "free.free": (("it can be opened",), ("открывается",)),
    "free.ours": (
        (
            "the recorder service is recording from it right now (pid {pid}), as it should",
            "to measure the levels, stop it meanwhile: `sudo systemctl stop recorder-agent`, and start it afterwards",
        ),
        (
            "сейчас с него пишет сама служба записи (pid {pid}), так и должно быть",
            "чтобы измерить уровни, остановите её на это время: `sudo systemctl stop recorder-agent`, потом запустите",
        ),
    ),
    "free.busy": (
        ("another program holds it: {name} (pid {pid})", "end that program: `sudo kill {pid}`"),
        ("занят другой программой: {name} (pid {pid})", "завершите её: `sudo kill {pid}`"),
    ),
    "free.busy_unit": (
        (
            "another service holds it: {name} (pid {pid}, {unit})",
            "switch that service off: `sudo systemctl disable --now {unit}`",
        ),
        (
            "занят другой службой: {name} (pid {pid}, {unit})",
            "отключите её: `sudo systemctl disable --now {unit}`",
        ),
    ),
    "free.busy_desktop": (
        (
            "the desktop's sound server holds it: {name} (pid {pid})",
            "use Raspberry Pi OS Lite, or start without the desktop: `sudo systemctl set-default multi-user.target`, "
            "then `sudo reboot`",
        ),
        (
            "занят звуковым сервером рабочего стола: {name} (pid {pid})",
            "поставьте Raspberry Pi OS Lite или загружайтесь без рабочего стола: "
            "`sudo systemctl set-default multi-user.target`, затем `sudo reboot`",
        ),
    ),
    "free.busy_unseen": (
        (
            "another program holds it, and which one is hidden from this user",
            "run the check with sudo to see its name; then end it",
        ),
        (
            "занят другой программой, но её имя этому пользователю не видно",
            "запустите проверку через sudo, чтобы увидеть имя, и завершите программу",
        ),
    ),
    "any.cannot_no_arecord": (
        ("arecord is not installed", "`sudo apt install alsa-utils`"),
        ("программа arecord не установлена", "`sudo apt install alsa-utils`"),
    ),
    "any.cannot_busy": (
        ("another program has taken {pcm} meanwhile", "end that program and run the check again"),
        ("{pcm} тем временем заняла другая программа", "завершите её и повторите проверку"),
    ),
    "any.cannot_denied": (
        (
            "this user may not open {pcm}",
            "run the check with sudo, or join the group audio: `sudo usermod -aG audio $USER`, then log in anew",
        ),
        (
            "у этого пользователя нет права открыть {pcm}",
            "запустите проверку через sudo или добавьте пользователя в группу audio: `sudo usermod -aG audio $USER` "
            "и войдите заново",
        ),
    ),
    "any.cannot_missing": (
        (
            "{pcm} does not exist ({message})",
            "plug it in, or correct audio_device in the configuration; `arecord -L` lists the names there are",
        ),
        (
            "устройства {pcm} не существует ({message})",
            "подключите его или исправьте audio_device в конфигурации; имеющиеся имена покажет `arecord -L`",
        ),
    ),
    "any.cannot_unsuitable": (
        (
            "{pcm} cannot deliver mono at this sample rate ({message})",
            "write audio_device as plughw:… (it converts), or another sample_rate",
        ),
        (
            "{pcm} не даёт моно с такой частотой ({message})",
            "укажите audio_device в виде plughw:… (он преобразует) или другую sample_rate",
        ),
    ),
    "any.cannot_no_samples": (
        (
            "it opens but delivers no sound at all ({message})",
            "unplug the microphone and plug it in again; if it stays, try another port and a stronger power supply, "
            "then replace the microphone",
        ),
        (
            "открывается, но звука не отдаёт ({message})",
            "отсоедините микрофон и подключите снова; не поможет — другой порт и блок питания мощнее, "
            "потом замените микрофон",
        ),
    ),
    "any.cannot_other": (
        ("recording failed: {message}", "unplug the microphone, plug it in again and repeat the check"),
        ("записать не удалось: {message}", "отсоедините микрофон, подключите снова и повторите проверку"),
    ),
}
