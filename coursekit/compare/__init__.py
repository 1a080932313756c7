"""Several trainings side by side: over seeds, as replicas, as a race, as a sweep."""
