"""Widgets over the store, each in a file of its own; the page's half of them is in the ``.js`` files beside."""
