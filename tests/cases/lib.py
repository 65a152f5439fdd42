"""A server of its own for each case, on a throw-away directory and a free port of loopback."""

import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).parent
BINARY = os.environ.get("ALGOHOOK", str(HERE / "../../target/debug/algohook"))

# How long something may take that happens at once on an idle machine.
PATIENCE = 30


class Server:
    """A running server; use it in a `with` block, which ends it."""

    def __init__(self, *flags, directory=None):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="algohook-case-"))
        self.directory = directory or self.root / "data"
        self.flags = flags

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def start(self, **environment):
        """Starts, and waits until it answers."""
        self.log = open(self.root / "log", "a+")
        command = [BINARY, "serve", "--data-dir", self.directory, "--listen", "127.0.0.1:0", *self.flags]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.log, text=True, env={**os.environ, **environment}
        )
        for line in self.process.stdout:
            if "listens on " in line:
                self.port = int(line.rsplit(":", 1)[1])
                break
        else:
            raise AssertionError("the server did not start: " + self.logged())
        self.token = json.loads(self.cli("token", "create", "case", "--json").stdout)["token"]

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(PATIENCE)
        self.process.stdout.close()
        self.log.close()

    def logged(self):
        self.log.flush()
        return (self.root / "log").read_text()

    def cli(self, *arguments):
        """Runs a command on the server's directory."""
        return cli(self.directory, *arguments)

    def request(self, method, path, body=None, headers=None):
        """Status and answer, which is JSON where it can be read as such."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text.decode("utf8", "replace")

    def api(self, method, path, body=None):
        """Answer of the API."""
        headers = {"Authorization": "Bearer " + self.token, "Content-Type": "application/json"}
        body = None if body is None else json.dumps(body)
        return self.request(method, "/api/v1" + path, body, headers)

    def get(self, path):
        status, answer = self.api("GET", path)
        assert status == 200, (path, status, answer)
        return answer

    def webhook(self, name="W", settings=None):
        """A new webhook with its settings."""
        status, made = self.api("POST", "/webhooks", {"name": name})
        assert status == 201, made
        if settings:
            status, answer = self.api("PATCH", "/webhooks/" + made["id"], {"settings": settings})
            assert status == 200, answer
        return made

    def alert(self, webhook, suffix="", **message):
        """Sends an alert; what came of it."""
        body = json.dumps({"auth_key": webhook["authKey"], **message})
        return Told(*self.request("POST", "/hooks/" + webhook["id"] + suffix, body))

    def trades(self, webhook, source="live"):
        """Trades of a webhook, oldest first."""
        backtest = "&source=backtest" if source == "backtest" else ""
        return self.get(f"/trades?webhook={webhook['id']}{backtest}")["items"][::-1]

    def positions(self, webhook):
        return self.get("/positions?webhook=" + webhook["id"])["items"]

    def report(self, webhook, *arguments):
        """The first report that the command line prints."""
        printed = self.cli("report", webhook["id"], "--json", *arguments)
        assert printed.returncode == 0, printed.stderr
        return json.loads(printed.stdout)["reports"][0]

    def bring_in(self, kind, file, webhook, *arguments):
        """Imports a file by the command line."""
        return self.cli("import", kind, str(file), "--webhook", webhook["id"], *arguments)


class Told:
    """What was answered to an alert."""

    def __init__(self, status, answer):
        self.status = status
        self.answer = answer
        event = answer.get("webhookEvent") or {} if isinstance(answer, dict) else {}
        self.event = event.get("status")
        self.direction = event.get("direction")
        order = answer.get("order") or {} if isinstance(answer, dict) else {}
        self.quantity = None if order.get("qty") is None else float(order["qty"])
        self.warnings = (answer.get("validation") or {}).get("warnings", []) if isinstance(answer, dict) else []
        self.error = (answer.get("error") or {}) if isinstance(answer, dict) else {}

    def __repr__(self):
        return f"{self.status} {self.answer}"


def cli(directory, *arguments):
    """Runs a command on a directory."""
    return subprocess.run(
        [BINARY, *map(str, arguments), "--data-dir", str(directory)], capture_output=True, text=True, timeout=120
    )


def wait_until(what, holds):
    """Waits for a condition."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, "never: " + what
        time.sleep(0.05)
