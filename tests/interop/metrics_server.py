"""Answers instant queries `name{label="text",…}` from the metrics page of a process, in Prometheus's form."""

import json
import re
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from surroundings import PATIENCE

LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)


def samples(page):
    for name, labels, value in SAMPLE.findall(page):
        yield name, dict(LABEL.findall(labels)), value


def select(query, page):
    """As if each processor were a job, which is how the existing deployments name them."""
    wanted, _, conditions = query.partition("{")
    conditions = dict(LABEL.findall(conditions))
    for name, labels, value in samples(page):
        if name == wanted and conditions.items() <= labels.items():
            yield {"metric": {"__name__": name, "job": labels["processor"], **labels}, "value": [0, value]}


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(address.query)["query"][0]
        found = list(select(query, requests.get(self.server.page, timeout=PATIENCE).text))
        body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": found}}).encode()
        self.send_response(200 if address.path == "/api/v1/query" else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class MetricsServer(ThreadingHTTPServer):
    """`with MetricsServer() as metrics:` answers on metrics.url from metrics.page, which may be set later."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.page = ""
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self._thread.join()
        self.server_close()
