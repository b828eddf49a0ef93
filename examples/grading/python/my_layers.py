"""A Dropout, as a student writes it: with NumPy alone."""

import numpy as np


class Dropout:
    def __init__(self, p=0.5):
        self.p = p
        self.phase = "training"
        self.mask = None

    def set_phase(self, phase):
        self.phase = phase

    def forward(self, x):
        if self.phase == "training":
            kept = np.random.rand(*x.shape) >= self.p
            self.mask = kept / (1 - self.p)
        else:
            self.mask = np.ones_like(x)
        return x * self.mask

    def backward(self, output_gradient):
        return output_gradient * self.mask, {}
