"""The Celery side: runs batches of operations on sessions, whose state is in Redis."""
