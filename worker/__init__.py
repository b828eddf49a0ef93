"""The Celery side: runs batches of operations on sessions that live in Redis."""
