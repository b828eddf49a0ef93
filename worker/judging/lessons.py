"""What is said of each mistake: one sentence that teaches, in English and in Spanish."""

from __future__ import annotations

from dataclasses import dataclass

from worker.judging.comparison import Fault
from worker.judging.spanish import in_spanish

LANGUAGES = ("en", "es")
# Of what a student's program says, in characters.
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Lesson:
    """The sentences about one bug."""

    en: str
    es: str

    def in_language(self, language: str) -> str:
        return self.es if language == "es" else self.en


#: Every bug that can be named. A name is never changed: reports keep it.
LESSONS: dict[str, Lesson] = {}


def teach(bug: str, en: str, es: str) -> None:
    """Add the sentences about a bug. They may have {part}, {got} and {expected} in them."""
    if bug in LESSONS:
        raise ValueError(f"there is a lesson about {bug!r} already")
    LESSONS[bug] = Lesson(en, es)


def message(bug: str, language: str, part: str, fault: Fault) -> str:
    """Return the sentence about a bug, found in a part."""
    lesson = LESSONS[bug].in_language(language)
    place = _place(part, language)
    got = fault.got
    if language == "es" and bug not in GENERAL:
        # Of a general bug they are a student's own words.
        got = in_spanish(got)
    for name, text in (("part", place), ("got", got), ("expected", fault.expected)):
        # Not `format`: what a student's program says may have braces in it.
        lesson = lesson.replace(f"{{{name}}}", _printable(text))
    return lesson[:1].upper() + lesson[1:]


def _printable(text: str) -> str:
    """Return what a student's program says as a terminal, a page and XML can bear it."""
    shown = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"


_PARTS = {
    "output": ("the output", "la salida"),
    "input_gradient": ("the gradient of the input", "el gradiente de la entrada"),
    "parameter_gradients": ("the gradient of {name}", "el gradiente de {name}"),
    "mask": ("the mask", "la máscara"),
    "values": ("what was drawn", "lo que se sorteó"),
}
_PHASES = {
    "training": (" in the training phase", " en la fase de entrenamiento"),
    "test": (" in the test phase", " en la fase de prueba"),
}


def _place(category: str, language: str) -> str:
    """Say what a category such as `training output` is."""
    column = int(language == "es")
    # Not every category has a phase.
    phase, _, part = category.rpartition(" ")
    kind, _, name = part.partition(".")
    noun = _PARTS.get(kind, (part, part))[column].replace("{name}", name)
    return noun + _PHASES.get(phase, ("", ""))[column]


teach(
    "wrong-values",
    "{part} has other values than the formula gives.",
    "{part} tiene otros valores que los que da la fórmula.",
)
teach(
    "nan",
    "{part} has NaN: a 0/0, ∞ - ∞, or the logarithm or root of a negative number.",
    "{part} tiene NaN: un 0/0, ∞ - ∞, o el logaritmo o la raíz de un número negativo.",
)
teach(
    "infinity",
    "{part} has an infinity: a division by zero, or an exponential that overflows.",
    "{part} tiene un infinito: una división por cero, o una exponencial que se desborda.",
)
teach(
    "wrong-shape",
    "{part} has the shape {got}, but should have {expected}.",
    "{part} tiene la forma {got}, pero debería tener {expected}.",
)
teach(
    "wrong-dtype",
    "{part} has the right values but the dtype {got}, where the inputs are {expected}.",
    "{part} tiene los valores correctos pero el tipo {got}, cuando las entradas son {expected}.",
)
teach(
    "no-numbers",
    "{part} is no array of real numbers but a {got}.",
    "{part} no es un arreglo de números reales sino un {got}.",
)
teach(
    "no-answer",
    "{part} was not answered: the step returned nothing, or was not run.",
    "{part} no fue respondida: el paso no devolvió nada, o no se ejecutó.",
)
teach(
    "step-failed",
    "The step for {part} raised an error: {got}",
    "El paso de {part} produjo un error: {got}",
)
teach(
    "missing-parameter-gradient",
    "The backward returned no gradient of the parameter {expected} (it returned: {got}).",
    "El backward no devolvió el gradiente del parámetro {expected} (devolvió: {got}).",
)

#: The bugs that tell what is seen and not what the mistake is.
GENERAL = frozenset(LESSONS)


def lessons_table() -> str:
    """Return the bugs and what is said of them, as a table of Markdown."""
    rows = "\n".join(f"| `{bug}` | {LESSONS[bug].en} |" for bug in sorted(LESSONS))
    return f"| bug | what is said of it |\n| --- | --- |\n{rows}\n"
