"""The settings of a class's server: a small TOML file, read and refused in sentences."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from coursekit.utils.checks import choose, require, require_positive

FILE = "COURSEKIT_HUB"  # environment variable: where the settings are
LOGINS = ("pam", "native", "github", "oidc", "trial")
SERVERS = ("systemd", "process")
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SIZE = re.compile(r"\d+(\.\d+)?[MG]")
USER = re.compile(r"[a-z][a-z0-9_-]{0,31}")
PAGE = "notebooks/00_start_here.ipynb"  # which the link opens
SYSTEM = 1000  # accounts with a smaller number belong to the machine, not to people


@dataclass(frozen=True)
class Hub:
    """What a class's server is told; every field has a safe default but the people.

    login: "pam" (accounts of the machine), "native" (students choose a password, an instructor lets
    them in), "github" or "oidc" (OAuth; id and secret come from the environment), or "trial"
    (everybody runs as you, generated passwords, this machine only).
    servers: "systemd" (memory and CPU are enforced) or "process" (they are not).
    instructors, students: user names; nobody else gets in.
    address: where the hub listens.  public: what students type, where a proxy in front of the hub
    makes another address of it.  certificate, key: files; without them only the loopback address.
    state: folder of the hub's own secrets and data.  exchange: nbgrader's, shared by all.
    memory, cpu: of one student's server.  idle_minutes: a server without use that long is stopped.
    starting: servers that start at the same time.  repository, branch: what the link brings.
    hub_port, proxy_port: inner ports, always on the loopback address.
    Errors: ValueError, naming what does not fit.
    """

    login: str = "pam"
    servers: str = "systemd"
    instructors: tuple[str, ...] = ()
    students: tuple[str, ...] = ()
    address: str = "http://127.0.0.1:8000"
    public: str = ""
    certificate: str = ""
    key: str = ""
    state: Path = Path("hub-state")
    exchange: Path = Path("exchange")
    memory: str = "2G"
    cpu: float = 2.0
    idle_minutes: float = 60.0
    starting: int = 4
    repository: str = ""
    branch: str = "main"
    hub_port: int = 8081
    proxy_port: int = 8001

    def __post_init__(self) -> None:
        choose("login", self.login, LOGINS)
        choose("servers", self.servers, SERVERS)
        self._require_address()
        sized = bool(SIZE.fullmatch(self.memory))
        require(sized, f"memory is {self.memory!r}; a size like 2G or 1500M was expected.")
        for name in ("cpu", "idle_minutes", "starting"):
            require_positive(name, getattr(self, name))
        require(len(self.instructors) > 0, "instructors is empty; one or more were expected.")
        for name in self.everybody:
            self._require_user(name)
        for roles in (("instructors",), ("students",), ("instructors", "students")):
            listed = [name for role in roles for name in getattr(self, role)]
            twice = sorted({name for name in listed if listed.count(name) > 1})
            where = " and as ".join(role.removesuffix("s") for role in roles)
            once = f"as {where}" if len(roles) > 1 else f"twice in {roles[0]}"
            require(not twice, f"{', '.join(twice)} is listed {once}; once was expected.")

    @property
    def trial(self) -> bool:
        """Whether everybody runs as the present user, on this machine only."""
        return self.login == "trial"

    @property
    def everybody(self) -> tuple[str, ...]:
        """Who may sign in."""
        return (*self.instructors, *self.students)

    def _require_address(self) -> None:
        parts = urlsplit(self.address)
        form = parts.scheme in ("http", "https") and bool(parts.hostname and parts.port)
        require(form, f"address is {self.address!r}; one like http://127.0.0.1:8000 was expected.")
        here = parts.hostname in LOOPBACK
        sentence = f"address is {self.address!r}, and login is 'trial'; that is for 127.0.0.1 only."
        require(here or not self.trial, sentence)
        safe = parts.scheme == "https" and bool(self.certificate and self.key)
        sentence = (
            f"address is {self.address!r}; beyond 127.0.0.1 https, a certificate and a key are "
            "needed, or a proxy in front of the hub that has them."
        )
        require(here or safe, sentence)

    def _require_user(self, name: str) -> None:
        fits = isinstance(name, str) and bool(USER.fullmatch(name))
        form = "up to 32 of a-z, 0-9, - and _, a letter first, were expected"
        require(fits, f"user {name!r} cannot be a user's name; {form}.")
        number = None if self.trial else _number(name)
        sentence = f"user {name!r} is an account of the machine itself; a person's was expected."
        require(number is None or number >= SYSTEM, sentence)


def _number(user: str) -> int | None:
    """The number of an account that exists."""
    if os.name == "nt":
        return None
    import pwd

    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        return None


def read(file: Path) -> Hub:
    """The settings in a TOML file; folders in it are seen from where the file is.

    Errors: ValueError when it is not there, is no TOML, or has what is unknown or does not fit.
    """
    require(file.is_file(), f"{file} is not there; the settings of the hub were expected in it.")
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as problem:
        raise ValueError(f"{file} is no TOML: {problem}.") from None
    return hub_of(values, file.resolve().parent)


def hub_of(values: Mapping[str, Any], folder: Path) -> Hub:
    """Settings by name; relative folders start at ``folder``.

    Errors: ValueError for an unknown name, a wrong kind of value, or one that does not fit.
    """
    kinds = {f.name: f.type for f in fields(Hub)}
    settings: dict[str, Any] = {}
    for name, value in values.items():
        kind = kinds[choose("setting", name, kinds)]
        settings[name] = _as(kind, name, value, folder)
    folders = {"state": folder / Hub.state, "exchange": folder / Hub.exchange}
    return Hub(**(folders | settings))


def _as(kind: Any, name: str, value: Any, folder: Path) -> Any:
    """A TOML value as the field's kind."""
    if kind is Path and isinstance(value, str):
        return folder / value
    if kind == tuple[str, ...] and isinstance(value, list):
        return tuple(value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind is float and number:
        return float(value)
    plain = kind in (str, int) and isinstance(value, kind) and not isinstance(value, bool)
    wanted = {Path: "text", str: "text", int: "a whole number", float: "a number"}
    require(plain, f"{name} is {value!r}; {wanted.get(kind, 'a list of names')} was expected.")
    return value


def link(hub: Hub) -> str:
    """The address that brings the course into a student's home, renews it there and opens it.

    Errors: ValueError when the settings name no repository.
    """
    require(bool(hub.repository), "repository is empty; the address of the course's was expected.")
    folder = hub.repository.rstrip("/").rsplit("/", 1)[-1].removesuffix(".git")
    asked = {"repo": hub.repository, "branch": hub.branch, "urlpath": f"lab/tree/{folder}/{PAGE}"}
    start = (hub.public or hub.address).rstrip("/")
    return f"{start}/hub/user-redirect/git-pull?{urlencode(asked, quote_via=quote)}"
