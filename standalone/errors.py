"""The error of a stack that cannot start."""


class StackError(RuntimeError):
    """The stack cannot start. The message says what to do."""
