"""The mistakes that can be seen in a layer without a formula of it: see `own_layers`."""

from worker.judging.lessons import teach

teach(
    "gradient-not-of-forward",
    "{part} is not the gradient of the forward: along some directions the output changes by "
    "another amount than it says.",
    "{part} no es el gradiente del forward: en algunas direcciones la salida cambia en otra "
    "cantidad que la que dice.",
)
teach(
    "forward-not-repeatable",
    "The same input gives another output the second time: the forward must depend on its input "
    "alone.",
    "La misma entrada da otra salida la segunda vez: el forward debe depender solo de su entrada.",
)
