"""Lesson 10: one stream, or align before you fuse; what each notices, and where it looks."""
