"""The command line: what may be given, typed and checked."""
