"""What is said of the Pi's own steps, as in texts."""

from recorder.check.texts import Texts

MACHINE: Texts = {
    "ffmpeg.able": (("version {version}, with Opus and ALSA",), ("версия {version}, есть Opus и ALSA",)),
    "ffmpeg.missing": (
        ("ffmpeg is not installed", "`sudo apt install ffmpeg`"),
        ("ffmpeg не установлен", "`sudo apt install ffmpeg`"),
    ),
    "ffmpeg.broken": (
        ("ffmpeg does not run: {message}", "`sudo apt install --reinstall ffmpeg`"),
        ("ffmpeg не запускается: {message}", "`sudo apt install --reinstall ffmpeg`"),
    ),
    "ffmpeg.no_opus": (
        ("this ffmpeg cannot encode Opus (no libopus)", "use the system's own: `sudo apt install --reinstall ffmpeg`"),
        ("этот ffmpeg не кодирует Opus (нет libopus)", "поставьте системный: `sudo apt install --reinstall ffmpeg`"),
    ),
    "ffmpeg.no_alsa": (
        ("this ffmpeg cannot read ALSA", "use the system's own: `sudo apt install --reinstall ffmpeg`"),
        ("этот ffmpeg не читает ALSA", "поставьте системный: `sudo apt install --reinstall ffmpeg`"),
    ),
    "disk.room": (
        ("{free_gb} GB free of {total_gb}, enough for {days} days without network",),
        ("свободно {free_gb} ГБ из {total_gb}, хватит на {days} дн. без сети",),
    ),
    "disk.short": (
        (
            "{free_gb} GB free of {total_gb}: enough for only {days} days without network",
            "free space or use a larger SD card (16 GB or more)",
        ),
        (
            "свободно {free_gb} ГБ из {total_gb}: хватит лишь на {days} дн. без сети",
            "освободите место или поставьте SD-карту больше (от 16 ГБ)",
        ),
    ),
    "disk.small": (
        (
            "{free_gb} GB free of {total_gb}, but max_spool_gb is {limit_gb}: the disk is full before that",
            "harmless, the oldest delivered recordings go first; to be exact, set a smaller max_spool_gb",
        ),
        (
            "свободно {free_gb} ГБ из {total_gb}, а max_spool_gb — {limit_gb}: диск заполнится раньше",
            "не страшно, первыми удаляются старые отправленные записи; для точности уменьшите max_spool_gb",
        ),
    ),
    "disk.full": (
        (
            "{free_gb} GB free: below the floor min_free_mb ({floor_mb} MB), nothing can be kept",
            "free space (`sudo apt clean`, `sudo journalctl --vacuum-size=50M`) or use a larger SD card",
        ),
        (
            "свободно {free_gb} ГБ: меньше запаса min_free_mb ({floor_mb} МБ), хранить негде",
            "освободите место (`sudo apt clean`, `sudo journalctl --vacuum-size=50M`) или поставьте SD-карту больше",
        ),
    ),
    "disk.no_space": (
        (
            "{folder} cannot be written: {message}",
            "free space (`sudo apt clean`, `sudo journalctl --vacuum-size=50M`) or use a larger SD card",
        ),
        (
            "в {folder} нельзя писать: {message}",
            "освободите место (`sudo apt clean`, `sudo journalctl --vacuum-size=50M`) или поставьте SD-карту больше",
        ),
    ),
    "disk.read_only": (
        (
            "{folder} is read-only",
            "`sudo reboot`; if it comes back, the SD card is worn out: replace it",
        ),
        (
            "{folder} только для чтения",
            "`sudo reboot`; если повторится, SD-карта изношена: замените её",
        ),
    ),
    "disk.denied": (
        (
            "this user may not write to {folder}",
            "run the check with sudo; after installing: `sudo recorder-agent install` sets the owner right",
        ),
        (
            "у этого пользователя нет права писать в {folder}",
            "запустите проверку через sudo; владельца исправит `sudo recorder-agent install`",
        ),
    ),
    "disk.owner": (
        (
            "{folder} belongs to another user: the service cannot write there",
            "`sudo chown -R {user}: {spool}`, then `sudo systemctl restart recorder-agent`",
        ),
        (
            "{folder} принадлежит другому пользователю: служба не сможет туда писать",
            "`sudo chown -R {user}: {spool}`, затем `sudo systemctl restart recorder-agent`",
        ),
    ),
    "disk.broken": (
        ("{folder} cannot be written: {message}", "look at `dmesg | tail`; an SD card with errors must be replaced"),
        ("в {folder} нельзя писать: {message}", "посмотрите `dmesg | tail`; SD-карту с ошибками нужно заменить"),
    ),
    "clock.right": (("{now}, {zone}, set by the network",), ("{now}, {zone}, сверены по сети",)),
    "clock.right_rtc": (
        ("{now}, {zone}, set by the network; a battery clock is there too",),
        ("{now}, {zone}, сверены по сети; есть и часы с батарейкой",),
    ),
    "clock.unsteered": (
        (
            "{now}, {zone}: not set by the network, and there is no battery clock: after a power cut it is wrong",
            "connect the network and `sudo timedatectl set-ntp true`; the recorder corrects its times once it reaches "
            "the server",
        ),
        (
            "{now}, {zone}: по сети не сверены, часов с батарейкой нет: после отключения питания собьются",
            "подключите сеть и выполните `sudo timedatectl set-ntp true`; время записей исправится при связи с "
            "сервером",
        ),
    ),
    "clock.unsteered_rtc": (
        (
            "{now}, {zone}: from the battery clock, not set by the network",
            "connect the network and `sudo timedatectl set-ntp true`",
        ),
        (
            "{now}, {zone}: по часам с батарейкой, по сети не сверены",
            "подключите сеть и выполните `sudo timedatectl set-ntp true`",
        ),
    ),
    "clock.reset": (
        (
            "it is said to be {now}, {zone}: the clock was reset",
            "connect the network and `sudo timedatectl set-ntp true`, or set it: "
            "`sudo timedatectl set-time 'YYYY-MM-DD HH:MM'`",
        ),
        (
            "показывают {now}, {zone}: часы сброшены",
            "подключите сеть и выполните `sudo timedatectl set-ntp true` или поставьте вручную: "
            "`sudo timedatectl set-time 'ГГГГ-ММ-ДД ЧЧ:ММ'`",
        ),
    ),
    "clock.utc": (
        (
            "{now}, {zone}: the schedule {hours} is taken as UTC, hardly what the shop means",
            "write the shop's zone into the configuration, for instance timezone: Europe/Moscow",
        ),
        (
            "{now}, {zone}: расписание {hours} понимается как UTC, вряд ли это имелось в виду",
            "укажите пояс магазина в конфигурации, например timezone: Europe/Moscow",
        ),
    ),
}
