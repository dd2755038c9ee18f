"""Of the page Review."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "review.progress": ("Сколько проверено за этот заход", "How much of this visit is done"),
    "review.done": (
        "проверен {n} диалог|проверены {n} диалога|проверено {n} диалогов",
        "{n} dialogue reviewed|{n} dialogues reviewed",
    ),
    "review.left": ("ждёт {n}|ждут {n}|ждут {n}", "{n} waiting|{n} waiting"),
    "review.undo": ("Отменить прошлую", "Undo the last one"),
    "review.keys": ("Клавиши", "Keys"),
    "review.dialogue_of": ("Диалог {at}", "Dialogue of {at}"),
    "review.open_dialogue": ("весь диалог", "the whole dialogue"),
    "review.reason.random": ("случайная доля", "random share"),
    "review.reason.second": ("второе мнение", "second opinion"),
    "review.reason.reviewers_disagree": ("проверявшие разошлись", "reviewers disagree"),
    "review.reason.engines_disagree": ("модели разошлись", "models disagree"),
    "review.reason.uncertain": ("машина не решила", "machine undecided"),
    "review.reason.low_confidence": ("машина не уверена", "machine unsure"),
    "review.reason.manual": ("выбран вами", "picked by you"),
    "review.why.random": (
        "Он попал в случайную долю: по ней видно, как часто машина ошибается.",
        "It is one of the random share, which shows how often the machine errs.",
    ),
    "review.why.second": (
        "Его уже проверил коллега. Ваше мнение покажет, насколько люди согласны; в цифры оно не идёт.",
        "A colleague has reviewed it. Your opinion shows how far people agree; it goes into no figure.",
    ),
    "review.why.reviewers_disagree": (
        "Два человека сказали разное. Решите, кто прав: ваше слово и останется в цифрах.",
        "Two people said different things. Settle it: your word stands in the figures.",
    ),
    "review.why.engines_disagree": (
        "Две модели сказали разное об этом диалоге.",
        "Two models said different things about it.",
    ),
    "review.why.uncertain": (
        "Машина не смогла решить. Пока неясно, в доли он не входит.",
        "The machine could not decide. While it is uncertain, it is in no rate.",
    ),
    "review.why.low_confidence": (
        "Машина решила, но не уверена в своём ответе.",
        "The machine decided, but is unsure of its answer.",
    ),
    "review.why.manual": (
        "Вы выбрали его сами. Ваше слово сразу встанет в цифры вместо слова машины.",
        "You picked it yourself. Your word replaces the machine's in every figure at once.",
    ),
    "review.your_verdict": ("Ваша оценка", "Your verdict"),
    "review.kind": ("Что это за разговор", "What kind of talk it is"),
    "review.next_kind": ("Следующий вид разговора", "Next kind"),
    "review.attempted": (
        "Кассир сам предложил что-то сверх заказа?",
        "Did the cashier, unasked, offer something extra?",
    ),
    "review.attempted.yes": ("да", "yes"),
    "review.attempted.no": ("нет", "no"),
    "review.attempted.uncertain": ("не понять", "can't tell"),
    "review.quality": ("Как предложил", "How good the offer was"),
    "review.quality.0": ("неуместно", "out of place"),
    "review.quality.1": ("«что-нибудь ещё?»", "“anything else?”"),
    "review.quality.2": ("назвал товар", "named a product"),
    "review.quality.3": ("лично, с причиной", "personal, with a reason"),
    "review.categories": ("Что предложил", "What was offered"),
    "review.reaction": ("Что ответил покупатель", "What the customer said"),
    "review.note": ("Заметка", "Note"),
    "review.save": ("Записать и дальше", "Save and next"),
    "review.skip": ("Пропустить", "Skip"),
    "review.missing.attempted": (
        "Выберите, предложил ли кассир что-то: y — да, n — нет, u — не понять.",
        "Say whether the cashier offered something: y for yes, n for no, u for can't tell.",
    ),
    "review.missing.quality": (
        "Выберите, как он это сделал: от 0 до 3.",
        "Say how good the offer was: 0 to 3.",
    ),
    "review.machine": ("Что сказала машина", "What the machine said"),
    "review.confidence": ("уверенность {share}", "confidence {share}"),
    "review.blind": (
        "Что сказала машина, вы увидите, когда запишете свою оценку: кто видит чужой ответ, чаще с ним соглашается.",
        "You see what the machine said once your verdict is saved: whoever sees an answer agrees with it more often.",
    ),
    "review.saved": ("Записано, цифры уже учли.", "Saved; the figures have it."),
    "review.saved_same": ("Записано. Машина думает так же.", "Saved. The machine thinks the same."),
    "review.saved_other": (
        "Записано, цифры уже учли. Машина думала иначе: {verdict}",
        "Saved; the figures have it. The machine thought otherwise: {verdict}",
    ),
    "review.changed": (
        "Диалог изменился, пока вы его слушали. Он вернётся в очередь; вот следующий.",
        "The dialogue changed while you listened. It will come back; here is the next one.",
    ),
    "review.undone": (
        "Отменено, снова считается прежнее. Измените и запишите или пропустите.",
        "Undone; what counted before counts again. Change it and save, or skip.",
    ),
    "review.all_done": ("Всё проверено.", "All is reviewed."),
    "review.nothing": ("Проверять пока нечего.", "There is nothing to review yet."),
    "review.nothing_hint": (
        "Новые диалоги придут сюда сами, как только машина их оценит. Любой диалог можно проверить и с его страницы.",
        "New dialogues come here by themselves once the machine has judged them. Any dialogue can be reviewed from its "
        "own page, too.",
    ),
    "review.see_agreement": ("Насколько точна машина", "How accurate the machine is"),
    "review.passed": (
        "Остался {n} диалог, который вы пропустили или который открыт у коллеги.|"
        "Остались {n} диалога, которые вы пропустили или которые открыты у коллег.|"
        "Остались {n} диалогов, которые вы пропустили или которые открыты у коллег.",
        "Only {n} dialogue is left that you passed over or a colleague has open.|"
        "Only {n} dialogues are left that you passed over or colleagues have open.",
    ),
    "review.again": ("Показать пропущенные", "Show what I passed over"),
    "review.key.play": ("слушать, пауза", "play, pause"),
    "review.key.step": ("на 2 секунды назад и вперёд", "2 seconds back and on"),
    "review.key.attempted": ("предложил, нет, не понять", "offered, not offered, can't tell"),
    "review.key.quality": ("качество предложения", "quality of the offer"),
    "review.key.reaction": ("согласился, отказался, не ясно", "accepted, declined, unclear"),
    "review.key.kind": ("вид разговора: следующий", "kind of talk: the next one"),
    "review.key.note": ("написать заметку", "write a note"),
    "review.key.leave": ("выйти из заметки", "leave the note"),
    "review.key.save": ("записать и дальше", "save and next"),
    "review.key.skip": ("пропустить", "skip"),
    "review.key.undo": ("отменить прошлую оценку", "undo the last verdict"),
    "review.key.categories": (
        "Буквы товаров написаны рядом с ними. Раскладка не важна: клавиши те же и в русской.",
        "Letters of the products stand beside them. Keys are the same in a Russian layout.",
    ),
}
