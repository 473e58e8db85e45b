"""A headless Chromium, driven over the DevTools protocol through a pipe: needs nothing but Python's own library."""

import json
import os
import queue
import shutil
import subprocess
import tempfile
import threading
import time

PATIENCE = 60.0  # seconds that anything that must happen may take
# Keys that are no character: their virtual key code, and the text that they type.
KEYS = {"Tab": (9, ""), "Enter": (13, "\r"), "Escape": (27, ""), "ArrowDown": (40, ""), "Home": (36, "")}
CTRL = 2


class Browser:
    """`with Browser() as browser:` runs one; its pages share nothing but the program."""

    def __enter__(self):
        self._folder = tempfile.mkdtemp(prefix="omnibus-page.")
        their_input, self._output = os.pipe()
        self._input, their_output = os.pipe()

        def place():  # where --remote-debugging-pipe looks for them
            copies = os.dup(their_input), os.dup(their_output)
            os.dup2(copies[0], 3)
            os.dup2(copies[1], 4)

        command = ["chromium", "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        command += ["--no-first-run", "--disable-background-networking", "--hide-scrollbars", "--lang=en-GB"]
        command += ["--remote-debugging-pipe", f"--user-data-dir={self._folder}", "about:blank"]
        self._process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *command],  # does not outlive a test that is killed
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            close_fds=False,
            preexec_fn=place,
        )
        os.close(their_input)
        os.close(their_output)
        self._answers, self._pages, self._last = {}, {}, 0
        self._lock = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_):
        try:
            self.call("Browser.close")
            self._process.wait(PATIENCE)
        except (AssertionError, OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        self._reader.join(PATIENCE)
        os.close(self._output)
        os.close(self._input)
        shutil.rmtree(self._folder, ignore_errors=True)

    def call(self, method, session=None, **parameters):
        """The result of a command; its refusal is an AssertionError."""
        answer = queue.Queue()
        with self._lock:
            self._last += 1
            number = self._last
            self._answers[number] = answer
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        with self._lock:
            while data:
                data = data[os.write(self._output, data) :]
        try:
            told = answer.get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError(f"the browser does not answer {method}") from None
        if "error" in told:
            raise AssertionError(f"{method}: {told['error']['message']}")
        return told["result"]

    def _read(self):
        rest = b""
        while data := os.read(self._input, 1 << 20):
            *messages, rest = (rest + data).split(b"\0")
            for each in messages:
                message = json.loads(each)
                if "id" in message:
                    self._answers.pop(message["id"]).put(message)
                elif page := self._pages.get(message.get("sessionId")):
                    page.take(message["method"], message["params"])
        for waiting in list(self._answers.values()):
            waiting.put({"error": {"message": "the browser has ended"}})

    def open(self, url, width=1280, height=900):
        """A page of its own: no storage or cookies of others."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session, target)
        self._pages[session] = page
        for domain in ["Page", "Runtime", "Log", "Network"]:
            page.call(f"{domain}.enable")
        page.resize(width, height)
        page.call("Emulation.setFocusEmulationEnabled", enabled=True)
        page.call("Page.navigate", url=url)
        page.wait_to_load("location.href !== 'about:blank'")
        return page


class Page:
    """One tab, and what the browser had to say of it."""

    def __init__(self, browser, session, target):
        self._browser, self._session, self._target = browser, session, target
        self.complaints = []  # console errors and exceptions
        self.requests = []  # addresses asked for

    def call(self, method, **parameters):
        return self._browser.call(method, self._session, **parameters)

    def close(self):
        self._browser.call("Target.closeTarget", targetId=self._target)

    def take(self, event, told):
        if event == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(told["exceptionDetails"]))
        elif event == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f"{told['entry']['text']} {told['entry'].get('url', '')}")
        elif event == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning", "assert"):
            self.complaints.append(json.dumps(told["args"]))
        elif event == "Network.requestWillBeSent":
            self.requests.append(told["request"]["url"])
        elif event == "Network.webSocketCreated":
            self.requests.append(told["url"])

    def resize(self, width, height=900):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def colours(self, scheme):
        """`light` or `dark`, as the user's system wants it."""
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def value(self, expression):
        told = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in told:
            raise AssertionError(f"{expression}: {json.dumps(told['exceptionDetails'])}")
        return told["result"].get("value")

    def wait(self, expression, what):
        """Until the expression is truthy; its value."""
        deadline = time.monotonic() + PATIENCE
        while not (value := self.value(expression)):
            if time.monotonic() >= deadline:
                raise AssertionError(f"{what}: not within {PATIENCE:.0f} s; the page: {self.value('document.body.innerText')}")
            time.sleep(0.05)
        return value

    def reload(self):
        self.value("window.isOld = true")
        self.call("Page.reload")
        self.wait_to_load("window.isOld === undefined")

    def wait_to_load(self, condition):
        """While one document goes and another comes, an expression may fail."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if self.value(f"{condition} && document.readyState === 'complete'"):
                    return
            except AssertionError:
                if time.monotonic() >= deadline:
                    raise
            if time.monotonic() >= deadline:
                raise AssertionError(f"{condition}: not loaded within {PATIENCE:.0f} s")
            time.sleep(0.05)

    def wait_for_text(self, selector, text):
        found = f"document.querySelector({json.dumps(selector)}).innerText.includes({json.dumps(text)})"
        self.wait(found, f"'{text}' in {selector}")

    def press(self, key, modifiers=0):
        code, text = KEYS[key] if key in KEYS else (ord(key.upper()), key)
        event = {"key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers}
        commands = ["selectAll"] if (key, modifiers) == ("a", CTRL) else []
        shown = {"text": text} if text and not modifiers else {}
        kind = "keyDown" if shown else "rawKeyDown"
        self.call("Input.dispatchKeyEvent", type=kind, commands=commands, **event, **shown)
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def type(self, text):
        for character in text:
            self.call("Input.dispatchKeyEvent", type="char", text=character)

    def focused(self):
        return self.value("document.activeElement.id || document.activeElement.className || document.activeElement.tagName")

    def tab_to(self, name):
        """Presses Tab until the element with this id or class has the focus; what had it on the way."""
        passed = []
        while self.focused() != name:
            assert len(passed) < 50, f"Tab does not come to {name}, but to {passed}"
            self.press("Tab")
            passed.append(self.focused())
        return passed

    def choose(self, value):
        """Goes down the options of the select that has the focus."""
        self.press("Home")
        for _ in range(self.value("document.activeElement.options.length")):
            if self.value("document.activeElement.value") == value:
                return
            self.press("ArrowDown")
        raise AssertionError(f"there is no option {value}")

    def screenshot(self, most_pixels):
        """The page's first so many pixels of height as PNG, in base64."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], most_pixels), "scale": 1}
        return self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)["data"]
