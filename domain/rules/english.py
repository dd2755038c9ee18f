"""English: all phrases, the catalogue's words and the summaries."""

from domain.rules.english_offers import ENGLISH_OFFERS
from domain.rules.english_talk import ENGLISH_TALK
from domain.rules.lexicon import Lexicon, any_of

ENGLISH = Lexicon(
    language="en",
    offers=ENGLISH_OFFERS,
    talk=ENGLISH_TALK,
    categories={
        "coffee_size": any_of(
            [
                r"(?:large|larger|medium|bigger|grande|venti|double)(?: (?:one|size|cup|coffee|latte))?|size up",
                r"go large|upsize|twice (?:as much|the size)",
            ]
        ),
        "dessert": any_of(
            [
                r"desserts?|cakes?|cheesecakes?|brownies?|cookies?|ice cream|sweet|tiramisu|pudding|chocolates?|fudge",
                r"donuts?|doughnuts?|biscuits?|macarons?|truffles?",
            ]
        ),
        "pastry": any_of(
            [
                r"pastry|pastries|croissants?|muffins?|scones?|rolls?|buns?|danish\w*|tarts?|pies?",
                r"cinnamon (?:rolls?|buns?)|turnovers?|bagels?|loaf|loaves|baguettes?|sourdough|brioche|flapjacks?",
                r"banana bread",
            ]
        ),
        "syrup": any_of(
            [
                r"syrups?|caramel|hazelnut|(?:vanilla|caramel|hazelnut|pumpkin spice) shot",
            ]
        ),
        "combo": any_of(
            [
                r"combo|meal(?: deal)?|bundle|set menu|meal",
            ]
        ),
        "takeaway": any_of(
            [
                r"to take (?:home|away)|to go(?! with)|take home|for later",
            ]
        ),
        "add_ons": any_of(
            [
                r"extra shot|shot of|whipped cream|toppings?|sprinkles|(?:oat|almond|soy) milk|cheese|bacon|fries",
                r"chips|dips?|case|screen protector|sleeve|cable|charger|batteries|memory card|adapter|mouse",
                r"headphones|gift wrap\w*|ribbon|laces|insoles|card to go",
            ]
        ),
    },
    goods=any_of(
        [
            r"coffees?|tea|hot chocolate|juices?|smoothies?|lemonades?|soda|drinks?|water|beers?|wine|milkshakes?",
            r"sandwich(?:es)?|salads?|soup|hot dogs?|fries|crisps|chips|nuts|snacks?|gum|mints|bread|butter|jam",
            r"honey|granola",
            r"shortbread|bars?|dips?|garlic bread|nuggets|wedges|onion rings|hash browns?|slice|bites",
            r"screen ?wash|wash|wax|oil|additive|de icer|air fresheners?|wipers?|antifreeze|gloves|wipes|tissues",
            r"vitamins?|sprays?|probiotics?|lozenges|creams?|lotions?|balms?|plasters?|gel|masks?|thermometers?",
            r"drops|sun ?cream|sunscreen",
            r"warranty|cover|insurance|plan|set ?up|installation|adapters?|keyboards?|speakers?|power ?banks?",
            r"subscription|antivirus|ink|paper|stands?|bracket|controller",
            r"belts?|socks|laces|scar(?:f|ves)|ties?|earrings|polish|conditioner|shampoo|moisturi[sz]er|lipstick",
            r"perfume|brush(?:es)?",
            r"vases?|feed|fertili[sz]er|compost|pots?|treats?|toys?|leads?|litter|bookmarks?|pens?",
            r"cards?(?! reader)|candles?|wrapping|lights?|locks?|helmets?|pumps? for",
            r"popcorn|nachos|tickets? for|screws|sandpaper|rollers?",
        ]
    ),
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
