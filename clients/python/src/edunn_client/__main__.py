"""`python -m edunn_client` is the command `edunn`."""

from edunn_client._cli import main

main()
