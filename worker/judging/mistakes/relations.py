"""What is said of an array by its relation to the right one, where no mistake is known."""

from __future__ import annotations

from worker.judging.lessons import teach

_LESSONS: dict[str, tuple[str, str]] = {
    "all-equal": (
        "{part} has the same number everywhere, though it should vary.",
        "{part} tiene el mismo número en todas partes, aunque debería variar.",
    ),
    "wrong-factor": (
        "{part} is {got} times what it should be: a factor is missing, or one too many is there.",
        "{part} es {got} veces lo que debería ser: falta un factor, o sobra uno.",
    ),
    "wrong-offset": (
        "{part} is off by {got} everywhere: a number is missing, or one too many is added.",
        "{part} difiere en {got} en todas partes: falta sumar un número, o sobra uno.",
    ),
    "wrong-factor-along-axis": (
        "{part} is wrong by a factor of its own at each index of axis {got} (from 0): look at what "
        "multiplies or divides there.",
        "{part} tiene un factor erróneo propio en cada índice del eje {got} (desde 0): mira qué "
        "multiplica o divide allí.",
    ),
    "wrong-offset-along-axis": (
        "{part} is off by a number of its own at each index of axis {got} (from 0): look at what "
        "is added or subtracted there.",
        "{part} difiere en un número propio en cada índice del eje {got} (desde 0): mira qué se "
        "suma o se resta allí.",
    ),
    "wrong-signs": (
        "{part} has the right sizes, but some of the signs are wrong.",
        "{part} tiene los tamaños correctos, pero algunos signos están mal.",
    ),
    "reversed-along-axis": (
        "{part} has the right numbers in reverse order along axis {got} (from 0).",
        "{part} tiene los números correctos en orden inverso a lo largo del eje {got} (desde 0).",
    ),
    "shifted-by-one": (
        "{part} has the right numbers one place too far along axis {got} (from 0): an index is off "
        "by one.",
        "{part} tiene los números correctos corridos un lugar en el eje {got} (desde 0): un índice "
        "está desplazado en uno.",
    ),
    "axes-exchanged": (
        "{part} has the right numbers, but its axes are in another order.",
        "{part} tiene los números correctos, pero sus ejes están en otro orden.",
    ),
    "wrong-order": (
        "{part} has the right numbers, but in other places: look at the order in which they are "
        "laid out.",
        "{part} tiene los números correctos, pero en otros lugares: mira el orden en que se "
        "ubican.",
    ),
    "value-squared": (
        "{part} is the square of what it should be.",
        "{part} es el cuadrado de lo que debería ser.",
    ),
    "value-rooted": (
        "{part} is the root of what it should be.",
        "{part} es la raíz de lo que debería ser.",
    ),
    "value-inverted": (
        "{part} is one divided by what it should be: numerator and denominator are exchanged.",
        "{part} es uno dividido por lo que debería ser: numerador y denominador están "
        "intercambiados.",
    ),
    "value-exponential": (
        "{part} is the exponential of what it should be.",
        "{part} es la exponencial de lo que debería ser.",
    ),
    "value-logarithm": (
        "{part} is the logarithm of what it should be.",
        "{part} es el logaritmo de lo que debería ser.",
    ),
    "function-applied": (
        "{part} went through a function that has no place there: it is {got} of the right value v.",
        "{part} pasó por una función que no corresponde allí: es {got} del valor correcto v.",
    ),
    "another-function": (
        "{part} is {got} of the input x, which is another function than this layer's.",
        "{part} es {got} de la entrada x, que es otra función que la de esta capa.",
    ),
    "another-derivative": (
        "The derivative of this layer is another one: {part} is {got}, with g that of the output.",
        "La derivada de esta capa es otra: {part} es {got}, donde g es el de la salida.",
    ),
    "wrong-where": (
        "{part} is wrong exactly where {got}, and right elsewhere: look at what is done there.",
        "{part} está mal exactamente donde {got}, y bien en lo demás: mira qué se hace allí.",
    ),
    "wrong-at-indices": (
        "{part} is wrong at the indices {got} of axis {expected} (from 0) alone: the others are "
        "right.",
        "{part} está mal solo en los índices {got} del eje {expected} (desde 0): los otros están "
        "bien.",
    ),
    "right-at-first": (
        "{part} is right at first and wrong later: what an earlier step left has an effect on it.",
        "{part} es correcta al principio y luego no: influye algo que dejó un paso anterior.",
    ),
    "samples-mixed": (
        "{part} is right for a single sample and wrong for several: the samples are mixed.",
        "{part} es correcta con una sola muestra y no con varias: las muestras se mezclan.",
    ),
    "wrong-for-one-sample": (
        "{part} is right for several samples and wrong for a batch of one: an axis was lost, or "
        "the size of the batch counts.",
        "{part} es correcta con varias muestras y no con un lote de una: se perdió un eje, o "
        "influye el tamaño del lote.",
    ),
    "derivative-wrong": (
        "The forward is right, but {part} is not its derivative: derive it anew, and compare it "
        "with differences of the forward.",
        "El forward es correcto, pero {part} no es su derivada: derívala de nuevo, y compárala "
        "con diferencias del forward.",
    ),
    "rounded-to-integers": (
        "{part} is rounded to whole numbers: an array of integers or // loses the rest.",
        "{part} está redondeada a números enteros: un arreglo de enteros o // pierde el resto.",
    ),
    "rounded-to-decimals": (
        "{part} is rounded to {got} decimals: leave the numbers as they are.",
        "{part} está redondeada a {got} decimales: deja los números como son.",
    ),
    "partly-zero-and-scaled": (
        "{part} is {got} times what it should be where it is not zero, as behind a Dropout: drop "
        "nothing here.",
        "{part} es {got} veces lo que debería donde no es cero, como tras un Dropout: aquí no "
        "anules nada.",
    ),
    "clipped": (
        "{part} is cut off ({got}): nothing may be clipped here.",
        "{part} está recortada ({got}): aquí no se debe recortar nada.",
    ),
    "low-precision": (
        "{part} has the precision of {got} only: compute in the dtype of the inputs.",
        "{part} tiene solo la precisión de {got}: calcula en el tipo de las entradas.",
    ),
    "partly-zero": (
        "{part} is right where it is not zero: not every element is computed.",
        "{part} es correcta donde no es cero: no se calculan todos los elementos.",
    ),
    "wrong-at-start": (
        "{part} is wrong at the first index of axis {got} (from 0) alone: look at where the loop "
        "begins.",
        "{part} está mal solo en el primer índice del eje {got} (desde 0): mira dónde comienza el "
        "bucle.",
    ),
    "wrong-at-end": (
        "{part} is wrong at the last index of axis {got} (from 0) alone: look at where the loop "
        "ends.",
        "{part} está mal solo en el último índice del eje {got} (desde 0): mira dónde termina el "
        "bucle.",
    ),
    "right-numbers-in-another-shape": (
        "{part} has the right numbers, but in the shape {got} where it should have {expected}.",
        "{part} tiene los números correctos, pero en la forma {got} cuando debería tener "
        "{expected}.",
    ),
    "summed-over-axis": (
        "{part} is summed over axis {got} (from 0), which it should keep.",
        "{part} está sumada sobre el eje {got} (desde 0), que debería conservar.",
    ),
    "averaged-over-axis": (
        "{part} is the mean over axis {got} (from 0), which it should keep.",
        "{part} es la media sobre el eje {got} (desde 0), que debería conservar.",
    ),
    "not-summed-over-axis": (
        "{part} has still to be summed over axis {got} (from 0).",
        "{part} todavía debe sumarse sobre el eje {got} (desde 0).",
    ),
    "not-averaged-over-axis": (
        "{part} has still to be averaged over axis {got} (from 0).",
        "{part} todavía debe promediarse sobre el eje {got} (desde 0).",
    ),
    "cut-short": (
        "{part} has the right numbers, but fewer of them: the shape is {got} and should be "
        "{expected}.",
        "{part} tiene los números correctos, pero menos: la forma es {got} y debería ser "
        "{expected}.",
    ),
    "parts-exchanged": (
        "{part} has what belongs to {got}.",
        "{part} tiene lo que corresponde a {got}.",
    ),
    "answer-of-earlier-step": (
        "{part} has what an earlier step should have given: compute it anew in each.",
        "{part} tiene lo que debería haber dado un paso anterior: calcúlala de nuevo en cada uno.",
    ),
    "another-array": (
        "{part} is {got} as it is.",
        "{part} es {got} tal cual, sin más.",
    ),
    "multiplied-by-array": (
        "{part} is multiplied by {got}, which has no place there.",
        "{part} está multiplicada por {got}, que no corresponde allí.",
    ),
    "divided-by-array": (
        "{part} is divided by {got}, which has no place there.",
        "{part} está dividida por {got}, que no corresponde allí.",
    ),
    "array-added": (
        "{part} has a multiple of {got} added to it, which has no place there.",
        "{part} tiene sumado un múltiplo de {got}, que no corresponde allí.",
    ),
    "step-all-equal": (
        "The step is the same for all elements, though their gradients differ.",
        "El paso es el mismo para todos los elementos, aunque sus gradientes difieren.",
    ),
    "step-clipped": (
        "The step is cut off ({got}): nothing may be clipped here.",
        "El paso está recortado ({got}): aquí no se debe recortar nada.",
    ),
    "step-wrong-factor": (
        "The step is {got} times what it should be: a factor is missing, or one too many is there.",
        "El paso es {got} veces lo que debería ser: falta un factor, o sobra uno.",
    ),
    "step-wrong-signs": (
        "The step has the right sizes, but some of the signs are wrong.",
        "El paso tiene los tamaños correctos, pero algunos signos están mal.",
    ),
}

for bug, (en, es) in _LESSONS.items():
    teach(bug, en, es)

#: The bugs that tell how values are related to the right ones, not what the mistake is.
RELATIONS = frozenset(_LESSONS)
