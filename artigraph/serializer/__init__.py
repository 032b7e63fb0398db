"""Values to bytes and back: one file per library, found by name when it is wanted."""
