"""What is said of the microphone's steps: step.key → (English, Russian), each what is so and how to mend it.
`any.` are keys that several steps have."""

Words = tuple[str] | tuple[str, str]
Texts = dict[str, tuple[Words, Words]]

SOUND: Texts = {
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
    "any.in_use": (
        ("not measured: the service is recording",),
        ("не измерено: идёт запись службой",),
    ),
    "any.nobody": (
        (
            "not measured: nobody is there to speak",
            "run the check in a terminal, or with --yes and speak after the countdown",
        ),
        ("не измерено: некому говорить", "запустите проверку в терминале или с --yes и говорите после отсчёта"),
    ),
    "quiet.heard": (("noise {noise_dbfs} dBFS",), ("шум {noise_dbfs} dBFS",)),
    "quiet.silent": (
        (
            "the microphone gives pure silence, every sample the same: it is muted or broken",
            "switch it on (a button or slider on it), unmute it in `alsamixer` (F4, space), else replace it",
        ),
        (
            "микрофон отдаёт чистую тишину, все отсчёты одинаковы: он выключен или неисправен",
            "включите его (кнопка или движок на корпусе), снимите глушение в `alsamixer` (F4, пробел), иначе замените",
        ),
    ),
    "quiet.loud": (
        (
            "loud noise, {noise_dbfs} dBFS",
            "move the microphone away from the fan, the fridge or the loudspeaker, or lower its gain",
        ),
        (
            "сильный шум, {noise_dbfs} dBFS",
            "отодвиньте микрофон от вентилятора, холодильника или динамика либо убавьте усиление",
        ),
    ),
    "quiet.restless": (
        (
            "it was not quiet: the level moved by {spread_db} dB (noise {noise_dbfs} dBFS)",
            "run the check again while nobody speaks; what follows may look worse than it is",
        ),
        (
            "тихо не было: уровень менялся на {spread_db} дБ (шум {noise_dbfs} dBFS)",
            "повторите проверку, когда никто не говорит; дальнейшие оценки могут быть занижены",
        ),
    ),
    "any.clear": (
        ("speech is {snr_db} dB over the noise ({level_dbfs} dBFS)",),
        ("речь на {snr_db} дБ громче шума ({level_dbfs} dBFS)",),
    ),
    "any.weak": (
        (
            "speech is only {snr_db} dB over the noise ({level_dbfs} dBFS); 15 are needed",
            "move the microphone nearer and turn it towards this place, away from noise",
        ),
        (
            "речь всего на {snr_db} дБ громче шума ({level_dbfs} dBFS); нужно 15",
            "придвиньте микрофон ближе, поверните к этому месту и уберите от источников шума",
        ),
    ),
    "any.drowned": (
        (
            "speech drowns in noise: {snr_db} dB over it ({level_dbfs} dBFS); 15 are needed, below 10 words are lost",
            "move the microphone much nearer (within 1 m of both people) and away from noise; more gain does not help",
        ),
        (
            "речь тонет в шуме: громче всего на {snr_db} дБ ({level_dbfs} dBFS); нужно 15, ниже 10 слова теряются",
            "переставьте микрофон намного ближе (не дальше 1 м от обоих) и прочь от шума; усиление здесь не поможет",
        ),
    ),
    "any.unheard": (
        (
            "no speech was heard",
            "repeat and speak right after the countdown; if it stays, the microphone is too far, covered or turned off",
        ),
        (
            "речи не слышно",
            "повторите и говорите сразу после отсчёта; если не поможет, микрофон слишком далеко, закрыт или отвёрнут",
        ),
    ),
    "clipping.none": (
        ("none, the loudest sample is {peak_dbfs} dBFS",),
        ("нет, самый громкий отсчёт {peak_dbfs} dBFS",),
    ),
    "clipping.grazed": (
        ("overloaded {times} times (peak {peak_dbfs} dBFS)", "lower the gain a little, or do not speak right into it"),
        ("перегрузок: {times} (пик {peak_dbfs} dBFS)", "немного убавьте усиление или не говорите прямо в микрофон"),
    ),
    "clipping.clipped": (
        (
            "speech is clipped: overloaded {times} times (peak {peak_dbfs} dBFS)",
            "lower the microphone's gain (see the next line) and run the check again",
        ),
        (
            "речь срезана: перегрузок {times} (пик {peak_dbfs} dBFS)",
            "убавьте усиление микрофона (см. следующую строку) и повторите проверку",
        ),
    ),
    "clipping.nothing_recorded": (("nothing was recorded",), ("ничего не записано",)),
    "gain.set": (("{control} is at {percent} %",), ("{control}: {percent} %",)),
    "gain.automatic": (
        ("{control} is at {percent} %, the card adjusts it by itself",),
        ("{control}: {percent} %, карта подстраивает сама",),
    ),
    "gain.fixed": (
        ("this microphone has no volume control: only its distance counts",),
        ("у микрофона нет регулировки усиления: важно только расстояние",),
    ),
    "gain.off": (
        (
            "{control} is switched off",
            "`amixer -c {card} sset '{control}' cap`, then `sudo alsactl store`",
        ),
        (
            "{control}: выключен",
            "`amixer -c {card} sset '{control}' cap`, затем `sudo alsactl store`",
        ),
    ),
    "gain.too_high": (
        (
            "{control} is at {percent} %, too much",
            "`amixer -c {card} sset '{control}' {change}`, check again, then `sudo alsactl store`",
        ),
        (
            "{control}: {percent} %, слишком много",
            "`amixer -c {card} sset '{control}' {change}`, повторите проверку, затем `sudo alsactl store`",
        ),
    ),
    "gain.too_low": (
        (
            "{control} is at {percent} %, too little",
            "`amixer -c {card} sset '{control}' {change}`, check again, then `sudo alsactl store`",
        ),
        (
            "{control}: {percent} %, слишком мало",
            "`amixer -c {card} sset '{control}' {change}`, повторите проверку, затем `sudo alsactl store`",
        ),
    ),
    "gain.own_pcm": (("not known of {pcm}, a device of your own",), ("для собственного устройства {pcm} неизвестно",)),
    "gain.no_mixer": (("this card has no mixer",), ("у этой карты нет микшера",)),
}
