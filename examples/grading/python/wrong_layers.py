"""A Dropout with a mistake: what it keeps is not divided by 1 - p."""

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
            self.mask = (np.random.rand(*x.shape) >= self.p) * 1.0
        else:
            self.mask = np.ones_like(x)
        return x * self.mask

    def backward(self, output_gradient):
        return output_gradient * self.mask, {}
