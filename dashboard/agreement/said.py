"""What the measures of agreement mean, in sentences. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.wording import Wording

Wire = Mapping[str, Any]

KAPPA_LEVELS = ((0.8, "almost_perfect"), (0.6, "substantial"), (0.4, "moderate"), (0.2, "fair"), (0.0, "slight"))
"""J. R. Landis, G. G. Koch, "The measurement of observer agreement for categorical data", Biometrics 33 (1977),
159-174: by common use, not by any law."""


KAPPA_WIDE = 0.8
"""From this on the limits take in four of the five words and more."""
WIDE = 0.3
"""A rate known to within less than this tells a manager nothing that is worth acting on."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """tone: good, warn, or none."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A count; is_same: both said the same; title: the count in a sentence."""

    n: int
    is_same: bool
    title: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows are the first judge's words, columns the second's. Labels that neither used are left out."""

    corner: tuple[str, str]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]


def sample_said(w: Wording, found: Wire) -> Sentence:
    """How much the estimates rest on, and what to do where that is too little."""
    sample = found["sample"]
    if not sample["n"]:
        return Sentence(w.s("agreement.none_yet", wanted=sample["wanted"]), "warn")
    if not sample["is_enough"]:
        said = w.s.n("agreement.too_few", sample["missing"], have=sample["n"], wanted=sample["wanted"])
        return Sentence(said, "warn")
    return Sentence(w.s.n("agreement.enough", sample["n"]), "good")


def corrected_said(w: Wording, corrected: Wire) -> Sentence:
    """What the rate would be without the machine's mistakes, or why that can't be said."""
    if corrected["why_not"]:
        return Sentence(w.s(f"agreement.why_not.{corrected['why_not']}"), "warn")
    apparent, value = corrected["apparent"]["value"], corrected["value"]
    if corrected["low"] <= apparent <= corrected["high"]:
        is_wide = corrected["high"] - corrected["low"] > WIDE
        return (
            Sentence(w.s("agreement.corrected_wide"), "warn") if is_wide else Sentence(w.s("agreement.corrected_same"))
        )
    return Sentence(w.s("agreement.machine_sees_more" if apparent > value else "agreement.machine_sees_less"), "warn")


def kappa_said(w: Wording, kappa: Wire) -> Sentence:
    """κ in a word, and how unsure that word is."""
    if kappa["value"] is None:
        return Sentence(w.s("agreement.kappa_none"))
    numbers = {name: w.number(kappa[name], 2).replace("-", "−") for name in ("value", "low", "high")}
    if kappa["high"] - kappa["low"] > KAPPA_WIDE:
        return Sentence(w.s("agreement.kappa_wide", **numbers), "warn")
    level = next((name for least, name in KAPPA_LEVELS if kappa["value"] >= least), "none")
    return Sentence(w.s("agreement.kappa", level=w.s(f"agreement.kappa.{level}"), **numbers))


def confusion_table(w: Wording, found: Wire) -> Table:
    labels, counts = found["labels"], found["counts"]
    used = [i for i in range(len(labels)) if any(counts[i]) or any(row[i] for row in counts)]
    names = [w.s(f"agreement.call.{label}") for label in labels]
    first, second = (w.s(f"agreement.judge.{found[judge]}") for judge in ("first", "second"))
    rows = tuple(
        (
            names[i],
            tuple(
                Cell(
                    counts[i][j],
                    i == j,
                    w.s("agreement.cell", first=first, said=names[i], second=second, other=names[j]),
                )
                for j in used
            ),
        )
        for i in used
    )
    return Table((first, second), tuple(names[j] for j in used), rows)
