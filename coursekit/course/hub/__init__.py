"""A class's server: JupyterHub for the course.

`settings` reads ``hub.toml``, `configure` turns it into JupyterHub's own configuration. README.md
in this folder says how to set one up; ``python -m benchmarks hub`` lets a class arrive at one.
"""
