"""What is said of what the microphone hears, as in texts."""

from recorder.check.texts import Texts

SOUND: Texts = {
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
