"""Who seems to say each utterance, from the words alone: there is one microphone, and no voice is told from another."""

from collections import Counter
from collections.abc import Collection

from domain.rules.engine import lexicon_of
from domain.rules.sentences import sentences
from domain.rules.speakers import Speaker, speakers
from domain.transcript import Transcript


def who_speaks(transcript: Transcript, offers: Collection[int] = ()) -> list[Speaker | None]:
    """By utterance; None where nothing tells, and in languages without rules. `offers`: utterances known to be the
    staff's, since what was offered is in them. An utterance of both belongs to who says more of it."""
    lexicon = lexicon_of(transcript.language)
    lines = sentences(transcript)
    told: list[Speaker | None] = [None] * len(transcript.utterances)
    if lexicon is None or len(lines) < 2:
        return told
    staff = [i for i, line in enumerate(lines) if line.utterance in offers]
    words: dict[int, Counter[Speaker]] = {}
    for line, speaker in zip(lines, speakers(lines, lexicon, staff), strict=True):
        words.setdefault(line.utterance, Counter())[speaker] += len(line.spans)
    for utterance, said in words.items():
        told[utterance] = said.most_common(1)[0][0]
    return told
