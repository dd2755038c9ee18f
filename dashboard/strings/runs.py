"""Of the page Runs: history judged anew."""

from collections.abc import Mapping

TEXTS: Mapping[str, tuple[str, str]] = {
    "runs.lead": (
        "Пересчёт заново оценивает старые диалоги другой моделью или правилами. Цифры меняются, только когда вы его "
        "вводите в действие, и их можно вернуть.",
        "A run judges old dialogues anew by another model or other rules. Figures change only when you promote it, and "
        "can be brought back.",
    ),
    "runs.none": ("Пересчётов ещё не было", "No runs yet"),
    "runs.none_hint": (
        "Их заказывают командой salescontrol reanalyze.",
        "They are ordered by the command salescontrol reanalyze.",
    ),
    "runs.all": ("Все пересчёты", "All runs"),
    "runs.state.planned": ("запланирован", "planned"),
    "runs.state.running": ("идёт", "running"),
    "runs.state.cancelled": ("остановлен", "cancelled"),
    "runs.state.done": ("готов и ждёт решения", "done, waits for a decision"),
    "runs.state.promoted": ("действует", "in force"),
    "runs.state.rolled_back": ("возвращён", "rolled back"),
    "runs.moving": (
        "Прямо сейчас цифры переводятся. Пока всё не готово, везде видны прежние.",
        "Figures are being moved just now. Until all of them are there, everybody sees those of before.",
    ),
    "runs.progress": ("Сколько оценено", "How many are judged"),
    "runs.of": ("{n} из {all}", "{n} of {all}"),
    "runs.failed": ("не удалось: {n}", "failed: {n}"),
    "runs.end": ("закончится около {when}", "ends about {when}"),
    "runs.in_force": (
        "По нему сейчас оценён {n} диалог.|По нему сейчас оценены {n} диалога.|По нему сейчас оценены {n} диалогов.",
        "{n} dialogue has its verdict by it now.|{n} dialogues have their verdicts by it now.",
    ),
    "runs.ordered": ("заказал {who}, {when}", "ordered by {who}, {when}"),
    "runs.all_days": ("за всё время", "of all days"),
    "runs.all_points": ("все точки", "all shops"),
    "runs.sample": ("{n} выбраны жребием", "{n} drawn by lot"),
    "runs.heard_by": ("слушает {model}", "heard by {model}"),
    "runs.judged_by": ("оценивает {model}", "judged by {model}"),
    "runs.left.changed": (
        "{n} диалог с тех пор изменился: он останется как есть и будет оценён ещё раз.|{n} диалога с тех пор "
        "изменились: они останутся как есть и будут оценены ещё раз.|{n} диалогов с тех пор изменились: они останутся "
        "как есть и будут оценены ещё раз.",
        "{n} dialogue has changed since: it stays as it is and is judged once more.|{n} dialogues have changed since: "
        "they stay as they are and are judged once more.",
    ),
    "runs.left.busy": (
        "{n} диалог сейчас в работе: он останется как есть.|{n} диалога сейчас в работе: они останутся как есть.|"
        "{n} диалогов сейчас в работе: они останутся как есть.",
        "{n} dialogue is in work just now: it stays as it is.|{n} dialogues are in work just now: they stay as they "
        "are.",
    ),
    "runs.left.gone": (
        "{n} диалога больше нет: он стёрт или вошёл в другой.|{n} диалогов больше нет: они стёрты или вошли в другие.|"
        "{n} диалогов больше нет: они стёрты или вошли в другие.",
        "{n} dialogue is gone: erased, or part of another one.|{n} dialogues are gone: erased, or part of others.",
    ),
    "runs.left.without_result": (
        "{n} диалог пересчёт не оценил.|{n} диалога пересчёт не оценил.|{n} диалогов пересчёт не оценил.",
        "{n} dialogue has no verdict of this run.|{n} dialogues have no verdict of this run.",
    ),
    "runs.now": ("Сейчас", "Now"),
    "runs.by_run": ("По пересчёту", "By the run"),
    "runs.figures": ("Какими станут цифры", "What the figures would be"),
    "runs.figures_hint": (
        "По всем диалогам этого пересчёта. Проверки людей остаются и считаются раньше машины.",
        "Over all dialogues of this run. People's reviews stay, and count before the machine.",
    ),
    "runs.rate": ("Предложили", "Offered"),
    "runs.specific_rate": ("Предложили конкретное", "A specific offer"),
    "runs.acceptance": ("Согласились", "Accepted"),
    "runs.was": ("сейчас {share}", "{share} now"),
    "runs.shares_of": ("{hits} из {n}", "{hits} of {n}"),
    "runs.price": ("Сколько стоит", "What it costs"),
    "runs.dollars": ("Доллары", "Dollars"),
    "runs.tokens_in": ("Токены на вход", "Tokens in"),
    "runs.tokens_out": ("Токены на выход", "Tokens out"),
    "runs.price_hint": (
        "Оценка {n} диалога, который сравнивается|Оценка {n} диалогов, которые сравниваются|Оценка {n} диалогов, "
        "которые сравниваются",
        "The verdict on the {n} dialogue that is compared|The verdicts on the {n} dialogues that are compared",
    ),
    "runs.reviewers": ("Кто ближе к людям", "Who is closer to people"),
    "runs.reviewers_share": (
        "По {n} диалогу случайной доли: только она показывает, кто точнее.|По {n} диалогам случайной доли: только она "
        "показывает, кто точнее.|По {n} диалогам случайной доли: только она показывает, кто точнее.",
        "By {n} dialogue of the random share, which alone tells who is more exact.|By {n} dialogues of the random "
        "share, which alone tells who is more exact.",
    ),
    "runs.reviewers_all": (
        "И по {n} проверенному диалогу вообще|И по всем {n} проверенным диалогам|И по всем {n} проверенным диалогам",
        "And by {n} reviewed dialogue at all|And by all {n} reviewed dialogues",
    ),
    "runs.reviewers_all_hint": (
        "Большинство из них выбрано потому, что нынешняя оценка сомневалась. Это помогает пересчёту, так что верьте "
        "случайной доле.",
        "Most of them were picked because the present verdict was in doubt. That favours the run, so believe the "
        "random share.",
    ),
    "runs.difference": (
        "Разница в согласии с людьми: {difference} (с уверенностью 95 % от {low} до {high}).",
        "Difference in agreement with people: {difference} (with 95% confidence {low} to {high}).",
    ),
    "runs.nobody_reviewed": (
        "Из этих диалогов случайной доли никто ещё не проверил. Проверьте их на странице «Проверка», и станет видно, "
        "кто точнее.",
        "Nobody has reviewed dialogues of the random share among these. Review them on the page Review, and it will "
        "show who is more exact.",
    ),
    "runs.right_alike": (
        "Оба правы в одних и тех же диалогах.",
        "Both are right about the same dialogues.",
    ),
    "runs.right_unsure": (
        "Кто точнее, по стольким проверкам не сказать: разница может быть случайной (точный критерий Макнемара, "
        "p = {p}).",
        "So few reviews can't tell who is more exact: the difference may be chance (McNemar's exact test, p = {p}).",
    ),
    "runs.right_more": (
        "Пересчёт чаще согласен с людьми, и это не случайность (точный критерий Макнемара, p = {p}).",
        "The run agrees with people more often, and not by chance (McNemar's exact test, p = {p}).",
    ),
    "runs.right_less": (
        "Пересчёт реже согласен с людьми, и это не случайность (точный критерий Макнемара, p = {p}). Лучше не вводить.",
        "The run agrees with people less often, and not by chance (McNemar's exact test, p = {p}). Better leave it.",
    ),
    "runs.listen": ("Послушайте, где они расходятся", "Hear where they differ"),
    "runs.listen_hint": (
        "По одному от каждой перемены по очереди, самые уверенные сначала.",
        "Of each kind of change in turn, what the run is surest of first.",
    ),
    "runs.hear": ("Слушать", "Hear it"),
    "runs.no_sound": ("Записи этого диалога уже нет.", "The recording of this dialogue is gone."),
    "runs.open": ("Открыть диалог", "Open the dialogue"),
    "runs.sure": ("уверенность {share}", "confidence {share}"),
    "runs.alike": ("Пересчёт ни с чем не спорит.", "The run contradicts nothing."),
    "runs.flips": ("Что меняется", "What changes"),
    "runs.flips_said": (
        "Сравнён {n} диалог: иначе оценено {differing}, в другую графу попадёт {flipped}.|Сравнены {n} диалога: иначе "
        "оценено {differing}, в другую графу попадёт {flipped}.|Сравнены {n} диалогов: иначе оценено {differing}, в "
        "другую графу попадёт {flipped}.",
        "{n} dialogue compared: {differing} judged otherwise, {flipped} counted elsewhere.|{n} dialogues compared: "
        "{differing} judged otherwise, {flipped} counted elsewhere.",
    ),
    "runs.flips_hint": (
        "В строке — как сейчас, в столбце — как по пересчёту. По диагонали ничего не меняется.",
        "A row is what stands now, a column what the run says. On the diagonal nothing changes.",
    ),
    "runs.counted": ("Куда попадут диалоги", "Where the dialogues are counted"),
    "runs.table.places": ("Как считается диалог", "Where a dialogue is counted"),
    "runs.table.attempted": ("Было ли предложение", "Whether something was offered"),
    "runs.table.kinds": ("Что это за разговор", "What kind of talk it is"),
    "runs.table.quality": ("Качество там, где предложение видят оба", "Quality, where both see an offer"),
    "runs.table.reactions": ("Ответ покупателя там же", "The customer's answer, likewise"),
    "runs.no_verdict": ("нет оценки", "no verdict"),
    "runs.categories": ("Что предлагали", "What was offered"),
    "runs.category": ("Категория", "Category"),
    "runs.both": ("называют оба", "named by both"),
    "runs.only_old": ("только сейчас", "only now"),
    "runs.only_new": ("только пересчёт", "only by the run"),
    "runs.do.promote": ("Ввести в действие", "Promote"),
    "runs.do.rollback": ("Вернуть прежние цифры", "Roll back"),
    "runs.do.cancel": ("Остановить", "Cancel the run"),
    "runs.ask.promote": (
        "Оценки этого пересчёта станут действующими: цифры всех отчётов изменятся разом, в одно мгновение. Проверки "
        "людей останутся. Прежние оценки сохранятся, и их можно будет вернуть.",
        "The verdicts of this run become the current ones: the figures of all reports change at one instant. People's "
        "reviews stay. The verdicts of before are kept, and you can bring them back.",
    ),
    "runs.ask.moves": (
        "Изменится {n} диалог.|Изменятся {n} диалога.|Изменятся {n} диалогов.",
        "{n} dialogue gets its verdict by the run.|{n} dialogues get their verdicts by the run.",
    ),
    "runs.ask.rollback": (
        "Вернётся ровно то, что было до ввода в действие, до последней цифры. Диалоги, которые изменились уже после "
        "него, останутся как есть. Сам пересчёт сохранится: его можно ввести снова.",
        "Exactly what stood before the promotion comes back, to the last figure. Dialogues that changed after it stay "
        "as they are. The run itself is kept: you can promote it again.",
    ),
    "runs.ask.cancel": (
        "Новые диалоги пересчёт брать не будет. То, что он уже оценил, останется рядом, цифры не изменятся. Продолжить "
        "остановленный пересчёт нельзя, только заказать новый.",
        "The run takes no more dialogues. What it has judged stays beside what is current, and no figure changes. A "
        "cancelled run cannot go on; a new one can be ordered.",
    ),
    "runs.cancelled": ("Пересчёт остановлен", "The run is cancelled"),
    "runs.goes_on": (
        "Это займёт время. Цифры сменятся разом, когда всё будет готово.",
        "This takes a while. Figures change at once when all of it is there.",
    ),
    "runs.moved": (
        "Готово: по пересчёту теперь оценён ещё {n} диалог.|Готово: по пересчёту теперь оценены ещё {n} диалога.|"
        "Готово: по пересчёту теперь оценены ещё {n} диалогов.",
        "Done: {n} more dialogue has its verdict by the run.|Done: {n} more dialogues have their verdicts by the run.",
    ),
    "runs.again": (
        "Ещё {n} изменился и будет оценён снова.|Ещё {n} изменились и будут оценены снова.|Ещё {n} изменились и будут "
        "оценены снова.",
        "{n} has changed and is judged once more.|{n} have changed and are judged once more.",
    ),
    "runs.restored": (
        "Возвращён {n} диалог.|Возвращены {n} диалога.|Возвращены {n} диалогов.",
        "{n} dialogue is again as it was.|{n} dialogues are again as they were.",
    ),
    "runs.left_as_is": (
        "{n} изменился позже и остался как есть.|{n} изменились позже и остались как есть.|{n} изменились позже и "
        "остались как есть.",
        "{n} changed later and stays as it is.|{n} changed later and stay as they are.",
    ),
}
