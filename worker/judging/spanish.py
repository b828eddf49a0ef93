"""What a message tells of an answer, such as a function that was found in it, in Spanish."""

from __future__ import annotations

import re
from functools import cache

# English and Spanish. A {} stands for anything, which is put into Spanish itself.
_PHRASES: dict[str, str] = {
    # Of windows.
    "the maximum": "el máximo",
    "the mean": "el promedio",
    "the minimum": "el mínimo",
    "the sum": "la suma",
    "the median": "la mediana",
    "the largest magnitude": "la mayor magnitud",
    "the number of the largest magnitude": "el número de mayor magnitud",
    "the smallest magnitude": "la menor magnitud",
    "the mean magnitude": "la magnitud promedio",
    "the root of the mean square": "la raíz del promedio de los cuadrados",
    "the root of the sum of squares": "la raíz de la suma de los cuadrados",
    "the mean square": "el promedio de los cuadrados",
    "the product": "el producto",
    "the first number": "el primer número",
    "the last number": "el último número",
    "the number in the middle": "el número del medio",
    "the second largest number": "el segundo mayor número",
    "the mean of minimum and maximum": "el promedio de mínimo y máximo",
    "the maximum minus the minimum": "el máximo menos el mínimo",
    "the deviation": "la desviación",
    "the variance": "la varianza",
    "the logarithm of the sum of exponentials": "el logaritmo de la suma de exponenciales",
    "the mean weighted by a softmax": "el promedio pesado por un softmax",
    "the geometric mean of the magnitudes": "la media geométrica de las magnitudes",
    "the sum divided by one number less": "la suma dividida por un número menos",
    "the sum divided by {}": "la suma dividida por {}",
    "the mean of what is positive, or zero": "el promedio de lo positivo, o cero",
    "the maximum between -1 and 1": "el máximo entre -1 y 1",
    "the index of the maximum": "el índice del máximo",
    "{} pixels, {} down and {} right": "de {} píxeles, {} hacia abajo y {} hacia la derecha",
    # Of the numbers of a sample.
    "the Huber error": "el error de Huber",
    "the sum of {}": "la suma de {}",
    "the mean of {}": "el promedio de {}",
    "half the sum of {}": "la mitad de la suma de {}",
    "half the mean of {}": "la mitad del promedio de {}",
    "the largest {}": "el mayor {}",
    "the smallest {}": "el menor {}",
    "the median of {}": "la mediana de {}",
    "the first {}": "el primer {}",
    "the last {}": "el último {}",
    "the sum of {} without the first": "la suma de {} sin el primero",
    "the sum of {} without the last": "la suma de {} sin el último",
    "the square of the sum of {}": "el cuadrado de la suma de {}",
    "the square of the mean of {}": "el cuadrado del promedio de {}",
    "the root of the sum of {}": "la raíz de la suma de {}",
    "the root of the mean of {}": "la raíz del promedio de {}",
    "the variance of {}": "la varianza de {}",
    "the deviation of {}": "la desviación de {}",
    "the product of {}": "el producto de {}",
    "the sum of {} over the batch": "la suma de {} en todo el lote",
    "the mean of {} over the batch": "el promedio de {} en todo el lote",
    "the logarithm of 1 + the sum of {}": "el logaritmo de 1 + la suma de {}",
    # Of probabilities.
    "-log p of the last class": "-log p de la última clase",
    "-log p of the next class": "-log p de la clase siguiente",
    "-log p of the class before": "-log p de la clase anterior",
    "-log p of the first sample's class": "-log p de la clase de la primera muestra",
    "-log p of class 0": "-log p de la clase 0",
    "-log of the largest p": "-log del mayor p",
    "-log of p over the largest p": "-log de p sobre el mayor p",
    "-Σ log p of all classes": "-Σ log p de todas las clases",
    "the mean of -log p over all classes": "el promedio de -log p de todas las clases",
    "-Σ p log p of all classes": "-Σ p log p de todas las clases",
    "-Σ log (1 - p) of the other classes": "-Σ log (1 - p) de las otras clases",
    "-log p with a tenth for all classes": "-log p con un décimo para todas las clases",
    "1 where the largest p is another's": "1 donde el mayor p es de otra clase",
    "-log of the larger of y and 1 - y": "-log del mayor entre y y 1 - y",
    "1 - y where t is 1, else y": "1 - y donde t es 1, y si no y",
    "the focal error": "el error focal",
    "with twice the weight where t is 1": "con el doble de peso donde t es 1",
    "1 where round y is not t": "1 donde y redondeado no es t",
    "with 1 - log y for log (1 - y)": "con 1 - log y en lugar de log (1 - y)",
    "with 0.01 added to y": "con 0.01 sumado a y",
    "with 0.01 added in both logarithms": "con 0.01 sumado en ambos logaritmos",
    # Of the errors of samples and of steps.
    "their median": "su mediana",
    "the largest of them": "el mayor de ellos",
    "the smallest of them": "el menor de ellos",
    "that of the first sample": "el de la primera muestra",
    "that of the last sample": "el de la última muestra",
    "the mean without the first": "el promedio sin el primero",
    "the mean without the last": "el promedio sin el último",
    "the sum divided by one sample less": "la suma dividida por una muestra menos",
    "the sum divided by one sample more": "la suma dividida por una muestra más",
    "the root of the mean": "la raíz del promedio",
    "the mean of the roots": "el promedio de las raíces",
    "the geometric mean": "la media geométrica",
    "their deviation": "su desviación",
    "their variance": "su varianza",
    "the mean with the other sign": "el promedio con el otro signo",
    "half the mean": "la mitad del promedio",
    "the mean divided by the samples again": "el promedio dividido otra vez por las muestras",
    "the logarithm of the mean": "el logaritmo del promedio",
    "that of the last step alone": "solo el del último paso",
    "that of the first step alone": "solo el del primer paso",
    "that of the first sample alone": "solo el de la primera muestra",
    "the sum of the last step, over all": "la suma del último paso, sobre todos",
    "the sum of the first step, over all": "la suma del primer paso, sobre todos",
    "the sum of the first sample, over all": "la suma de la primera muestra, sobre todas",
    "with the truth of the step before": "con la verdad del paso anterior",
    "with the truth of the step after": "con la verdad del paso siguiente",
    "with p for log p": "con p en lugar de log p",
    "with 1 - p for -log p": "con 1 - p en lugar de -log p",
    "the squared difference of p and the truth": "la diferencia al cuadrado de p y la verdad",
    "with log (1 - p) of the other classes": "con log (1 - p) de las otras clases",
    "its exponential, the perplexity": "su exponencial, la perplejidad",
    "with -log p of all classes": "con -log p de todas las clases",
    "with log² p": "con log² p",
    "the largest, not the mean": "el mayor, no el promedio",
    "divided by one step more": "dividido por un paso más",
    "with another class as padding": "con otra clase como relleno",
    "with class 0 as padding": "con la clase 0 como relleno",
    # Of an input and a constant.
    "the power |x|^c with the sign of x": "la potencia |x|^c con el signo de x",
    "the power {}": "la potencia {}",
    "the remainder of x and c": "el resto de x y c",
    "the whole quotient x // c": "el cociente entero x // c",
    "the quotient c / x": "el cociente c / x",
    "the larger of x and c": "el mayor entre x y c",
    "the smaller of x and c": "el menor entre x y c",
    "c alone": "solo c",
    "x where it is larger than c": "x donde es mayor que c",
    # Of inputs and weights.
    "the positive inputs": "las entradas positivas",
    "the inputs in reverse": "las entradas en orden inverso",
    "x, each sample centred": "x, con cada muestra centrada",
    "x, each feature centred": "x, con cada atributo centrado",
    "x, each feature centred and divided by its deviation": (
        "x, con cada atributo centrado y dividido por su desviación"
    ),
    "the sum of all samples": "la suma de todas las muestras",
    "the mean of all samples": "el promedio de todas las muestras",
    "the largest of the products": "el mayor de los productos",
    "the smallest of the products": "el menor de los productos",
    "the products": "los productos",
    "the products' magnitudes": "las magnitudes de los productos",
    "the first of the products": "el primero de los productos",
    "the last of the products": "el último de los productos",
    "the distance of x and w": "la distancia entre x y w",
    "x times the first row of w": "x por la primera fila de w",
    "x times the mean of w": "x por el promedio de w",
    "x times the sum of w": "x por la suma de w",
    "the cosine of x and w": "el coseno de x y w",
    "the product, over the norm of x": "el producto, sobre la norma de x",
    "the product, over its norm": "el producto, sobre su norma",
    "whole numbers": "números enteros",
    "x without its fraction": "x sin su fracción",
    # Other functions.
    "the softmax over the batch": "el softmax sobre el lote",
    "the logarithm of the softmax": "el logaritmo del softmax",
    "a softmax of |x|": "un softmax de |x|",
    "v over its norm": "v sobre su norma",
    "each sample over its norm": "cada muestra sobre su norma",
    "each feature over its norm": "cada atributo sobre su norma",
    "v, centred and divided by its deviation,": "v, centrado y dividido por su desviación,",
    "each sample, centred and divided by its deviation,": (
        "cada muestra, centrada y dividida por su desviación,"
    ),
    "each feature, centred and divided by its deviation,": (
        "cada atributo, centrado y dividido por su desviación,"
    ),
    "each sample over its sum": "cada muestra sobre su suma",
    "v over its largest magnitude": "v sobre su mayor magnitud",
    "the sum so far, along the samples,": "la suma acumulada, a lo largo de las muestras,",
    "the sum so far, along the features,": "la suma acumulada, a lo largo de los atributos,",
    "the identity": "la identidad",
    "x times the normal density": "x por la densidad normal",
    "the normal distribution function": "la función de distribución normal",
    "the normal density": "la densidad normal",
    "x + the normal distribution function": "x + la función de distribución normal",
    "x (1 - the normal distribution function)": "x (1 - la función de distribución normal)",
    "|x| over the sum of |x|": "|x| sobre la suma de |x|",
    "x² over the sum of x²": "x² sobre la suma de x²",
}


def in_spanish(text: str) -> str:
    """Return a phrase in Spanish; what is none, such as a formula, stays as it is."""
    if text in _PHRASES:
        return _PHRASES[text]
    for form, spanish in _forms():
        if match := form.fullmatch(text):
            return spanish.format(*map(in_spanish, match.groups()))
    return text


@cache
def _forms() -> list[tuple[re.Pattern[str], str]]:
    """Return the phrases with something in them, the longest first."""
    forms = sorted((each for each in _PHRASES if "{}" in each), key=len, reverse=True)
    return [
        (re.compile(re.escape(form).replace(r"\{\}", "(.+)")), _PHRASES[form]) for form in forms
    ]
