"""The optimizers: pure steps, the loop around them, and the classes that join the two."""
