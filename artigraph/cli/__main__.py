"""``python -m artigraph.cli``: the same as the command ``artigraph``."""

from artigraph.cli.main import main

main()
