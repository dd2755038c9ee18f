"""Why time was lost, and what recorders say of themselves: domain/status.py LossReason."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "loss.silent": ("устройство молчало", "nothing was heard from the device"),
    "loss.not_received": ("запись не дошла", "the recording did not arrive"),
    "loss.not_scheduled": ("в расписании устройства точка закрыта", "the device's own schedule says closed"),
    "loss.unknown": ("причина неизвестна", "reason unknown"),
    "loss.off": ("устройство было выключено", "the device was off"),
    "loss.starting": ("устройство включалось", "the device was starting"),
    "loss.no_microphone": ("микрофон не подключён", "no microphone is plugged in"),
    "loss.microphone_busy": ("микрофон занят другой программой", "another program holds the microphone"),
    "loss.microphone_dead": ("микрофон не отвечает", "the microphone does not respond"),
    "loss.capture_failed": ("запись прерывалась", "recording broke off"),
    "loss.disk_full": ("на устройстве нет места", "the device's disk is full"),
    "loss.spool_unwritable": ("на диск устройства нельзя писать", "the device can't write to its disk"),
    "loss.evicted": ("места не хватило, старое стёрто", "the oldest was dropped for want of space"),
    "loss.refused": ("сервер не принял запись", "the server refused the recording"),
    "loss.damaged": ("запись повреждена", "the recording is damaged"),
    "loss.paused": ("запись на паузе", "recording is paused"),
}
