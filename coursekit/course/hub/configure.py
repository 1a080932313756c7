"""JupyterHub's configuration, made of a class's settings."""

import os
import secrets
import sys
import sysconfig
from pathlib import Path
from typing import Any

from coursekit.course.hub.nbgrader_exchange import share
from coursekit.course.hub.proxy import program
from coursekit.course.hub.settings import Hub
from coursekit.utils.checks import require

STUDENT = Path(__file__).parent / "student"  # what every user's server reads
CLASSES = {
    "pam": "pam",
    "native": "coursekit.course.hub.authenticator.LocalNativeAuthenticator",
    "github": "local-github",
    "oidc": "local-generic-oauth",
    "trial": "shared-password",
}
OAUTH = ("OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET", "OAUTH_CALLBACK_URL")
ADDRESSES = ("OAUTH2_AUTHORIZE_URL", "OAUTH2_TOKEN_URL", "OAUTH2_USERDATA_URL")
PASSWORDS = {"student": 12, "instructor": 32}  # of a trial: bytes of chance in each
# A home of one's own, which nobody else reads.
ADD_USER = ["useradd", "--create-home", "--shell", "/bin/bash", "-K", "HOME_MODE=0700"]
CONFIG = Path(__file__).with_name("jupyterhub_config.py")


def command() -> list[str]:
    """What starts a hub whose settings COURSEKIT_HUB names."""
    return [sys.executable, "-m", "jupyterhub", "-f", str(CONFIG)]


def configure(c: Any, hub: Hub) -> None:
    """Fill JupyterHub's ``c``; make the folders that it needs.

    Errors: ValueError when the proxy is not installed, or a login's secrets are not there.
    """
    hub.state.mkdir(parents=True, exist_ok=True)
    hub.state.chmod(0o700)
    share(hub.exchange)
    _addresses(c, hub)
    _login(c, hub)
    _servers(c, hub)
    _idle(c, hub)


def _addresses(c: Any, hub: Hub) -> None:
    """Where it listens, and where its secrets are; JupyterHub makes both secrets by itself."""
    c.JupyterHub.bind_url = hub.address
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{hub.hub_port}"
    c.JupyterHub.ssl_cert, c.JupyterHub.ssl_key = hub.certificate, hub.key
    c.JupyterHub.cookie_secret_file = str(hub.state / "cookie_secret")
    c.JupyterHub.db_url = f"sqlite:///{hub.state / 'jupyterhub.sqlite'}"
    c.ConfigurableHTTPProxy.command = [program()]
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{hub.proxy_port}"
    c.ConfigurableHTTPProxy.pid_file = str(hub.state / "proxy.pid")


def _login(c: Any, hub: Hub) -> None:
    c.JupyterHub.authenticator_class = CLASSES[hub.login]
    c.Authenticator.admin_users = set(hub.instructors)
    c.Authenticator.allowed_users = set(hub.everybody)
    c.Authenticator.allow_all = False
    if hub.trial:
        c.SharedPasswordAuthenticator.user_password = password(hub, "student")
        c.SharedPasswordAuthenticator.admin_password = password(hub, "instructor")
        return
    c.LocalAuthenticator.add_user_cmd = ADD_USER
    c.LocalAuthenticator.create_system_users = hub.login != "pam"
    c.NativeAuthenticator.minimum_password_length = 10
    c.NativeAuthenticator.check_common_password = True
    c.NativeAuthenticator.allowed_failed_logins = 5
    needed = {"github": OAUTH, "oidc": (*OAUTH, *ADDRESSES)}.get(hub.login, ())
    missing = [name for name in needed if not os.environ.get(name)]
    sentence = f"login is {hub.login!r}; it needs the environment variables {', '.join(missing)}."
    require(not missing, sentence)


def password(hub: Hub, whose: str) -> str:
    """A trial's password for "student" or "instructor": made once, kept where only you can read."""
    file = hub.state / f"password_{whose}"
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_urlsafe(PASSWORDS[whose]))
    return file.read_text(encoding="utf-8")


def _servers(c: Any, hub: Hub) -> None:
    """Everybody's server: this environment, the same settings, so much memory."""
    c.Spawner.cmd = [str(Path(sysconfig.get_path("scripts")) / "jupyterhub-singleuser")]
    c.Spawner.default_url = "/lab"
    c.Spawner.mem_limit = hub.memory
    c.Spawner.cpu_limit = hub.cpu
    c.Spawner.http_timeout = c.Spawner.start_timeout = 120
    c.JupyterHub.concurrent_spawn_limit = hub.starting
    c.Spawner.environment = environment(hub)
    if not hub.trial:
        c.JupyterHub.spawner_class = {"systemd": "systemd", "process": "localprocess"}[hub.servers]
        c.SystemdSpawner.isolate_tmp = True
        c.SystemdSpawner.disable_user_sudo = True
        return
    c.JupyterHub.spawner_class = "simple"
    c.SimpleLocalProcessSpawner.home_dir_template = str(hub.state / "homes" / "{username}")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    c.Spawner.args = ["--allow-root"] if root else []


def environment(hub: Hub) -> dict[str, str]:
    """What every user's server finds in its environment."""
    variables = {
        "JUPYTER_CONFIG_PATH": str(STUDENT),
        "COURSEKIT_EXCHANGE": str(hub.exchange),
        # The course's networks are small: more threads only wait for each other.
        "OMP_NUM_THREADS": "1",
        "PATH": os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")]),
    }
    if hub.trial:
        variables["COURSEKIT_TRIAL"] = "1"
    if data := os.environ.get("COURSEKIT_DATA"):
        variables["COURSEKIT_DATA"] = data
    return variables


def _idle(c: Any, hub: Hub) -> None:
    """A service that stops servers nobody uses, with the rights for that and no more."""
    seconds = max(1, round(60 * hub.idle_minutes))
    every = max(1, min(300, seconds // 2))
    command = [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={seconds}"]
    command += [f"--cull-every={every}"]
    c.JupyterHub.services = [{"name": "idle", "command": command}]
    scopes = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
    c.JupyterHub.load_roles = [{"name": "idle", "scopes": scopes, "services": ["idle"]}]
    c.JupyterHub.last_activity_interval = min(300, max(1, every))
    if hub.trial:
        c.JupyterHub.activity_resolution = min(30, max(1, every))
