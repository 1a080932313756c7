"""What every other room may use: checks, threads, work that pauses."""
