"""The mistakes of Dropout.

They have no formulas, because a mistaken Dropout draws as well: `dropout_judge` finds them.
"""

from worker.judging.lessons import teach

teach(
    "not-scaled",
    "What is kept must be scaled by 1/(1-p), so that the mean stays the same; here it is the "
    "input itself.",
    "Lo que se conserva debe escalarse por 1/(1-p), para que la media no cambie; aquí es la "
    "entrada misma.",
)
teach(
    "scale-inverted",
    "What is kept is multiplied by a probability, where it must be divided by 1-p.",
    "Lo que se conserva se multiplica por una probabilidad, cuando debe dividirse por 1-p.",
)
teach(
    "scaled-by-kept-share",
    "What is kept is scaled by the share that happened to be kept; the scale is 1/(1-p), whatever "
    "was drawn.",
    "Lo que se conserva se escala por la proporción que resultó conservada; la escala es 1/(1-p), "
    "sea cual sea el sorteo.",
)
teach(
    "p-as-keep",
    "p is the probability of dropping a unit; here it is taken for that of keeping one.",
    "p es la probabilidad de anular una unidad; aquí se toma como la de conservarla.",
)
teach(
    "wrong-rate",
    "Units are not dropped with probability p: {got} were, where {expected} would be usual.",
    "Las unidades no se anulan con probabilidad p: se anularon {got}, cuando lo usual es "
    "{expected}.",
)
teach(
    "nothing-dropped",
    "In the training phase nothing is dropped, although p is above zero.",
    "En la fase de entrenamiento no se anula nada, aunque p es mayor que cero.",
)
teach(
    "mask-not-redrawn",
    "Every forward drops the same units: draw a new mask in each, and set no seed there.",
    "Todos los forward anulan las mismas unidades: sortea otra máscara en cada uno, sin fijar la "
    "semilla.",
)
teach(
    "one-mask-for-the-batch",
    "All samples of a batch have the same mask: draw one number for each element, not for each "
    "feature.",
    "Todas las muestras del lote tienen la misma máscara: sortea un número por elemento, no por "
    "característica.",
)
teach(
    "mask-per-row",
    "Whole samples are dropped: draw one number for each element, not for each sample.",
    "Se anulan muestras enteras: sortea un número por elemento, no por muestra.",
)
teach(
    "mask-from-output",
    "The gradient is masked by the zeros of the output: an input may be zero too, and still be "
    "kept. Keep the mask that the forward has drawn.",
    "El gradiente se enmascara por los ceros de la salida: también una entrada puede ser cero y "
    "conservarse. Guarda la máscara que sorteó el forward.",
)
teach(
    "mask-per-channel",
    "Whole channels are dropped: draw one number for each element, not for each channel.",
    "Se anulan canales enteros: sortea un número por elemento, no por canal.",
)
teach(
    "mask-not-independent",
    "Units are not dropped independently of each other: {got} agree, where {expected} would be "
    "usual.",
    "Las unidades no se anulan con independencia unas de otras: coinciden {got}, cuando lo usual "
    "es {expected}.",
)
teach(
    "fixed-number-dropped",
    "The same number of units is dropped each time: drop each by itself with probability p.",
    "Se anula siempre el mismo número de unidades: anula cada una por separado con probabilidad p.",
)
teach(
    "mask-depends-on-input",
    "Which units are dropped depends on the input: the mask must not look at it.",
    "Qué unidades se anulan depende de la entrada: la máscara no debe mirarla.",
)
teach(
    "mask-drawn-again",
    "The backward has another mask than its forward: keep the mask and use it again.",
    "El backward usa otra máscara que su forward: guarda la máscara y úsala de nuevo.",
)
teach(
    "gradient-not-masked",
    "The gradient of a dropped unit must be zero: multiply by the forward's mask.",
    "El gradiente de una unidad anulada debe ser cero: multiplica por la máscara del forward.",
)
teach(
    "gradient-mask-inverted",
    "The gradient passes where units were dropped, and not where they were kept.",
    "El gradiente pasa donde las unidades se anularon, y no donde se conservaron.",
)
teach(
    "gradient-not-scaled",
    "The gradient must be scaled by 1/(1-p) as the output is.",
    "El gradiente debe escalarse por 1/(1-p), igual que la salida.",
)
teach(
    "gradient-scaled-twice",
    "The gradient is scaled by 1/(1-p) twice.",
    "El gradiente se escala dos veces por 1/(1-p).",
)
teach(
    "gradient-scale-inverted",
    "The gradient is multiplied by a probability, where it must be divided by 1-p.",
    "El gradiente se multiplica por una probabilidad, cuando debe dividirse por 1-p.",
)
teach(
    "gradient-p-as-keep",
    "The gradient is divided by p, where it must be divided by 1-p, the probability of keeping.",
    "El gradiente se divide por p, cuando debe dividirse por 1-p, la probabilidad de conservar.",
)
teach(
    "gradient-times-output",
    "The gradient is multiplied by the output: its factor is the mask and the scale alone.",
    "El gradiente se multiplica por la salida: su factor es solo la máscara y la escala.",
)
teach(
    "scaled-in-test",
    "In the test phase the output must be the input itself: nothing is scaled there.",
    "En la fase de prueba la salida debe ser la entrada misma: allí no se escala nada.",
)
teach(
    "dropped-in-test",
    "In the test phase nothing may be dropped: look at the phase.",
    "En la fase de prueba no debe anularse nada: mira la fase.",
)
teach(
    "gradient-scaled-in-test",
    "After a forward in the test phase the gradient passes as it is: nothing is scaled there.",
    "Tras un forward en la fase de prueba el gradiente pasa tal cual: allí no se escala nada.",
)
teach(
    "gradient-masked-in-test",
    "After a forward in the test phase the gradient passes as it is: no mask is used there.",
    "Tras un forward en la fase de prueba el gradiente pasa tal cual: allí no se usa máscara.",
)
teach(
    "dropout-scale-wrong",
    "What is kept must be scaled by 1/(1-p) and by no other number.",
    "Lo que se conserva debe escalarse por 1/(1-p) y por ningún otro número.",
)
teach(
    "dropped-not-zero",
    "What is dropped must be zero; here it is another number.",
    "Lo que se anula debe ser cero; aquí es otro número.",
)
teach(
    "p-ignored",
    "The layer drops and scales by another p than the one that it is given.",
    "La capa anula y escala con otro p que el que se le da.",
)
