"""The mistakes of initializers, which `worker.judging.initializers` finds."""

from worker.judging.lessons import teach

teach(
    "initializer-constant-wrong",
    "The array must have the constant everywhere.",
    "El arreglo debe tener la constante en todas partes.",
)
teach(
    "initializer-does-nothing",
    "The array is as it was, or zero: write the numbers into it, as with p[...] = numbers.",
    "El arreglo sigue como estaba, o en cero: escribe los números, como con p[...] = números.",
)
teach(
    "initializer-standardized",
    "The numbers are drawn and then made to have exactly that deviation: draw them from it.",
    "Los números se sortean y luego se llevan exactamente a esa desviación: sortéalos con ella.",
)
teach(
    "initializer-constant",
    "All numbers are equal: draw one for each element.",
    "Todos los números son iguales: sortea uno por elemento.",
)
teach(
    "initializer-one-sided",
    "The numbers have a single sign: the distribution lies around zero.",
    "Los números tienen un solo signo: la distribución está alrededor de cero.",
)
teach(
    "initializer-not-centred",
    "Positive and negative numbers are not equally frequent: the mean must be zero.",
    "Los números positivos y negativos no son igual de frecuentes: la media debe ser cero.",
)
teach(
    "initializer-not-redrawn",
    "Every call gives the same numbers: set no seed within.",
    "Cada llamada da los mismos números: no fijes la semilla adentro.",
)
teach(
    "initializer-not-independent",
    "The numbers are not independent of each other: draw one for each element.",
    "Los números no son independientes entre sí: sortea uno por elemento.",
)
teach(
    "wrong-scale",
    "The numbers have the wrong size or distribution: their deviation is {got}, not {expected}.",
    "Los números tienen otro tamaño u otra distribución: su desviación es {got}, no {expected}.",
)
teach(
    "uniform-for-normal",
    "The numbers are uniform; this initializer draws from a normal distribution.",
    "Los números son uniformes; este inicializador sortea de una distribución normal.",
)
teach(
    "normal-for-uniform",
    "The numbers are normal; this initializer draws from a uniform distribution.",
    "Los números son normales; este inicializador sortea de una distribución uniforme.",
)
teach(
    "variance-for-deviation",
    "The generator takes the standard deviation, the root of the variance.",
    "El generador recibe la desviación estándar, la raíz de la varianza.",
)
teach(
    "deviation-for-variance",
    "The root is taken twice: what is given is the standard deviation already.",
    "La raíz se toma dos veces: lo que se da ya es la desviación estándar.",
)
teach(
    "range-halved",
    "The numbers lie between -a and a; here they lie between -a/2 and a/2.",
    "Los números están entre -a y a; aquí están entre -a/2 y a/2.",
)
teach(
    "bound-is-deviation",
    "A uniform distribution of bound a has the deviation a/√3; here the deviation is the bound.",
    "Una distribución uniforme de cota a tiene desviación a/√3; aquí la desviación es la cota.",
)
teach(
    "bound-not-rooted",
    "The bound is a root; here the root is missing.",
    "La cota es una raíz; aquí falta la raíz.",
)
teach(
    "scale-ignored",
    "The numbers have the size one: scale them as the rule says.",
    "Los números tienen tamaño uno: escálalos como dice la regla.",
)
teach(
    "fan-wrong",
    "The scale is that of other numbers of inputs and outputs than the parameter has.",
    "La escala corresponde a otras cantidades de entradas y salidas que las del parámetro.",
)
teach(
    "gain-wrong",
    "The numerator under the root is another one than this rule has.",
    "El numerador dentro de la raíz es otro que el de esta regla.",
)
teach(
    "initializer-shape-wrong",
    "The numbers have the shape {got}, where the array to fill has {expected}: keep its shape.",
    "Los números tienen la forma {got}, y el arreglo a llenar tiene {expected}: conserva su forma.",
)
