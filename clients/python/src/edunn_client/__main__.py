"""`python -m edunn_client` is the command `edunn`."""

from edunn_client.cli import main

main()
