"""The microphone's steps: is it there, is it free, what does it hear."""

from recorder.check import levels, sampling
from recorder.check.context import Context, Cue
from recorder.check.levels import Levels
from recorder.check.result import Result, Step, Values, fail, ok, skip, warn
from recorder.check.sampling import CannotRecord, Why
from recorder.microphone import microphone, mixer
from recorder.microphone.microphone import Microphone
from recorder.microphone.mixer import Gain

PROBE_S = 0.2
PASSES_DB = 15.0
FAILS_DB = 10.0
RESTLESS_DB = 12.0
"""The spread of a steady hum is 3 dB, of music 8; speech has 20 and more."""
LOUD_DBFS = -35.0
"""Noise so loud leaves speech no room above it: a fan beside the microphone, or far too much gain."""
FAINT_DBFS = -45.0
CLIPPINGS_FAIL = 10
"""One or two are a plosive into the microphone."""
NEARLY_OFF_PERCENT = 5
_SOUND_SERVERS = ("pipewire", "wireplumber", "pulseaudio")


def find_microphone(context: Context) -> Result:
    """Leaves the microphone for the others."""
    try:
        found = microphone.find(context.config.audio_device, context.remembered, proc=context.root / "proc")
    except microphone.NoMicrophone as error:
        cards = ", ".join(f"{card.number} [{card.id}] {card.name}" for card in error.present)
        if error.wanted:
            return fail(Step.MICROPHONE, "not_there", wanted=error.wanted, cards=cards or "–")
        return fail(Step.MICROPHONE, "deaf", cards=cards) if cards else fail(Step.MICROPHONE, "none")
    context.microphone = found
    if found.others:
        others = ", ".join(f"{card.name} (plughw:CARD={card.id})" for card in found.others)
        return warn(Step.MICROPHONE, "several", name=found.describe(), pcm=found.pcm, others=others)
    return ok(Step.MICROPHONE, "found", name=found.describe(), pcm=found.pcm)


def is_free(context: Context) -> Result:
    """Opens it for a moment. Our own service holding it is as it should be, but leaves nothing to measure."""
    used = _microphone(context)
    proc = context.root / "proc"
    if microphone.is_held(used, proc=proc):
        return _busy(context)
    try:
        sampling.record(used.pcm, context.config.sample_rate, PROBE_S)
    except CannotRecord as error:
        return _busy(context) if error.why is Why.BUSY else _cannot(Step.FREE, error, used.pcm)
    return ok(Step.FREE, "free")


def quiet(context: Context) -> Result:
    """Records the shop as it sounds while nobody speaks."""
    heard = _listen(context, Step.QUIET, Cue.QUIET)
    if isinstance(heard, Result):
        return heard
    noise = round(heard.median_dbfs, 1)
    if heard.flat:
        return fail(Step.QUIET, "silent")
    if heard.spread_db > RESTLESS_DB:
        return warn(Step.QUIET, "restless", noise_dbfs=noise, spread_db=round(heard.spread_db, 1))
    return (warn if noise > LOUD_DBFS else ok)(Step.QUIET, "loud" if noise > LOUD_DBFS else "heard", noise_dbfs=noise)


def till(context: Context) -> Result:
    return _phrase(context, Step.TILL, Cue.TILL)


def customer(context: Context) -> Result:
    return _phrase(context, Step.CUSTOMER, Cue.CUSTOMER)


def clipping(context: Context) -> Result:
    """Over everything that was recorded."""
    heard = context.recordings
    if not heard:
        return skip(Step.CLIPPING, "nothing_recorded")
    peak = round(max(one.peak_dbfs for one in heard.values()), 1)
    times = sum(one.clippings for one in heard.values())
    if times >= CLIPPINGS_FAIL:
        return fail(Step.CLIPPING, "clipped", times=times, peak_dbfs=peak)
    if times:
        return warn(Step.CLIPPING, "grazed", times=times, peak_dbfs=peak)
    return ok(Step.CLIPPING, "none", peak_dbfs=peak)


def gain(context: Context) -> Result:
    """What the volume is, and where it should go after what was heard."""
    used = _microphone(context)
    if used.card is None:
        return skip(Step.GAIN, "own_pcm", pcm=used.pcm)
    found = mixer.read(used.card.id)
    if found is None:
        return skip(Step.GAIN, "no_mixer")
    volume = found.gain
    if volume is None:
        return ok(Step.GAIN, "fixed")
    said: Values = {"control": volume.control, "percent": volume.percent, "card": used.card.id}
    if not volume.on:
        return fail(Step.GAIN, "off", **said)
    if sum(one.clippings for one in context.recordings.values()):
        return warn(Step.GAIN, "too_high", change=_step(volume, "-"), **said)
    faint = context.faintest_dbfs is not None and context.faintest_dbfs < FAINT_DBFS
    if volume.percent < 100 and (faint or volume.percent <= NEARLY_OFF_PERCENT):
        return warn(Step.GAIN, "too_low", change=_step(volume, "+"), **said)
    return ok(Step.GAIN, "automatic" if found.automatic else "set", **said)


def _phrase(context: Context, step: Step, cue: Cue) -> Result:
    """Records somebody speaking there. ≥ 15 dB over the noise passes, below 10 Whisper guesses."""
    heard = _listen(context, step, cue)
    if isinstance(heard, Result):
        return heard
    said = levels.speech(heard, context.recordings[Step.QUIET])
    if not said.heard:
        return fail(step, "unheard")
    context.faintest_dbfs = min(said.level_dbfs, context.faintest_dbfs or 0.0)
    snr, level = round(said.snr_db, 1), round(said.level_dbfs, 1)
    if snr < FAILS_DB:
        return fail(step, "drowned", snr_db=snr, level_dbfs=level)
    return (ok if snr >= PASSES_DB else warn)(
        step, "clear" if snr >= PASSES_DB else "weak", snr_db=snr, level_dbfs=level
    )


def _listen(context: Context, step: Step, cue: Cue) -> Levels | Result:
    """Records and keeps the levels for the later steps; a result where there is nothing to measure."""
    if context.is_held:
        return skip(step, "in_use")
    if not context.director.cue(cue, context.listen_s):
        return skip(step, "nobody")
    used, rate = _microphone(context), context.config.sample_rate
    try:
        samples = sampling.record(used.pcm, rate, context.listen_s)
    except CannotRecord as error:
        return _cannot(step, error, used.pcm)
    context.recordings[step] = levels.measure(samples, rate)
    return context.recordings[step]


def _busy(context: Context) -> Result:
    holder = microphone.holder(_microphone(context), proc=context.root / "proc")
    if holder is None:
        return fail(Step.FREE, "busy_unseen")
    if holder.is_our_service:
        context.is_held = True
        return ok(Step.FREE, "ours", pid=holder.pid)
    said: Values = {"name": holder.name or "?", "pid": holder.pid}
    if holder.name and holder.name.startswith(_SOUND_SERVERS):
        return fail(Step.FREE, "busy_desktop", **said)
    return fail(Step.FREE, "busy_unit", unit=holder.unit, **said) if holder.unit else fail(Step.FREE, "busy", **said)


def _cannot(step: Step, error: CannotRecord, pcm: str) -> Result:
    return fail(step, f"cannot_{error.why}", pcm=pcm, message=str(error))


def _step(volume: Gain, sign: str) -> str:
    """For amixer: 6 dB where the card knows decibels, else a tenth of its range."""
    return f"6dB{sign}" if volume.db is not None else f"10%{sign}"


def _microphone(context: Context) -> Microphone:
    if context.microphone is None:
        raise LookupError("the step microphone has not run")
    return context.microphone
