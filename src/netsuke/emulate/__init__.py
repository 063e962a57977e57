"""Build generated C and run it."""
