"""Of the dialog that erases."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "erasing.open": ("Стереть…", "Erase…"),
    "erasing.title": ("Стереть навсегда?", "Erase for good?"),
    "erasing.span": ("С {start} по {end}.", "From {start} to {end}."),
    "erasing.would": ("Исчезнет:", "This goes:"),
    "erasing.nothing": (
        "За это время ничего не записано. Если устройство пришлёт запись позже, она будет отброшена.",
        "Nothing of this time is there. What a device delivers later will be discarded.",
    ),
    "erasing.n.dialogues_erased": (
        "{n} диалог целиком|{n} диалога целиком|{n} диалогов целиком",
        "{n} whole dialogue|{n} whole dialogues",
    ),
    "erasing.n.dialogues_cut": (
        "часть {n} диалога: остаток распознаем и оценим заново|часть {n} диалогов: остаток распознаем и оценим заново|"
        "часть {n} диалогов: остаток распознаем и оценим заново",
        "part of {n} dialogue: the rest is heard and judged anew|"
        "parts of {n} dialogues: the rest is heard and judged anew",
    ),
    "erasing.n.transcripts": (
        "{n} расшифровка|{n} расшифровки|{n} расшифровок",
        "{n} transcript|{n} transcripts",
    ),
    "erasing.n.reviews": ("{n} проверка|{n} проверки|{n} проверок", "{n} review|{n} reviews"),
    "erasing.n.chunks_deleted": (
        "{n} запись целиком|{n} записи целиком|{n} записей целиком",
        "{n} whole recording|{n} whole recordings",
    ),
    "erasing.n.chunks_silenced": (
        "часть {n} записи: там будет тишина|часть {n} записей: там будет тишина|часть {n} записей: там будет тишина",
        "part of {n} recording, silent from then on|parts of {n} recordings, silent from then on",
    ),
    "erasing.for_good": (
        "Вернуть это нельзя. Останется только пометка, кто и когда стёр, без слов.",
        "This cannot be undone. Only who erased and when is kept, without the words.",
    ),
    "erasing.do": ("Стереть", "Erase"),
    "erasing.looking": ("Смотрим, что исчезнет…", "Looking what would go…"),
    "erasing.done": ("Стёрто", "Erased"),
    "erasing.goes_on": (
        "Принято: стираем, закончится само",
        "Taken: it goes on in the background and ends by itself",
    ),
    "erasing.times": ("Введите оба времени.", "Enter both times."),
    "erasing.order": ("«По» должно быть позже «С».", "“To” must be later than “From”."),
}
