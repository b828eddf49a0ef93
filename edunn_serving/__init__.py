"""The floor of server and worker: the stubs, and the messages, keys and settings of both."""
