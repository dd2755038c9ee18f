"""How a cashier offers something in English, and what only sounds like it. Stems and forms, not sentences."""

from domain.rules.lexicon import OfferPhrases, any_of

_GIVE = (
    r"(?:add|throw|put|pop|include|grab|chuck|slip|pack|pour|bag|make|get|fetch|bring|wrap|sign|ring|set|apply|fit|"
    r"write|stick)"
)
_DEFINITE = r"(?:with (?:that|it|those|them|your)|to go with|alongside|as well|on the side|on top|too|for the road)"
_MONEY = r"(?:pounds?|dollars?|bucks?|quid|euros?|cents?|pence|p|£|\$)"

ENGLISH_OFFERS = OfferPhrases(
    offer=any_of(
        [
            r"(?:can|could) i (?:also )?add (?:one|some|that|it)(?! please)",
            rf"(?:can|could|may|might) i (?:also )?(?:interest|tempt|offer|suggest|recommend|persuade|talk|upgrade|"
            rf"upsize|{_GIVE} (?:you|in|on)\b|{_GIVE} (?:\w+ ){{1,4}}(?:for you|to that|to your|with that))",
            rf"(?:shall|should) (?:i|we) (?:also |just )?{_GIVE}",
            rf"(?:do you |would you )?(?:want|like) me to (?:also |just )?{_GIVE}",
            r"(?:would|do) you (?:also )?(?:be interested|care for|fancy|care to (?:add|try))",
            r"fancy (?:a|an|some|trying|adding|one)|interested in (?:a|an|our|some|the|adding|trying)",
            r"would you like to (?:try|add|upgrade|make (?:that|it)|go large|include|take advantage|round|donate)",
            r"(?:do you |you )?want(?:na| to) (?:try|add|upgrade|make (?:that|it)|go large|include)",
            rf"(?:would you like|do you want|do you need|did you want|you want|"
            rf"will you have)(?: \w+){{1,6}} {_DEFINITE}",
            r"(?:how|what) about (?:a|an|some|our|your|adding|trying|one|something|the|making)",
            r"(?:sure|certain) you (?:don't|do not|wouldn't|would not|won't) (?:want|like|fancy|need|have|try)",
            r"tempted (?:by|with|to)|not (?:tempted|fancying)|how are you (?:off|fixed|set|doing) for|"
            r"are you (?:all right|alright|okay|ok|good|fine|set) for|(?:be|of) any use",
            r"(?:might|may|could|would|'d) (?:also )?be (?:an idea|a good idea|worth|wise|handy|useful|an? (?:nice )?"
            r"treat)",
            r"shame (?:not )?to (?:have|drink|eat|miss|take|go|leave|try)",
            r"if (?:it|i) (?:were|was) (?:me|you) i(?:'d| would) (?:go for|take|get|add|have|pick|choose|try)(?! it)",
            r"did you (?:see|notice|spot) (?:our|the|those|these|that|we)",
            r"you(?:'ll| will)(?: \w+)? need (?!to |your |this |it |an? prescription)\w+(?: \w+){0,3} (?:with|for) "
            r"(?:that|it|those|them|this)",
            rf"{_MONEY} (?:away from|short of|off) (?:a |the |your )?(?:free|discount)",
            r"i(?:'d| would| can| could)? (?:really |highly |definitely |also |always )*(?:recommend|suggest)",
            r"(?:definitely|highly|really) recommend",
            r"you (?:might|may|could|'ll|will|should|'d)(?: \w+)? (?:also |really )*(?:like|want|need|enjoy|love|"
            r"try|consider|add)(?! to (?:return|check|wait))",
            r"(?:don't|do not) forget (?:a|an|some|the|to (?:try|add|grab))(?! (?:receipt|card|change|bag|return))",
            r"have you (?:tried|seen|thought about|considered|had (?:a )?(?:try|look))(?! the (?:rota|news|"
            r"weather))",
            r"if you (?:buy|take|get|add|like|grab|fancy|spend|want|need)(?: \w+){1,4}.*(?:half|free|off|save|"
            r"only|just|try|we(?:'ve| have)|there(?:'s| is)|extra|more|second)",
            r"(?:extended|extra|additional|longer|accidental|three year|two year|3 year|2 year|"
            r"five year) (?:\w+ )?(?:warranty|cover(?:age)?|guarantee|protection|care|damage)",
            r"(?:protection|care|insurance) plan|extend (?:that|it|the|your)",
            r"(?:i|we|you|to)(?: can| could| also| just)* (?:make|turn|upgrade|bump|change) (?:it|that|this|them|"
            r"you|your \w+)(?: up)? (?:a |an |into |to )*(?:large|larger|double|medium|meal|combo|bigger|full|big)",
            r"go large|supersize|upsize|upgrade",
            r"why not (?:try|add|grab|treat|make)|treat yourself|help yourself to|care for (?:a|an|some)",
            r"(?:most|lots of|a lot of|many|plenty of)(?: our| of our)? (?:people|customers|folks|"
            r"parents) (?:also |usually |often |always )*(?:take|get|buy|pick|add|go|like|have|choose|order)",
            r"if you(?:'re| are) interested|worth (?:getting|having|adding|taking|trying|picking)",
            r"we(?:'re| are) (?:doing|running|having) (?:a|an|our|some)",
            r"(?:we have|we've got|there's|there is) (?:a|an) (?:\w+ )?(?:deal|special|offer|promotion)",
            r"any ?thing (?:sweet|to eat|to drink|to go with|from the (?:bakery|cabinet|counter)|with (?:that|"
            r"your))",
            r"can i get you (?:a|an|some|one|two)",
            r"(?:grab|take) (?:a|an|one|some)(?: \w+){1,4} (?:for the road|to go with|while)",
            r"(?:they|it|that|these|this|those)(?:'s|'re| is| are| does| do)? (?:\w+ )?(?:perfect|great|lovely|"
            r"ideal) with",
        ]
    ),
    ask=any_of(
        [
            r"(?:would|did|will|do|d'|don't) ?you (?:also |still )?(?:like|want|need|fancy)|will you have",
            r"(?:need|want|like|fancy) (?:a|an|any|some|one)|any (?:\w+ ){1,3}(?:with|for|on|to go)",
            r"(?:have you got|got) (?:a|an|any|enough|some|something|feed)",
            r"^(?:and |so |really )*(?:no|nothing|not even an?) (?!milk|salt|worries|problem|luck|name)\w+"
            r"(?: \w+)? (?:with|for|to go|today)",
            r"(?:a|an|some) \w+(?: \w+)? (?:maybe|perhaps)$|(?:maybe|perhaps) (?:a|an|some) \w+(?: \w+)?$",
            r"any (?:little |other )?(?:bits?|thing|things) (?:you|to)",
            r"^(?:and|maybe|perhaps|or maybe) (?:a|an|some)(?: \w+){1,4}(?: with| to| for)?",
            rf"{_GIVE} (?:one|it|that|some|a|an|in)(?: \w+){{0,3}} for you",
            r"^(?:and |maybe )?(?:add|grab|make it) (?:a|an|some|two)(?= )",
            r"(?:we|i) (?:can|could) (?:\w+ ){1,4}(?:for you|if you(?:'d)? like)",
            r"(?:you|we|i) (?:can|could) (?:also |always |just )?(?:pop|add|make|get|include|do|have|extend|throw|"
            r"put|give you|upgrade)",
        ]
    ),
    upsize=any_of(
        [
            r"(?:for|is|are) (?:only |just )?(?:an? )?(?:(?!minute|day|week|year)\w+ ){1,3}(?:more|"
            r"extra)(?! (?:minute|day|week))",
            r"(?:\w+ )?(?:pounds?|dollars?|cents?|pence|quid|bucks|euros?|p) (?:more|extra)|more than double|"
            r"make (?:it|that|this)(?: \w+)? (?:large|larger|double|medium|bigger)|go (?:for )?(?:the |a )?large",
            r"size up|bigger one|twice (?:as much|the size)",
            r"(?:large|medium|double)(?: \w+)? (?:is|for|would be|it's) (?:only|just)",
        ]
    ),
    promo=any_of(
        [
            r"(?:so |and )?you(?:'d|'ll| would| will)? (?:get|save) (?:more|a|an|one|the|two|double|\w+ free)",
            r"half (?:price|off)",
            r"(?:two|three|2|3|four) (?:\w+ )?for (?:the price|one|two|a|\w+ (?:pounds?|dollars?|quid|euros?)|£|"
            r"\$|\d+)",
            r"two for one|buy one|get one|free (?:with|when|if)|comes free",
            r"on (?:special )?(?:offer|promotion|sale|special|deal)|special (?:offer|deal|price)",
            r"(?:meal |combo )?deals?(?: on)?|discount\w*|(?:percent|%|pounds?|dollars?|cents?|quid|p) off|save",
            r"saving|reduced|cheaper|better value|bundle|(?:two|three|four|five|2|3|4|5) bottles? for",
        ]
    ),
    pairing=any_of(
        [
            r"(?:go(?:es)?|pairs?|works?|tastes?|matches|match)(?: \w+){0,3} (?:with|together|alongside)",
            r"to go with|perfect with|great with|lovely with|(?:better|faster|longer) with|alongside",
            r"match(?:es|ing)",
            r"(?:have|has|had|eat|wear) (?:it|them|that|those) with|with a (?:bit|drop|dash|touch|spot|scoop) of|"
            r"(?:even )?better with|favourite with|goes (?:\w+ )?in (?:that|it)",
            r"(?:doesn't|don't|does not|do not|won't) (?:come with|include)|(?:sold|comes?) separately",
            r"(?:most|lots of|a lot of|many|plenty of) (?:people|customers|folks|parents|runners|clients|"
            r"of our customers)",
            r"people (?:usually|often|also|normally)|(?:popular|essential|useful) with",
        ]
    ),
    price_more=any_of(
        [
            rf"(?:it's|they're|it is|they are|those are|these are) (?:\w+ ){{1,3}}{_MONEY}",
            r"(?:only|just|for) (?:an? )?(?:\w+ ){0,4}(?:more|extra)|for (?:only|just) ",
            rf"(?:extra|another|an extra) (?:\w+ ){{0,2}}{_MONEY}",
            r"(?:is|are|it's|they're|it is|they are|that's) (?:only|just) (?:\w+|\$|£)",
            rf"for (?:\w+ ){{1,3}}{_MONEY}|for (?:\$|£)? ?\d+(?: \d+)?(?! (?:people|minutes|days|weeks|years))",
            rf"(?:\w+ ){{1,3}}{_MONEY} (?:more|each|extra)",
        ]
    ),
    stock=any_of(
        [
            r"if you(?:'d)? (?:want|like|fancy|prefer|wish)",
            r"we(?:'ve| have)(?: also| just)* (?:got|a|an|some|our|new|these|this|brought|baked|made|started)",
            r"we just (?:took|got|made|baked|started)|there(?:'s| is) (?:a|an|also)|by the way",
            r"fresh(?:ly)?(?: baked| made)?|just (?:out|came out|come out)|still warm|new in|brand new",
            r"(?:came|come) out|raving about|go(?:es|ing)? (?:fast|quickly)|won't last",
            r"just so you know|while you're|last (?:one|slice|few|piece)",
            r"our (?:new|famous|homemade|seasonal|\w+ (?:is|are))",
        ]
    ),
    closing=any_of(
        [
            r"(?:any|some) ?thing (?:else|more|extra)",
            r"(?:was|is|will|'ll) (?:there )?(?:that|it|this|there)? ?(?:be )?(?:all|everything|it)(?: for (?:you|"
            r"today|now)| today| then)?$",
            r"^(?:that all|what else)|what else (?:can|could|would)|will that be (?:all|everything)",
            r"is that (?:all|everything)",
        ]
    ),
    service=any_of(
        [
            r"bags?(?! of)|carrier|receipts?|invoice|loyalty|points|stamps?|member(?:ship)?|club|reward\w*|nectar",
            r"clubcard|app|sign up|email(?:ed)?|phone number|postcode|name|date of birth|id|order number",
            r"cash|card(?! reader)|contactless|tap|pay(?:ing|ment)?|cashback|change|pin|for here|to take away or",
            r"eat in|stay(?:ing)? in|having (?:it|that) here|take ?away$|to go$|here or",
            r"sugar|warmed|heated|warm (?:that|it|them) up|heat (?:that|it) up|toasted|sliced|cut|ice|lids?",
            r"straws?|napkins?|cutlery|spoons?|forks?|sleeve for the cup|room for (?:milk|cream)|milk in|hanger",
            r"stirrer|sauces?",
            r"exchange|refund|money back|replacement|carry|both hands|(?:it's|they're|very|careful) hot",
            r"(?:like|want|need) (?:it|them|that|these|this|those|your|the)(?= )(?! .*(?:with|large|meal|as well))",
            r"help|looked after|look at|have a look|check|open it|try (?:it|them|that|this) on|fitting room|sign",
            r"(?<!did you )see|know|wait|a hand|another (?:one )?(?:size|colou?r)|deliver\w*",
            r"seat|table|gift receipt|next week",
            r"an appointment",
            r"(?:which|what|how) (?:size|kind|type|one|many|much|colou?r|flavou?r)|small medium|medium or large",
            r"regular or|or regular|or large|small or|large or|or (?:soy|oat|whole|skim\w*|decaf)|or salted",
            r"white or|brown or|still or|smoking",
        ]
    ),
    wh_question=any_of(
        [
            r"which|when|where|who|who's|what(?! about| else)(?:'s|'ll)?",
            r"how(?! about| else| are you (?:off|fixed|set|doing) for)(?:'s)?|why(?! not)",
        ]
    ),
    choice=any_of(
        [
            r"or",
        ]
    ),
    unavailable=any_of(
        [
            r"sold out|out of stock|run out|ran out|(?:we|i) (?:don't|do not) have",
            r"(?<!you )haven't got (?:any|the|that)",
            r"we're out|afraid|unfortunately",
            r"no longer|discontinued",
        ]
    ),
    advice_asked=any_of(
        [
            r"(?:do|would|could|can|what|which)(?: \w+){0,3} (?:you|d'you) (?:\w+ )?(?:recommend|suggest|advise)",
            r"(?:what|which)(?: one)?(?:'s| is| are| do you have| have you got)(?: \w+){0,2} (?:good|best|better|"
            r"nice|popular|for|here)",
            r"(?:do you have|have you got|is there) (?:any ?thing|something)|what (?:do|have) you (?:have|got)",
        ]
    ),
    reason=any_of(
        [
            r"because|so (?:that|you|it)|keeps?|protect\w*|cover(?:s|ed)?|includ\w+|helps?",
            r"works? (?:much |really )?(?:faster|better|well)|last(?:s)? longer|otherwise|just in case|save|saves",
            r"scratch\w*|crack\w*",
            r"fresh\w*|just (?:took|out|baked|made|came)|warm|oven|this morning|homemade|popular|award|favou?rite",
            r"seasonal|delicious|gorgeous|best",
            r"goes|go (?:really|so|very|well|great|perfectly|nicely)|pairs?|perfect|half (?:price|off)|only|just",
            r"for (?:the price|free)|free|deal|offer|off|twice|better|if you like",
            r"for (?:your|the) (?:journey|road|trip|drive)|together",
        ]
    ),
)
