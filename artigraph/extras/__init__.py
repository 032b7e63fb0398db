"""Names that documents of other generations use, where those documents say they are."""
