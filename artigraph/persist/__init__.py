"""Saving and loading: the only room where values, blobs and rows meet."""
