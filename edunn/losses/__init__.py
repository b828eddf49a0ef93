"""The losses, one family a file."""
