"""The settings of a class's server, what JupyterHub makes of them, and the commands."""

import os
import stat
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from benchmarks.hub_memory import forecast
from coursekit.course.hub import nbgrader_exchange, proxy
from coursekit.course.hub.settings import Hub, hub_of, link, read

WHY = "JupyterHub is not installed; the extra [hub] has it."
if find_spec("jupyterhub") and proxy.location() is None:
    WHY = (
        "configurable-http-proxy is not installed; `python -m coursekit.course.hub proxy` does it."
    )
READY = os.name != "nt" and bool(find_spec("jupyterhub") and proxy.location())
needs_hub = pytest.mark.skipif(not READY, reason=WHY)

CLASS = {"instructors": ("ada",), "students": ("bob",), "memory": "1500M", "cpu": 1.5}


def configured(hub, monkeypatch):
    """JupyterHub as our configuration makes it, not started."""
    from jupyterhub.app import JupyterHub
    from traitlets.config import Config

    from coursekit.course.hub.configure import configure

    for name in ("CLIENT_ID", "CLIENT_SECRET", "CALLBACK_URL"):
        monkeypatch.setenv(f"OAUTH_{name}", "https://hub.example.org/x")
    for name in ("AUTHORIZE_URL", "TOKEN_URL", "USERDATA_URL"):
        monkeypatch.setenv(f"OAUTH2_{name}", "https://login.example.org/x")
    c = Config()
    configure(c, hub)
    return JupyterHub(config=c)


@needs_hub
@pytest.mark.parametrize("login", ["pam", "native", "github", "oidc"])
def test_a_real_class_lets_only_those_in_who_are_named(login, tmp_path, monkeypatch):
    from jupyterhub.orm import new_session_factory

    if login == "native":
        pytest.importorskip("nativeauthenticator")
    if login in ("github", "oidc"):
        pytest.importorskip("oauthenticator")
    hub = Hub(login=login, state=tmp_path / "s", exchange=tmp_path / "e", **CLASS)
    app = configured(hub, monkeypatch)
    kind = app.authenticator_class
    own = {"db": new_session_factory("sqlite:///:memory:")()} if login == "native" else {}
    authenticator = kind(config=app.config, **own)
    assert authenticator.allowed_users == {"ada", "bob"} and authenticator.admin_users == {"ada"}
    assert not authenticator.allow_all
    if login == "native":  # a listed name can be taken by whoever comes first: it waits
        words = "a long enough password"
        assert authenticator.create_user("ada", words).is_authorized
        assert not authenticator.create_user("bob", words).is_authorized
        assert authenticator.create_user("bob2", "password") is None
    assert authenticator.create_system_users == (login != "pam")
    assert not (tmp_path / "s" / "password_student").exists()
    assert stat.S_IMODE((tmp_path / "e").stat().st_mode) == 0o1777


@needs_hub
@pytest.mark.parametrize("servers", ["systemd", "process"])
def test_a_real_class_has_limits(servers, tmp_path, monkeypatch):
    if servers == "systemd":
        pytest.importorskip("systemdspawner")
    hub = Hub(servers=servers, state=tmp_path / "s", exchange=tmp_path / "e", **CLASS)
    app = configured(hub, monkeypatch)
    settings = app.config.Spawner
    assert (
        app.spawner_class.__name__
        == {
            "systemd": "SystemdSpawner",
            "process": "LocalProcessSpawner",
        }[servers]
    )
    assert (settings.mem_limit, settings.cpu_limit) == ("1500M", 1.5)
    assert "COURSEKIT_TRIAL" not in settings.environment
    assert Path(settings.cmd[0]).name == "jupyterhub-singleuser"


@needs_hub
def test_a_login_without_its_secrets_says_which(tmp_path, monkeypatch):
    from traitlets.config import Config

    from coursekit.course.hub.configure import configure

    monkeypatch.delenv("OAUTH_CLIENT_SECRET", raising=False)
    monkeypatch.setenv("OAUTH_CLIENT_ID", "x")
    monkeypatch.setenv("OAUTH_CALLBACK_URL", "x")
    hub = Hub(login="github", state=tmp_path / "s", exchange=tmp_path / "e", **CLASS)
    with pytest.raises(ValueError, match=r"environment variables OAUTH_CLIENT_SECRET\."):
        configure(Config(), hub)


def test_the_default_is_a_real_class_on_the_loopback_address():
    hub = Hub(instructors=("ada",))
    assert (hub.login, hub.servers, hub.address) == ("pam", "systemd", "http://127.0.0.1:8000")
    assert not hub.trial


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"login": "dummy"}, "login is 'dummy'; it can be 'pam'"),
        ({"servers": "docker"}, "servers is 'docker'"),
        ({"memroy": "2G"}, "setting is 'memroy'.*Did you mean 'memory'"),
        ({"memory": "2 GB"}, "memory is '2 GB'; a size like 2G"),
        ({"memory": 2}, "memory is 2; text was expected"),
        ({"cpu": 0}, "cpu is 0.0; a positive number"),
        ({"starting": 2.5}, "starting is 2.5; a whole number"),
        ({"students": "bob"}, "students is 'bob'; a list of names"),
        ({"students": ["Bob Smith"]}, "user 'Bob Smith' cannot be"),
        ({"students": ["root"]}, "user 'root' is an account of the machine itself"),
        ({"instructors": []}, "instructors is empty"),
        ({"students": ["bob", "cy", "bob"]}, "bob is listed twice in students"),
        ({"instructors": ["ada", "ada"]}, "ada is listed twice in instructors"),
        ({"students": ["bob", "ada"]}, "ada is listed as instructor and as student"),
        ({"address": "127.0.0.1:8000"}, "address is '127.0.0.1:8000'; one like http://"),
        ({"address": "http://0.0.0.0:8000"}, "beyond 127.0.0.1 https, a certificate and a key"),
        ({"address": "https://0.0.0.0:443"}, "beyond 127.0.0.1 https, a certificate and a key"),
        (
            {"login": "trial", "address": "https://0.0.0.0:443", "certificate": "c", "key": "k"},
            "login is 'trial'; that is for 127.0.0.1 only",
        ),
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_are_refused_in_a_sentence(values, sentence, tmp_path):
    with pytest.raises(ValueError, match=sentence):
        hub_of({"instructors": ["ada"]} | values, tmp_path)


def test_settings_come_from_a_file_and_folders_start_there(tmp_path):
    file = tmp_path / "hub.toml"
    file.write_text('instructors = ["ada"]\nexchange = "ours"\nidle_minutes = 5\n')
    hub = read(file)
    assert (hub.exchange, hub.state) == (tmp_path / "ours", tmp_path / "hub-state")
    assert hub.idle_minutes == 5.0
    file.write_text("instructors = [")
    with pytest.raises(ValueError, match=r"hub\.toml is no TOML"):
        read(file)
    with pytest.raises(ValueError, match=r"hub\.toml is not there"):
        read(tmp_path / "no" / "hub.toml")


def test_the_link_is_written_for_the_address_that_students_type():
    hub = Hub(instructors=("ada",), repository="https://example.org/x/course.git", branch="v1")
    asked = "repo=https%3A%2F%2Fexample.org%2Fx%2Fcourse.git&branch=v1"
    page = "urlpath=lab%2Ftree%2Fcourse%2Fnotebooks%2F00_start_here.ipynb"
    assert link(hub) == f"http://127.0.0.1:8000/hub/user-redirect/git-pull?{asked}&{page}"
    with pytest.raises(ValueError, match="repository is empty"):
        link(Hub(instructors=("ada",)))


def test_the_command_prints_the_link_and_refuses_in_a_sentence(tmp_path):
    from coursekit.course.hub.__main__ import app

    file = tmp_path / "hub.toml"
    file.write_text('instructors = ["ada"]\nrepository = "https://example.org/course"\n')
    result = CliRunner().invoke(app, ["link", str(file)])
    assert (
        result.exit_code == 0
        and "git-pull?repo=https%3A%2F%2Fexample.org%2Fcourse" in result.output
    )
    result = CliRunner().invoke(app, ["link", str(tmp_path / "none.toml")])
    assert result.exit_code == 2 and "is not there" in result.output


def test_the_forecast_counts_what_is_shared_once():
    measured = pd.DataFrame(
        {
            "user": ["", "a", "b"],
            "rss": [300, 600, 600],
            "pss": [224, 424, 424],
            "uss": [200, 400, 400],
        }
    )
    # Hub 200 and shared 72 once, 400 each, 100 more each for what lessons do.
    table = forecast(measured, (1, 30), spare=100)
    assert table["GiB"].to_dict() == {1: round(772 / 1024, 1), 30: round(15272 / 1024, 1)}


def test_the_class_folder_uses_the_shared_exchange(tmp_path):
    folder, shared = tmp_path / "class", tmp_path / "shared"
    folder.mkdir()
    nbgrader_exchange.share(shared)
    with pytest.raises(ValueError, match=r"has no nbgrader_config\.py"):
        nbgrader_exchange.connect(folder, shared)
    (folder / "nbgrader_config.py").touch()
    (folder / "exchange" / "old").mkdir(parents=True)
    with pytest.raises(ValueError, match="is not empty; move what is in it"):
        nbgrader_exchange.connect(folder, shared)
    (folder / "exchange" / "old").rmdir()
    nbgrader_exchange.connect(folder, shared)
    nbgrader_exchange.connect(folder, shared)  # once more changes nothing
    assert (folder / "exchange").resolve() == shared.resolve()


def test_students_and_instructors_mean_the_same_course():
    from benchmarks import hub_visitor as visitor
    from coursekit.course.grading.class_folder import COURSE_ID
    from coursekit.course.hub.configure import STUDENT

    assert visitor.COURSE == COURSE_ID
    assert f'course_id = "{COURSE_ID}"' in (STUDENT / "nbgrader_config.py").read_text()


def test_without_the_proxy_the_command_that_installs_it_is_named(monkeypatch):
    monkeypatch.setattr(proxy.shutil, "which", lambda *_, **__: None)
    with pytest.raises(ValueError, match=r"`python -m coursekit\.course\.hub proxy` does it"):
        proxy.program()
    with pytest.raises(ValueError, match="npm is not installed; it comes with Node"):
        proxy.install()
