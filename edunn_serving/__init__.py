"""The floor that server and worker stand on: the stubs, and what the two say to each other."""
