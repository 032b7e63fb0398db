"""The ``artigraph`` command: what is in a store, is it whole, and looking after it, from a terminal."""
