"""Fuzzing of what reads bytes that others have written. `python -m tests.fuzz` runs it."""
