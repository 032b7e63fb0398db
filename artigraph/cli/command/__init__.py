"""One command per file: a function ``command`` whose arguments are those of the command line."""
