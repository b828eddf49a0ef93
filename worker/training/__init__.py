"""The pool `training`: computes trainings in short slices, as ordinary Celery tasks."""
