"""A language model's endpoint on a loopback port, in OpenAI's chat completions; it answers with what it was asked.

The answer to the content `C` is `[model|temperature] C`, streamed one word an event. A content that holds FAIL is refused with
status 500, one with a line `SAY: text` is answered with that text, one that holds WAIT is answered, after its first
word when streamed, once release() was called.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from surroundings import PATIENCE


def content_of(request):
    """The text of the only message, which may be in parts."""
    content = request["messages"][0]["content"]
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def answer_to(request):
    content = content_of(request)
    for line in content.split("\n"):
        if line.startswith("SAY: "):
            return line.removeprefix("SAY: ")
    return f"[{request['model']}|{request.get('temperature', '')}] {content}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.path.endswith("/chat/completions"):
            return self.answer(404, {"error": {"message": f"no such path: {self.path}"}})
        request = json.loads(body)
        if "FAIL" in content_of(request):
            return self.answer(500, {"error": {"message": "the model failed"}})
        self.server.note(content_of(request))
        text = answer_to(request)
        gate = self.server.gate if "WAIT" in content_of(request) else None
        if request.get("stream"):
            return self.stream(request["model"], text, gate)
        if gate:
            gate.wait(PATIENCE)
        return self.answer(
            200,
            {
                "object": "chat.completion",
                "model": request["model"],
                "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": len(content_of(request).split()), "completion_tokens": len(text.split())},
            },
        )

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, model, text, gate):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at, word in enumerate(text.split(" ")):
            self.event(model, {"content": word if at == 0 else " " + word}, None)
            if gate and at == 0:
                gate.wait(PATIENCE)
        self.event(model, {}, "stop")
        self.chunk(b"data: [DONE]\n\n")
        self.wfile.write(b"0\r\n\r\n")

    def event(self, model, delta, reason):
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        value = {"object": "chat.completion.chunk", "model": model, "choices": [choice]}
        self.chunk(b"data: " + json.dumps(value).encode() + b"\n\n")

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))


class ModelServer(ThreadingHTTPServer):
    """`with ModelServer() as model:` answers on model.url until the end of the block."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        self.contents = []  # what was asked, in the order of coming
        self.gate = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def note(self, content):
        with self._lock:
            self.contents.append(content)

    def release(self):
        self.gate.set()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self._thread.join()
        self.server_close()
