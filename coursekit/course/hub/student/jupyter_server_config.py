"""Jupyter's settings in every user's server: a kernel that nobody uses gives its memory back."""

c = get_config()  # type: ignore[name-defined]  # noqa: F821
c.MappingKernelManager.cull_idle_timeout = 3600
c.MappingKernelManager.cull_interval = 120
c.MappingKernelManager.cull_connected = True  # a page that is only left open counts as idle
