"""A class's server: JupyterHub for the course, configured, tried out and measured.

`settings` reads ``hub.toml``, `configure` turns it into JupyterHub's own configuration, `rehearse`
is a class on this machine. README.md in this folder says how to set one up.
"""
