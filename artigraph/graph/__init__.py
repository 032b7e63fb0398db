"""Nodes and links in SQL: types, tables, the engine, inserts, filters, walks. Knows no values and no blobs."""
