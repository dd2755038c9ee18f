"""English at the counter. Stems and forms, not sentences."""

from domain.rules.lexicon import Lexicon, any_of

_GIVE = r"(?:add|throw|put|pop|include|grab|chuck|slip|pack|pour|bag|make|get|fetch|bring|wrap|sign|ring|set|apply|fit)"
_DEFINITE = r"(?:with (?:that|it|those|them|your)|to go with|alongside|as well|on the side|on top|too|for the road)"
_MONEY = r"(?:pounds?|dollars?|bucks?|quid|euros?|cents?|pence|p|£|\$)"

ENGLISH = Lexicon(
    language="en",
    offer=any_of(
        [
            rf"(?:can|could|may|might) i (?:also )?(?:interest|tempt|offer|suggest|recommend|persuade|talk|upgrade|upsize|{_GIVE} (?:you|in|a|an|some|on)\b)",
            rf"(?:shall|should) (?:i|we) (?:also |just )?{_GIVE}|(?:do you |would you )?(?:want|like) me to (?:also |just )?{_GIVE}",
            r"(?:would|do) you (?:also )?(?:be interested|care for|fancy|care to (?:add|try))|fancy (?:a|an|some|trying|adding|one)|interested in (?:a|an|our|some|the|adding|trying)",
            r"would you like to (?:try|add|upgrade|make (?:that|it)|go large|include|take advantage|round|donate)|(?:do you |you )?want(?:na| to) (?:try|add|upgrade|make (?:that|it)|go large|include)",
            rf"(?:would you like|do you want|do you need|did you want|you want|will you have)(?: \w+){{1,6}} {_DEFINITE}",
            r"(?:how|what) about (?:a|an|some|our|adding|trying|one|something|the|making)",
            r"i(?:'d| would| can| could)? (?:really |highly |definitely |also |always )*(?:recommend|suggest)|(?:definitely|highly|really) recommend",
            r"you (?:might|may|could|'ll|will|should|'d)(?: \w+)? (?:also |really )*(?:like|want|need|enjoy|love|try|consider|add)(?! to (?:return|check|wait))",
            r"(?:don't|do not) forget (?:a|an|some|the|to (?:try|add|grab))(?! (?:receipt|card|change|bag|return))|have you (?:tried|seen|thought about|considered|had (?:a )?(?:try|look))(?! the (?:rota|news|weather))",
            r"if you (?:buy|take|get|add|like|grab|fancy|spend|want|need)(?: \w+){1,4}.*(?:half|free|off|save|only|just|try|we(?:'ve| have)|there(?:'s| is)|extra|more|second)",
            r"(?:extended|extra|additional|longer|accidental|three year|two year|3 year|2 year|five year) (?:\w+ )?(?:warranty|cover(?:age)?|guarantee|protection|care|damage)|(?:protection|care|insurance) plan|extend (?:that|it|the|your)",
            r"(?:make|turn|upgrade|bump|change) (?:it|that|this|them|you|your \w+)(?: up)? (?:a |an |into |to )*(?:large|larger|double|medium|meal|combo|bigger|full|big)|go large|supersize|upsize|upgrade",
            r"why not (?:try|add|grab|treat|make)|treat yourself|help yourself to|care for (?:a|an|some)",
            r"can i get you (?:a|an|some|one|two)|(?:grab|take) (?:a|an|one|some)(?: \w+){1,4} (?:for the road|to go with|while)",
            r"(?:they|it|that|these|this|those)(?:'s|'re| is| are| does| do)? (?:\w+ )?(?:perfect|great|lovely|ideal) with",
        ]
    ),
    ask=any_of(
        [
            r"(?:would|did|will|do|d'|don't) ?you (?:also |still )?(?:like|want|need|fancy|have)|(?:need|want|like|fancy) (?:a|an|any|some|one)|any (?:\w+ ){1,3}(?:with|for|on|to go)",
            r"(?:have you got|got) (?:a|an|any|enough|some|feed)",
            r"(?:and|maybe|perhaps|or maybe) (?:a|an|some)(?: \w+){1,4}(?: with| to| for)?",
            rf"{_GIVE} (?:one|it|that|some|a|an)(?: \w+)? (?:for you|on|in|to)",
            r"(?:you can|we can|i can) (?:also |always |just )?(?:add|make|get|include|do|have|extend|throw|put|give you|upgrade)",
        ]
    ),
    upsize=any_of(
        [
            r"make (?:it|that|this)(?: \w+)? (?:large|larger|double|medium|bigger)|go (?:for )?(?:the |a )?large|size up|bigger one|twice (?:as much|the size)|(?:large|medium|double)(?: \w+)? (?:is|for|would be|it's) (?:only|just)",
        ]
    ),
    promo=any_of(
        [
            r"half (?:price|off)|(?:two|three|2|3|four) (?:\w+ )?for (?:the price|one|two|a|\w+ (?:pounds?|dollars?|quid|euros?)|£|\$|\d+)|two for one|buy one|get one|free (?:with|when|if)|comes free",
            r"on (?:special )?(?:offer|promotion|sale|special|deal)|special (?:offer|deal|price)|(?:meal |combo )?deals?(?: on)?|discount\w*|(?:percent|%|pounds?|dollars?|cents?|quid|p) off|save|saving|reduced|cheaper|better value|bundle|(?:two|three|four|five|2|3|4|5) bottles? for",
        ]
    ),
    pairing=any_of(
        [
            r"(?:go(?:es)?|pairs?|works?|tastes?|matches|match)(?: \w+){0,3} (?:with|together|alongside)|to go with|perfect with|great with|lovely with|(?:better|faster|longer) with|alongside|match(?:es|ing)",
            r"(?:most|lots of|a lot of|many|plenty of) (?:people|customers|folks|parents|runners|clients|of our customers)|people (?:usually|often|also|normally)|(?:popular|essential|useful) with",
        ]
    ),
    price_more=any_of(
        [
            rf"(?:only|just|for) (?:an? )?(?:\w+ ){{0,4}}(?:more|extra)|for (?:only|just) |(?:extra|another|an extra) (?:\w+ ){{0,2}}{_MONEY}|(?:is|are|it's|they're|it is|they are|that's) (?:only|just) (?:\w+|\$|£)",
            rf"for (?:\w+ ){{1,3}}{_MONEY}|for (?:\$|£)? ?\d+(?: \d+)?(?! (?:people|minutes|days|weeks|years))|(?:\w+ ){{1,3}}{_MONEY} (?:more|each|extra)",
        ]
    ),
    stock=any_of(
        [
            r"we(?:'ve| have)(?: also| just)* (?:got|a|an|some|our|new|these|this|brought|baked|made|started)|we just (?:took|got|made|baked|started)|there(?:'s| is) (?:a|an|also)|by the way|fresh(?:ly)?(?: baked| made)?|just (?:out|came out|come out)|still warm|new in|brand new|our (?:new|famous|homemade|seasonal|\w+ (?:is|are))",
        ]
    ),
    closing=any_of(
        [
            r"(?:any|some) ?thing (?:else|more|extra)|(?:was|is|will|'ll) (?:there )?(?:that|it|this|there)? ?(?:be )?(?:all|everything|it)(?: for (?:you|today|now)| today| then)?$|^(?:that all|what else)|what else (?:can|could|would)|anything (?:to eat|to drink|sweet|to go with|from the|with (?:that|your))|will that be (?:all|everything)|is that (?:all|everything)",
        ]
    ),
    service=any_of(
        [
            r"bags?(?! of)|carrier|receipts?|invoice|loyalty|points|stamps?|member(?:ship)?|club|reward\w*|nectar|clubcard|app|sign up|email(?:ed)?|phone number|postcode|name|date of birth|id|order number",
            r"cash|card(?! reader)|contactless|tap|pay(?:ing|ment)?|cashback|change|pin|for here|to take away or|eat in|stay(?:ing)? in|having (?:it|that) here|take ?away$|to go$|here or",
            r"sugar|warmed|heated|warm (?:that|it|them) up|heat (?:that|it) up|toasted|sliced|cut|ice|lids?|straws?|napkins?|cutlery|spoons?|forks?|sleeve for the cup|room for (?:milk|cream)|milk in|hanger|stirrer|sauces?",
            r"help|looked after|look at|have a look|check|open it|try (?:it|them|that|this) on|fitting room|sign|see|know|wait|a hand|another (?:one )?(?:size|colou?r)|deliver\w*|seat|table|gift receipt|next week|an appointment",
            r"(?:which|what|how) (?:size|kind|type|one|many|much|colou?r|flavou?r)|small medium|medium or large|regular or|or regular|or large|small or|large or|or (?:soy|oat|whole|skim\w*|decaf)|or salted|white or|brown or|still or|smoking",
        ]
    ),
    wh_question=any_of(
        [r"which|when|where|who|who's|what(?! about| else)(?:'s|'ll)?|how(?! about| else)(?:'s)?|why(?! not)"]
    ),
    unavailable=any_of(
        [r"sold out|out of stock|run out|ran out|don't have|haven't got|we're out|afraid|unfortunately|no longer|discontinued"]
    ),
    advice_asked=any_of(
        [
            r"(?:do|would|could|can|what|which)(?: \w+){0,3} (?:you|d'you) (?:\w+ )?(?:recommend|suggest|advise)|(?:what|which)(?: one)?(?:'s| is| are| do you have| have you got)(?: \w+){0,2} (?:good|best|better|nice|popular|for|here)|(?:do you have|have you got|is there) (?:any ?thing|something)|what (?:do|have) you (?:have|got)",
        ]
    ),
    reason=any_of(
        [
            r"because|so (?:that|you|it)|keeps?|protect\w*|cover(?:s|ed)?|includ\w+|helps?|works? (?:much |really )?(?:faster|better|well)|last(?:s)? longer|otherwise|just in case|save|saves|scratch\w*|crack\w*",
            r"fresh\w*|just (?:took|out|baked|made|came)|warm|oven|this morning|homemade|popular|award|favou?rite|seasonal|delicious|gorgeous|best",
            r"goes|go (?:really|so|very|well|great|perfectly|nicely)|pairs?|perfect|half (?:price|off)|only|just|for (?:the price|free)|free|deal|offer|off|twice|better|if you like|for (?:your|the) (?:journey|road|trip|drive)|together",
        ]
    ),
    staff_cue=any_of(
        [
            r"what can i|what would you like|can i help|how can i|who's next|next please|what'll it be|what are we|welcome|are you being|can i take your|can i get you|what can i get",
            r"that(?:'s|'ll be| will be| comes to| brings)(?: \w+)? (?:\w+ )?(?:\d+|\$|£|pounds?|dollars?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty)|altogether|all together|card or cash|cash or card|just tap|tap (?:here|when)|whenever you're ready|pop your card",
            r"do you (?:need|want|have|collect)(?: \w+){0,3} (?:bag|receipt|card|points|id)|(?:need|like) (?:a|your|the) (?:bag|receipt)|for here or|eat in or|have a (?:nice|lovely|good|great) day|enjoy|safe journey|there you (?:go|are)|here (?:it|they) (?:is|are)|no problem|no worries|great choice|let me check|sure thing|coming (?:right )?up|of course",
            r"(?:which|what) (?:pump|size)|pump number|date of birth|order number|your (?:order|coffee|total|card|change|receipt)|our (?:\w+ )?(?:car wash|new|special|club)",
        ]
    ),
    customer_cue=any_of(
        [
            r"i'd like|i would like|can i (?:get|have|pay|just)|could i (?:get|have|also)|i'll (?:have|take|get|pay|try|wear|think)|i need|i want|i'm (?:fine|good|okay|all right|alright|after|looking|here to|picking)|give me|just (?:a|an|the|this|these|those|two|one)(?: \w+){0,3} (?:please|thanks)",
            r"how much|do you (?:have|sell|do|repair|take) (?:a|an|any|the|phone|something)|have you got (?:any|a) |is (?:that|it) (?:\w+ )?(?:good|big|warm|expensive)|^card please|^cash$|on card|by (?:card|phone)|^here you go|^there you go|^thank you bye|^cheers|not today|go on then|keep the change|^hi (?:a|an|one|two|can)",
            r"^(?:a|an|one|two|double|large|small|medium) (?:\w+ ){0,4}please|i (?:left|use|already|do but|only)",
        ]
    ),
    customer_request=any_of(
        [
            r"(?:can|could|may) (?:i|we|you) (?:also )?(?:get|have|give|take|grab me|put me|do me|show|pay)(?! you)|i(?:'d| would) (?:also )?like|i(?:'ll| will) (?:also )?(?:have|take|get|try|grab)|i (?:also )?(?:want|need)|give me|can you (?:also )?(?:add|put|make|do)|could you (?:also )?(?:add|put|make)|and i'll|for me please",
        ]
    ),
    price=any_of(
        [
            r"\$|£|€|pounds?|dollars?|quid|bucks|cents|pence|altogether|total|comes to|brings it|that's (?:\w+ ){0,2}\d+|that(?:'s|'ll be) (?:\w+ )?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?: \w+)?(?! minutes)",
            r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety) (?:ten|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|twenty five|forty nine|ninety nine)(?: \w+)?",
        ]
    ),
    payment=any_of(
        [
            r"card|cash|receipt|tap|change|pay|paid|contactless|here you go|there you go|bag|total|altogether|comes to|pounds?|dollars?|sign here|\$|£|order when|take your order|please drive",
        ]
    ),
    colleague=any_of(
        [
            r"shifts?|rota|roster|delivery|deliveries|stock ?room|stock ?check|stock ?take|restock\w*|closing (?:tonight|up|tomorrow)|opening (?:tomorrow|up)|manager|boss|supervisor|break|day off|days off|cover(?:ing)? (?:for|my|your)|till (?:count|was|is)|clean(?:ing)? the|mop|the bins|the fridge|grinder|dishwasher|holiday|swap|inspector|fridge|cabinet|keys?|payroll|training|new (?:starter|girl|guy|kid)|drawer|appointment|interview|dentist|rushing|overtime",
        ]
    ),
    informal=any_of(
        [r"you're a star|mate|typical|ouch|ugh|told me|tell me|are you (?:working|on|in)|i asked|did you (?:lock|clean|order|put|see|finish|call|restock|count)|can you (?:restock|cover|clean|do|close|open|check the|watch)|tonight|tomorrow|last night|who's"]
    ),
    accepts=any_of(
        [
            r"(?:oh |ooh |hmm |mm |um |uh |well |and |ah |actually |you know what |okay |ok |yes |yeah |all right |alright |sure |haha )*(?:yes|yeah|yep|yup|sure|okay|ok|go on|why not(?! \w)|please|i'll (?:take|have|try|grab|get|go)|sounds (?:good|great|lovely|nice|delicious|perfect)|that(?:'d| would) be|absolutely|definitely|let's|add|all right|alright|fine|perfect|twist my arm|go ahead|deal|lovely|great|good idea|do (?:it|that)|one (?:slice |of |more )?|make it|throw|i could|you've (?:convinced|sold|talked)|of course|brilliant|why not|tempt\w+ go|you know)"
        ]
    ),
    accepts_anywhere=any_of(
        [
            r"go on then|i'll (?:take|have|try|grab|get) (?!the one|just|nothing)|yes please|sounds (?:good|great|lovely)|add (?:that|it|one)|do that|let's (?:try|do)|why not|twist my arm|you've (?:convinced|sold)|one (?:slice )?then"
        ]
    ),
    rejects=any_of(
        [
            r"(?:oh |ooh |hmm |mm |um |uh |well |ah |thanks |thank you |sorry |okay |yeah |but )*(?:no(?! (?:problem|worries))|nope|nah|not (?:today|really|now|this time|for me|just now)|i'm (?:fine|good|okay|ok|all right|alright|on a diet|trying)|that(?:'s|'ll be| is| will be) (?:all|it|everything|fine|enough|me)|just (?:the|this|these|those|that|a)|i'll (?:pass|leave|stick|think)|i'd (?:rather|better) not|i (?:don't|won't|only|already|do not)|i(?:'ve| have) (?:already )?got|maybe (?:next|another|later|not)|(?:some|an)other time|next time|leave it|stick|tempting but|only the)"
        ]
    ),
    rejects_anywhere=any_of(
        [
            r"no (?:thanks|thank you)|not today|i'm (?:fine|good|all right|alright)(?: thanks| thank you)?|better not|rather not|don't (?:need|want)|i'll (?:pass|leave it|stick)|maybe next time|another time|already (?:got|have)|only need|just the (?:one|coffee|burger|\w+)|that's (?:all|everything|it)|i use the"
        ]
    ),
    categories={
        "coffee_size": any_of(
            [r"(?:large|larger|medium|bigger|grande|venti|double)(?: (?:one|size|cup|coffee|latte))?|size up|go large|upsize|twice (?:as much|the size)"]
        ),
        "dessert": any_of(
            [r"desserts?|cakes?|cheesecakes?|brownies?|cookies?|ice cream|sweet|tiramisu|pudding|chocolates?|fudge|donuts?|doughnuts?|biscuits?|macarons?|truffles?"]
        ),
        "pastry": any_of(
            [
                r"pastry|pastries|croissants?|muffins?|scones?|rolls?|buns?|danish\w*|tarts?|pies?|cinnamon (?:rolls?|buns?)|turnovers?|bagels?|loaf|loaves|baguettes?|sourdough|brioche|flapjacks?|banana bread"
            ]
        ),
        "syrup": any_of([r"syrups?|(?:vanilla|caramel|hazelnut|pumpkin spice) shot"]),
        "combo": any_of([r"combo|meal(?: deal)?|bundle|set menu|meal"]),
        "takeaway": any_of([r"for the road|to take (?:home|away)|to go(?! with)|take home|for later"]),
        "add_ons": any_of(
            [
                r"extra shot|shot of|whipped cream|toppings?|sprinkles|(?:oat|almond|soy) milk|cheese|bacon|fries|chips|dips?|case|screen protector|sleeve|cable|charger|batteries|memory card|adapter|mouse|headphones|gift wrap\w*|ribbon|laces|insoles|card to go"
            ]
        ),
    },
    summaries={
        "offer": "The cashier offered: “{quote}”.",
        "closing": "The cashier asked: “{quote}”.",
        "accepted": "The customer accepted.",
        "rejected": "The customer declined.",
        "unclear": "The customer's answer is unclear.",
        "none": "The cashier offered nothing extra.",
        "staff": "Staff talking among themselves, no customer.",
        "enquiry": "The customer only asked; nothing was sold.",
        "uncertain": "It sounds like an offer, but the words do not carry a judgement: “{quote}”.",
    },
)
