"""What keeps a stack from coming up."""


class StackError(RuntimeError):
    """The stack could not be brought up. The message says what to do."""
