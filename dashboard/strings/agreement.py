"""Of the page Agreement: how far the machine can be believed."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "agreement.title": ("Насколько точна машина", "How accurate the machine is"),
    "agreement.lead": (
        "Люди послушали те же диалоги, не зная ответа машины. Здесь видно, когда ей можно верить.",
        "People heard the same dialogues without knowing its answer. Here is when it can be believed.",
    ),
    "agreement.empty": ("За эти дни машина ничего не оценила.", "The machine judged nothing in these days."),
    "agreement.empty_hint": (
        "Выберите другие дни или дождитесь первых записей.",
        "Choose other days, or wait for the first recordings.",
    ),
    "agreement.rests_on": ("На чём это держится", "What this rests on"),
    "agreement.progress": ("Сколько случайных диалогов проверено", "How many random dialogues are reviewed"),
    "agreement.of_wanted": ("{n} из {wanted} случайных диалогов", "{n} of {wanted} random dialogues"),
    "agreement.none_yet": (
        "Ни один диалог случайной доли ещё не проверен, поэтому точность неизвестна. Проверьте {wanted}: тогда любая "
        "доля здесь будет известна до 10 пунктов.",
        "No dialogue of the random share is reviewed yet, so the accuracy is unknown. Review {wanted}: then any share "
        "here is known to within 10 points.",
    ),
    "agreement.too_few": (
        "Проверено {have} из {wanted}: пока это грубая прикидка, смотрите на пределы, а не на середину. Нужен ещё {n} "
        "диалог.|Проверено {have} из {wanted}: пока это грубая прикидка, смотрите на пределы, а не на середину. Нужны "
        "ещё {n} диалога.|Проверено {have} из {wanted}: пока это грубая прикидка, смотрите на пределы, а не на "
        "середину. Нужно ещё {n} диалогов.",
        "{have} of {wanted} are reviewed: a rough guess so far, look at the limits, not at the middle. {n} more is "
        "needed.|{have} of {wanted} are reviewed: a rough guess so far, look at the limits, not at the middle. {n} "
        "more are needed.",
    ),
    "agreement.enough": (
        "Проверен {n} случайный диалог: доли известны до 10 пунктов или точнее.|Проверены {n} случайных диалога: доли "
        "известны до 10 пунктов или точнее.|Проверено {n} случайных диалогов: доли известны до 10 пунктов или точнее.",
        "{n} random dialogue is reviewed: shares of all are known to within 10 points.|{n} random dialogues are "
        "reviewed: shares of all are known to within 10 points.",
    ),
    "agreement.waiting": (
        "Ждёт проверки {n} случайный диалог.|Ждут проверки {n} случайных диалога.|Ждут проверки {n} случайных "
        "диалогов.",
        "{n} random dialogue waits for a review.|{n} random dialogues wait for a review.",
    ),
    "agreement.none_waiting": (
        "Все случайные диалоги проверены. Новые приходят каждый день; возьмите период длиннее или больше точек.",
        "All random dialogues are reviewed. New ones come every day; take a longer period or more points.",
    ),
    "agreement.to_review": ("К проверке", "Review them"),
    "agreement.basis": (
        "Считается только по случайной доле ({share} диалогов). Остальные проверенные диалоги выбрали потому, что в "
        "них ждали ошибку: по ним машина выглядит хуже, чем она есть, поэтому они показаны отдельно внизу. Диалогов, "
        "которые машина пропустила, потому что в них мало слов, здесь нет.",
        "Only the random share ({share} of dialogues) is counted. All other reviewed ones were picked because a "
        "mistake was likely: by them the machine looks worse than it is, so they stand apart below. Dialogues that the "
        "machine skipped for having too few words are not in here.",
    ),
    "agreement.stale": (
        "Не учтена {n} проверка: диалог после неё изменился.|Не учтены {n} проверки: диалоги после них изменились.|"
        "Не учтено {n} проверок: диалоги после них изменились.",
        "{n} review is left out: its dialogue changed after it.|{n} reviews are left out: their dialogues changed "
        "after them.",
    ),
    "agreement.precision": ("Когда машина слышит предложение, она права", "When it hears an offer, it is right"),
    "agreement.precision_of": ("{hits} из {n} её «да» подтвердил человек", "a person confirmed {hits} of its {n} yes"),
    "agreement.precision_note": ("точность", "precision"),
    "agreement.recall": ("Из настоящих предложений она находит", "Of true offers it finds"),
    "agreement.recall_of": ("{hits} из {n}, которые услышал человек", "{hits} of {n} that a person heard"),
    "agreement.recall_note": ("полнота", "recall"),
    "agreement.same": ("Говорит то же, что человек", "Says the same as a person"),
    "agreement.same_of": ("{hits} из {n} диалогов", "{hits} of {n} dialogues"),
    "agreement.same_note": ("да, нет, неясно и не продажа", "yes, no, uncertain and no sale"),
    "agreement.corrected_title": (
        "Какой была бы доля предложений без ошибок машины",
        "What the rate would be without the machine's mistakes",
    ),
    "agreement.apparent": ("Насчитала машина", "The machine counts"),
    "agreement.corrected": ("С поправкой на её ошибки", "Corrected for its mistakes"),
    "agreement.corrected_of": ("по {n} проверенным продажам", "by {n} reviewed sales"),
    "agreement.corrected_wide": (
        "Пределы так широки, что машина может быть и точной, и сильно ошибаться. Проверьте больше случайных диалогов.",
        "The limits are so wide that the machine may be exact or far off. Review more random dialogues.",
    ),
    "agreement.corrected_same": (
        "Разница в пределах случайности: доле машины можно верить, насколько позволяют пределы.",
        "The difference may be chance: the machine's rate can be believed, as far as the limits go.",
    ),
    "agreement.machine_sees_more": (
        "Машина видит предложения чаще, чем они есть: на самом деле их меньше, чем в обзоре.",
        "The machine sees more offers than there are: there are truly fewer than in the overview.",
    ),
    "agreement.machine_sees_less": (
        "Машина часть предложений не слышит: на самом деле их больше, чем в обзоре.",
        "The machine misses some offers: there are truly more than in the overview.",
    ),
    "agreement.why_not.no_rate": (
        "Поправить нечего: машина за эти дни не оценила ни одной продажи.",
        "Nothing to correct: the machine judged no sale in these days.",
    ),
    "agreement.why_not.no_true_yes": (
        "Поправку посчитать нельзя: среди проверенных нет ни одной продажи с предложением. Проверьте больше диалогов.",
        "No correction is possible: no reviewed sale has an offer. Review more dialogues.",
    ),
    "agreement.why_not.no_true_no": (
        "Поправку посчитать нельзя: среди проверенных нет ни одной продажи без предложения. Проверьте больше диалогов.",
        "No correction is possible: no reviewed sale is without an offer. Review more dialogues.",
    ),
    "agreement.why_not.no_better_than_chance": (
        "Поправку посчитать нельзя: по проверенным диалогам машина угадывает не лучше монетки. Проверьте больше "
        "диалогов; если так и останется, доле в обзоре верить нельзя.",
        "No correction is possible: by the reviewed dialogues the machine does no better than a coin. Review more; if "
        "that stays, the rate in the overview can't be believed.",
    ),
    "agreement.clipped": (
        "По формуле вышло меньше 0 % или больше 100 %: так бывает в малых выборках. Показана ближайшая возможная доля.",
        "The formula gave less than 0% or more than 100%, as happens in small samples. The nearest share is shown.",
    ),
    "agreement.method": (
        "Как посчитано: из продаж с предложением машина узнаёт {se} ({se_interval}), из продаж без него верно "
        "пропускает {sp} ({sp_interval}); поправка Рогана и Гладен, пределы Ланга и Райцигеля, 95 %.",
        "How: of sales with an offer the machine knows {se} ({se_interval}), of sales without one it rightly passes "
        "over {sp} ({sp_interval}); correction by Rogan and Gladen, limits by Lang and Reiczigel, 95%.",
    ),
    "agreement.left_out": (
        "{n} проверенный диалог в поправку не вошёл: машина или человек не сказали о нём «да» или «нет», или это не "
        "продажа.|{n} проверенных диалога в поправку не вошли: машина или человек не сказали о них «да» или «нет», или "
        "это не продажи.|{n} проверенных диалогов в поправку не вошли: машина или человек не сказали о них «да» или "
        "«нет», или это не продажи.",
        "{n} reviewed dialogue is not in the correction: the machine or the person said neither yes nor no, or it is "
        "no sale.|{n} reviewed dialogues are not in the correction: the machine or the person said neither yes nor no, "
        "or they are no sales.",
    ),
    "agreement.table_title": ("Что говорит машина и что человек", "What the machine says, and what a person says"),
    "agreement.table_hint": (
        "В строке — ответ машины, в столбце — человека. По диагонали они согласны.",
        "A row is the machine's answer, a column the person's. They agree on the diagonal.",
    ),
    "agreement.judge.machine": ("Машина говорит", "The machine says"),
    "agreement.judge.reviewer": ("Человек говорит", "A person says"),
    "agreement.judge.first_reviewer": ("Первый говорит", "The first says"),
    "agreement.judge.second_reviewer": ("Второй говорит", "The second says"),
    "agreement.call.yes": ("предложили", "offered"),
    "agreement.call.no": ("не предложили", "not offered"),
    "agreement.call.uncertain": ("неясно", "uncertain"),
    "agreement.call.no_sale": ("не продажа", "no sale"),
    "agreement.cell": ("{first}: {said}. {second}: {other}", "{first}: {said}. {second}: {other}"),
    "agreement.kappa": (
        "Согласие сверх случайного: {level} (κ Коэна {value}, с уверенностью 95 % от {low} до {high}).",
        "Agreement beyond chance: {level} (Cohen's κ {value}, with 95% confidence {low} to {high}).",
    ),
    "agreement.kappa_wide": (
        "Согласие сверх случайного по стольким диалогам ещё не видно (κ Коэна {value}, но с уверенностью 95 % от {low} "
        "до {high}).",
        "Agreement beyond chance can't be told from so few (Cohen's κ {value}, but with 95% confidence {low} to "
        "{high}).",
    ),
    "agreement.kappa.almost_perfect": ("почти полное", "almost perfect"),
    "agreement.kappa.substantial": ("хорошее", "substantial"),
    "agreement.kappa.moderate": ("среднее", "moderate"),
    "agreement.kappa.fair": ("слабое", "fair"),
    "agreement.kappa.slight": ("едва заметное", "slight"),
    "agreement.kappa.none": ("нет", "none"),
    "agreement.kappa_none": (
        "Согласие сверх случайного не посчитать: все ответы одинаковы.",
        "Agreement beyond chance can't be told: all answers are the same.",
    ),
    "agreement.people_title": ("Согласны ли люди между собой", "Whether people agree with one another"),
    "agreement.people_hint": (
        "Часть случайных диалогов вслепую слушают двое. Если люди расходятся, то и машине не с чем совпадать: "
        "договоритесь, что считать предложением.",
        "Two people hear some of the random dialogues blind. Where people disagree, the machine has nothing to agree "
        "with: settle what counts as an offer.",
    ),
    "agreement.people": ("Слушали: {names}", "Who heard them: {names}"),
    "agreement.people_few": (
        "Вдвоём проверено {n} из {wanted}: по стольким κ ещё может быть какой угодно.",
        "{n} of {wanted} were heard by two: with so few, κ may still be anything.",
    ),
    "agreement.people_none": (
        "Пока ни один диалог не послушали двое. Нужны два человека с ролью «проверяющий»: второе мнение очередь "
        "предложит сама.",
        "No dialogue was heard by two yet. It takes two people who review: the queue asks for second opinions by "
        "itself.",
    ),
    "agreement.picked_title": (
        "Ещё {n} проверенный диалог: не для оценки точности|Ещё {n} проверенных диалога: не для оценки точности|"
        "Ещё {n} проверенных диалогов: не для оценки точности",
        "{n} more reviewed dialogue: not for telling accuracy|{n} more reviewed dialogues: not for telling accuracy",
    ),
    "agreement.picked_caption": (
        "Диалоги, выбранные потому, что в них ждали ошибку",
        "Dialogues picked because a mistake was likely",
    ),
    "agreement.picked_hint": (
        "Эти диалоги выбраны потому, что машина сомневалась, модели разошлись или кто-то захотел их проверить. Доли "
        "здесь смещены: судить по ним о машине нельзя. В цифрах обзора эти проверки учтены.",
        "These were picked because the machine doubted, models disagreed or somebody wished to look. Shares among them "
        "are biased and say nothing about the machine at large. In the overview's figures these reviews count.",
    ),
}
