"""Who speaks at a counter in English, what about, and how offers are taken. Stems and forms, not sentences."""

from domain.rules.lexicon import TalkPhrases, any_of

ENGLISH_TALK = TalkPhrases(
    staff_cue=any_of(
        [
            r"what can i|what would you like|can i help|how can i|who's next|next please|what'll it be|what are we",
            r"welcome|are you being|can i take your|can i get you|what can i get",
            r"that(?:'s|'ll be| will be| comes to| brings)(?: \w+)? (?:\w+ )?(?:\d+|\$|£|pounds?|dollars?|one|two|"
            r"three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty)",
            r"altogether|all together|card or cash|cash or card|just tap|tap (?:here|when)|whenever you're ready",
            r"pop your card",
            r"do you (?:need|want|have|collect)(?: \w+){0,3} (?:bag|receipt|card|points|id)",
            r"(?:need|like) (?:a|your|the) (?:bag|receipt)|for here or|eat in or",
            r"have a (?:nice|lovely|good|great) day|enjoy|safe journey|there you (?:go|are)",
            r"here (?:it|they) (?:is|are)|no problem|no worries|great choice|let me check|sure thing",
            r"coming (?:right )?up|of course",
            r"(?:which|what) (?:pump|size)|pump number|date of birth|order number",
            r"your (?:order|coffee|total|card|change|receipt)|our (?:\w+ )?(?:car wash|new|special|club)",
        ]
    ),
    customer_cue=any_of(
        [
            r"i'd like|i would like|can i (?:get|have|pay|just)|could i (?:get|have|also)",
            r"i'll (?:have|take|get|pay|try|wear|think)|i need|i want",
            r"i'm (?:fine|good|okay|all right|alright|after|looking|here to|picking)|give me",
            r"just (?:a|an|the|this|these|those|two|one)(?: \w+){0,3} (?:please|thanks)",
            r"excuse me|is there (?:a|an|any)|do you know|how much",
            r"do you (?:have|sell|do|repair|take) (?:a|an|any|the|phone|something)",
            r"have you got (?:any|a) |is (?:that|it) (?:\w+ )?(?:good|big|warm|expensive)|^card please|^cash$",
            r"on card|by (?:card|phone)|^here you go|^there you go|^thank you bye|^cheers|not today|go on then",
            r"keep the change|^hi (?:a|an|one|two|can)",
            r"^(?!next|pin|just tap|sign|over)(?:\w+ ){1,4}please$",
            r"^(?:a|an|one|two|double|large|small|medium) (?:\w+ ){0,4}please|i (?:left|use|already|do but|only)",
        ]
    ),
    customer_request=any_of(
        [
            r"(?:can|could|may) (?:i|we|you) (?:also )?(?:get|have|give|take|grab me|put me|do me|show|"
            r"pay)(?! you)",
            r"i(?:'d| would) (?:also )?like|i(?:'ll| will) (?:also )?(?:have|take|get|try|grab)",
            r"i (?:also )?(?:want|need)|give me|can you (?:also )?(?:add|put|make|do)",
            r"could you (?:also )?(?:add|put|make)|and i'll|for me please",
            r"i(?:'m| am) (?:here )?(?:to collect|collecting|picking up)",
            r"^(?:hi |hello |just )*(?:an?|one|two|three|some|small|large|medium|regular|"
            r"double)(?: \w+){1,4} please$",
        ]
    ),
    price=any_of(
        [
            r"\$|£|€|pounds?|dollars?|quid|bucks|cents|pence|altogether|total|comes to|brings it",
            r"that's (?:\w+ ){0,2}\d+",
            r"that(?:'s|'ll be) (?:\w+ )?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
            r"\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?: \w+)?(?! minutes)",
            r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|"
            r"sixty|seventy|eighty|ninety) (?:ten|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|"
            r"twenty five|forty nine|ninety nine)(?: \w+)?",
        ]
    ),
    payment=any_of(
        [
            r"card|cash|receipt|tap|change|pay|paid|contactless|here you go|there you go|bag|total|altogether",
            r"comes to|pounds?|dollars?|sign here|\$|£|order when|take your order|please drive",
        ]
    ),
    colleague=any_of(
        [
            r"shifts?|rota|roster|delivery|deliveries|stock ?room|stock ?check|stock ?take|restock\w*",
            r"closing (?:tonight|up|tomorrow)|opening (?:tomorrow|up)|manager|boss|supervisor|break|day off",
            r"days off|cover(?:ing)? (?:for|my|your)|till (?:count|was|is)|clean(?:ing)? the|mop|the bins",
            r"the fridge|grinder|dishwasher|holiday|swap\w*|van|lunch|till (?:five|six|seven|eight|close)|owes",
            r"inspector|fridge|cabinet|(?:the|my) keys|payroll|training",
            r"new (?:starter|girl|guy|kid)|drawer|appointment|interview|dentist|rushing|overtime",
        ]
    ),
    informal=any_of(
        [
            r"you're a star|mate|typical|ouch|ugh|told me|tell me|are you (?:working|on|in)|i asked",
            r"did you (?:lock|clean|order|put|see|finish|call|restock|count)",
            r"can you (?:restock|cover|clean|do|close|open|check the|watch)|tonight|tomorrow|last night|who's",
        ]
    ),
    leaves=any_of(
        [
            r"(?:i'll|let me) think|come back|pop back|be back|look elsewhere|another day|go over there",
        ]
    ),
    asks_back=any_of(
        [
            r"how (?:much|big|many|long|does|is)|what(?:'s| is| does| do) (?:it|that|they|in|the)",
            r"^(?:oh |ooh |and |hmm )*(?:is|are|does|do|did|can|will|has) (?:it|that|they|those|these|there|"
            r"you)(?= )",
            r"which (?:one|ones|flavou?r)",
        ]
    ),
    accepts=any_of(
        [
            r"(?:oh |ooh |hmm |mm |um |uh |well |and |ah |actually |you know what |okay |ok |yes |yeah |"
            r"all right |alright |sure |haha )*(?:yes|yeah|yep|yup|sure|okay|ok|go on|why not(?! \w)|please|"
            r"i'll (?:take|have|try|grab|get|go)(?! my chances)|sounds (?:good|great|lovely|nice|delicious|"
            r"perfect)|that(?:'d| would) be|absolutely|definitely|let's|add|all right|alright|fine|perfect|"
            r"twist my arm|go ahead|deal|lovely|great|good idea|do (?:it|that)|one (?:slice |of |more )?|make it|"
            r"throw|i could|you've (?:convinced|sold|talked)|of course|brilliant|why not|tempt\w+ go|you know)",
        ]
    ),
    accepts_anywhere=any_of(
        [
            r"love (?:that|one|it)|yes$|put it on|go on then|make it (?:the|a|large|bigger|double)|i'll swap",
            r"yes please",
            r"(?:\w+'d|had) better (?:have|get|take)",
            r"i'll (?:take|have|try|grab|get)(?! the one| just| nothing| my chances)",
            r"sounds (?:good|great|lovely)|add (?:that|it|one)|do that|let's (?:try|do)|why not|twist my arm",
            r"you've (?:convinced|sold)|one (?:slice )?then",
        ]
    ),
    rejects=any_of(
        [
            r"(?:oh |ooh |hmm |mm |um |uh |well |ah |thanks |thank you |sorry |okay |yeah |"
            r"but )*(?:no(?! (?:problem|worries))|nope|nah|not (?:today|really|now|this time|for me|just now)|"
            r"i'm (?:fine|good|okay|ok|all right|alright|on a diet|trying)|that(?:'s|'ll be| is| will be) (?:all|"
            r"it|everything|fine|enough|me)|just (?:the|this|these|those|that|a)|i'll (?:pass|leave|stick|think)|"
            r"i'd (?:rather|better) not|i (?:don't|won't|only|already|do not)|i(?:'ve| have) (?:already )?got|"
            r"maybe (?:next|another|later|not)|(?:some|an)other time|next time|leave it|stick|tempting but|"
            r"only the|i'm being good|i shouldn't|i'll take my chances)",
        ]
    ),
    rejects_anywhere=any_of(
        [
            r"but i(?:'m| am| shouldn't|'d better| better)|being good|i shouldn't|no (?:thanks|thank you)",
            r"not today",
            r"i'm (?:fine|good|all right|alright)(?: thanks| thank you)?|take my chances|so no$",
            r"i(?:'ve| have) (?:already )?got (?:half|some|one|plenty|enough|a)",
            r"better not|rather not|don't (?:need|want)|i'll (?:pass|leave it|stick)|maybe next time|another time",
            r"already (?:got|have)|only need|just the (?:one|coffee|burger|\w+)|that's (?:all|everything|it)",
            r"i use the",
        ]
    ),
)
