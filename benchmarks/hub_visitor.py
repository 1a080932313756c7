"""One person at the hub, as a program: signs in, starts a server, works in a notebook, hands in."""

import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import requests
import websocket

from benchmarks.patience import patient
from coursekit.utils.checks import require

COURSE = "coursekit"  # nbgrader's name of it
SECONDS = 60  # that anything may take on a quiet machine


class Visitor:
    """A person by name, at a hub's address."""

    def __init__(self, hub: str, name: str) -> None:
        self.hub, self.name = hub.rstrip("/"), name
        self.server = f"{self.hub}/user/{name}"
        self.session = requests.Session()

    def sign_in(self, password: str) -> None:
        """Through the page with name and password.

        Errors: ValueError when the hub does not let this person in.
        """
        page = f"{self.hub}/hub/login"
        self.session.get(page, timeout=patient(SECONDS)).raise_for_status()
        form = {"username": self.name, "password": password, "_xsrf": self._xsrf()}
        answer = self.session.post(page, data=form, timeout=patient(SECONDS), allow_redirects=False)
        sentence = f"{self.name} was not let in: the hub answered {answer.status_code}."
        require(answer.status_code == 302, sentence)

    def start(self) -> float:
        """Start this person's server; seconds until it answered."""
        begin = time.monotonic()
        self._hub("POST", f"users/{self.name}/server")
        wait_for(self._ready, f"the server of {self.name}")
        token = self._hub("POST", f"users/{self.name}/tokens", {"note": "rehearsal"}).json()
        self.session.headers["Authorization"] = f"token {token['token']}"
        self.ask("GET", "api/status")
        return time.monotonic() - begin

    def running(self) -> bool:
        """Whether the hub knows a server of this person."""
        return bool(self._hub("GET", f"users/{self.name}").json()["servers"])

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """What this person's server answers, as JSON."""
        address = f"{self.server}/{path}"
        answer = self.session.request(method, address, json=body, timeout=patient(SECONDS), **more)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def kernel(self, path: str) -> str:
        """Open a notebook, or a name beside which to work, with a kernel; the kernel's id."""
        body = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        return str(self.ask("POST", "api/sessions", body)["kernel"]["id"])

    def run(self, kernel: str, codes: list[str]) -> list[list[dict[str, Any]]]:
        """Run pieces of code, one after the other; the outputs of each."""
        address = f"{self.server}/api/kernels/{kernel}/channels".replace("http", "ws", 1)
        header = {"Authorization": str(self.session.headers["Authorization"])}
        line = websocket.create_connection(address, timeout=patient(SECONDS), header=header)
        try:
            return [_execute(line, code) for code in codes]
        finally:
            line.close()

    def work(self, path: str, answers: Mapping[str, str]) -> str:
        """Write answers into a notebook's cells, run it, save it; the kernel's id.

        answers: what a cell is to contain, by its grade id.
        """
        kernel = self.kernel(path)
        notebook = self.ask("GET", f"api/contents/{path}")["content"]
        cells = [c for c in notebook["cells"] if c["cell_type"] == "code"]
        for cell in cells:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            cell["source"] = answers.get(name, cell["source"])
        results = self.run(kernel, [cell["source"] for cell in cells])
        for count, (cell, outputs) in enumerate(zip(cells, results, strict=True), start=1):
            cell |= {"outputs": outputs, "execution_count": count}
        body = {"type": "notebook", "format": "json", "content": notebook}
        self.ask("PUT", f"api/contents/{path}", body)
        return kernel

    def nbgrader(self, action: str, name: str) -> list[dict[str, Any]]:
        """What a click in nbgrader's list does: "fetch", "submit" or "fetch_feedback".

        Returns the entries of the assignment that the list then has.
        Errors: RuntimeError with nbgrader's words when it refuses.
        """
        body = {"course_id": COURSE, "assignment_id": name}
        reply = self.ask("POST", f"assignments/{action}", body)
        if not reply.get("success"):
            raise RuntimeError(f"{action} of {name} failed for {self.name}: {reply.get('value')}")
        return [entry for entry in reply["value"] if entry["assignment_id"] == name]

    def _ready(self) -> bool:
        servers = self._hub("GET", f"users/{self.name}").json()["servers"]
        return bool(servers.get("", {}).get("ready"))

    def _hub(self, method: str, path: str, body: Any = None) -> requests.Response:
        address = f"{self.hub}/hub/api/{path}"
        header = {"X-XSRFToken": self._xsrf(), "Referer": f"{self.hub}/hub/home"}
        answer = self.session.request(
            method, address, json=body, headers=header, timeout=patient(SECONDS)
        )
        answer.raise_for_status()
        return answer

    def _xsrf(self) -> str:
        tokens = [c.value for c in self.session.cookies if c.name == "_xsrf" and c.path == "/hub/"]
        return str(tokens[0]) if tokens else ""


def wait_for(done: Callable[[], bool], what: str, seconds: float = SECONDS) -> None:
    """Ask until it is so.

    Errors: TimeoutError, naming ``what``, when it takes longer.
    """
    end = time.monotonic() + patient(seconds)
    while not done():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} took longer than {seconds:g} seconds.")
        time.sleep(0.1)


def _execute(line: websocket.WebSocket, code: str) -> list[dict[str, Any]]:
    """Run one cell over a kernel's line until the kernel is idle again; its outputs."""
    name = uuid.uuid4().hex
    header = {
        "msg_id": name,
        "msg_type": "execute_request",
        "session": name,
        "username": "",
        "version": "5.3",
    }
    content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    line.send(json.dumps(message | {"channel": "shell", "buffers": []}))
    outputs: list[dict[str, Any]] = []
    end = time.monotonic() + patient(SECONDS)
    while time.monotonic() < end:
        reply = json.loads(line.recv())
        if reply["parent_header"].get("msg_id") != name or reply["channel"] != "iopub":
            continue
        kind, content = reply["msg_type"], reply["content"]
        if kind == "status" and content["execution_state"] == "idle":
            return outputs
        if kind in ("stream", "display_data", "execute_result", "error"):
            content.pop("transient", None)
            outputs.append({"output_type": kind, **content})
    raise TimeoutError(f"A cell took longer than {patient(SECONDS):g} seconds.")
