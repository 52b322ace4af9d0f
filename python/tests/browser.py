"""A headless Chromium that tests drive over its DevTools protocol.

    with Browser(executable) as browser:
        page = browser.open(path)
        page.press("ArrowDown")
        assert page.value("document.activeElement.id") == "…"

It speaks over two pipes (--remote-debugging-pipe), so that no library and no port is
needed. A page collects what went wrong in it and what it asked a network for.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
TIMEOUT = 60.0

# The browser reads commands from file 3 and writes answers to file 4.
_START = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""
_KEYS = {"Enter": ("\r", 13), " ": (" ", 32), "Tab": ("\t", 9), "Escape": ("", 27)}


def find_chromium() -> str | None:
    """The path of a Chromium; none where there is none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """A Chromium with a profile of its own, which goes with it."""

    def __init__(self, executable: str) -> None:
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-c", _START, str(commands), str(answers)),
                executable,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--hide-scrollbars",
                "--remote-debugging-pipe",
                f"--user-data-dir={self._profile.name}",
                "about:blank",
            ],
            pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._unread = b""
        self._last_id = 0
        self.pages: dict[str, Page] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._commands)
        os.close(self._answers)
        self._profile.cleanup()

    def open(
        self, path: Path, *, width: int = 1440, height: int = 900, dark: bool = False
    ) -> Page:
        """A new page with this file, when it has loaded."""
        target = self.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.send(
            "Target.attachToTarget", {"targetId": target, "flatten": True}
        )["sessionId"]
        page = Page(self, target, session)
        self.pages[session] = page
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.send(f"{domain}.enable")
        scheme = "dark" if dark else "light"
        page.send(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )
        page.resize(width, height)
        page.send("Page.navigate", {"url": path.resolve().as_uri()})
        self.wait_for(lambda: page.has_loaded)
        return page

    def send(
        self, method: str, parameters: dict[str, Any] | None = None, session: str = ""
    ) -> dict[str, Any]:
        """The result of a command. Raises RuntimeError where the browser refuses it."""
        self._last_id += 1
        sent = self._last_id
        message: dict[str, Any] = {"id": sent, "method": method}
        message["params"] = parameters or {}
        if session:
            message["sessionId"] = session
        os.write(self._commands, json.dumps(message).encode() + b"\0")
        answer: dict[str, Any] = {}

        def answered() -> bool:
            return bool(answer)

        self._waiting = (sent, answer)
        self.wait_for(answered)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        result: dict[str, Any] = answer["result"]
        return result

    def wait_for(self, done: Any) -> None:
        """Read what the browser says until this holds."""
        end = time.monotonic() + TIMEOUT
        while not done():
            left = end - time.monotonic()
            ready, _, _ = select.select([self._answers], [], [], max(left, 0))
            if not ready:
                raise TimeoutError("the browser does not answer")
            part = os.read(self._answers, 1 << 16)
            if not part:
                raise RuntimeError("the browser ended")
            self._unread += part
            *messages, self._unread = self._unread.split(b"\0")
            for message in messages:
                self._hear(json.loads(message))

    def _hear(self, message: dict[str, Any]) -> None:
        if "id" in message:
            sent, answer = self._waiting
            if message["id"] == sent:
                answer.update(message)
        elif message.get("sessionId") in self.pages:
            self.pages[message["sessionId"]].hear(message)


class Page:
    """A page of the browser. `problems` and `requests` grow while it is used."""

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        self._browser = browser
        self._target = target
        self._session = session
        self.has_loaded = False
        self.problems: list[str] = []
        self.requests: list[str] = []

    def hear(self, message: dict[str, Any]) -> None:
        """Take note of what happened in the page."""
        method, said = message["method"], message["params"]
        if method == "Page.loadEventFired":
            self.has_loaded = True
        elif method == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(said["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and said["type"] in (
            "error",
            "warning",
        ):
            self.problems.append(json.dumps(said["args"]))
        elif method == "Log.entryAdded" and said["entry"]["level"] != "verbose":
            self.problems.append(json.dumps(said["entry"]))
        elif method == "Page.javascriptDialogOpening":
            self.problems.append(f"dialog: {said['message']}")
        elif method == "Network.requestWillBeSent":
            self.requests.append(said["request"]["url"])

    def send(
        self, method: str, parameters: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The result of a command to this page."""
        return self._browser.send(method, parameters, self._session)

    def close(self) -> None:
        """Close the page; it says nothing from then on."""
        del self._browser.pages[self._session]
        self._browser.send("Target.closeTarget", {"targetId": self._target})

    def value(self, expression: str) -> Any:
        """The value of an expression of JavaScript, awaited where it is a promise."""
        found = self.send(
            "Runtime.evaluate",
            {"expression": expression, "returnByValue": True, "awaitPromise": True},
        )
        if "exceptionDetails" in found:
            raise RuntimeError(json.dumps(found["exceptionDetails"]))
        return found["result"].get("value")

    def press(self, key: str) -> None:
        """Press and release a key, as a person would."""
        text, code = _KEYS.get(key, ("", 0))
        event: dict[str, Any] = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        down = event | {"type": "keyDown"} | ({"text": text} if text else {})
        self.send("Input.dispatchKeyEvent", down)
        self.send("Input.dispatchKeyEvent", event | {"type": "keyUp"})

    def type(self, text: str) -> None:
        """Type into what has the focus, and wait until the page has taken it up."""
        self.send("Input.insertText", {"text": text})
        self.value("new Promise((done) => setTimeout(done, 250))")

    def click(self, selector: str) -> None:
        """Click with the mouse on the middle of the first element that fits."""
        box = self.value(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)});"
            "e.scrollIntoView({block: 'center', inline: 'center'});"
            "const b = e.getBoundingClientRect();"
            "return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        event = {"x": box[0], "y": box[1], "button": "left", "clickCount": 1}
        self.send("Input.dispatchMouseEvent", event | {"type": "mousePressed"})
        self.send("Input.dispatchMouseEvent", event | {"type": "mouseReleased"})

    def resize(self, width: int, height: int) -> None:
        """Give the page another size, in CSS pixels."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            {
                "width": width,
                "height": height,
                "deviceScaleFactor": 1,
                "mobile": False,
            },
        )

    def screenshot(self, path: Path) -> None:
        """Write what is seen to a PNG file."""
        shot = self.send("Page.captureScreenshot", {"format": "png"})
        path.write_bytes(base64.b64decode(shot["data"]))

    def pdf(self, path: Path) -> None:
        """Write what would be printed."""
        printed = self.send("Page.printToPDF", {"landscape": True})
        path.write_bytes(base64.b64decode(printed["data"]))
