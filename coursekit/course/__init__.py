"""The classroom: record, claims, exercises, pictures, explorers, games, grading, a server."""
