"""One training from the command line, on any data, on one machine or on many."""
