"""Parts of the course timed beside the plain way; run from a checkout, no part of the package."""
