"""screenshots.py FOLDER: the page as PNG files, wide and on a phone, for the documentation."""

import base64
import os
import sys
import threading

from browser import CTRL, Browser
from gateway import Gateway
from surroundings import wait_until


MOST_PIXELS = 2200  # of height: a phone's page is much longer


def take(page, folder, name):
    path = os.path.join(folder, f"page-{name}.png")
    with open(path, "wb") as file:
        file.write(base64.b64decode(page.screenshot(MOST_PIXELS)))
    print(path, os.path.getsize(path), "bytes")


def show(gateway, browser, width):
    """A page on which something goes on and a request was answered."""
    page = browser.open(gateway.url, width=width)
    page.wait("document.getElementById('flow').options.length > 1", "the flows")
    page.tab_to("flow")
    page.choose("f1")
    page.tab_to("service")
    page.choose("text-completion")
    page.tab_to("body")
    page.press("Enter", CTRL)
    page.wait_for_text("#answer-state", "Complete")
    page.wait("document.querySelector('#queues tbody').innerText.includes('text-document-load')", "the queues")
    page.value("document.activeElement.blur()")
    return page


def main(folder):
    os.makedirs(folder, exist_ok=True)
    with Gateway() as gateway, Browser() as browser:
        gateway.start_flow("f1", "chunks and completions")
        gateway.ask("flow/f2/service/text-completion", prompt="hello")
        end = threading.Event()
        loaded = []

        def keep_loading():
            while not end.wait(0.05):
                gateway.load("f1", "Some words of a document. " * 100)
                loaded.append(1)

        loader = threading.Thread(target=keep_loading, daemon=True)
        loader.start()
        try:
            wait_until(lambda: len(loaded) > 20, "documents")
            for name, width in [("wide", 1280), ("phone", 360)]:
                page = show(gateway, browser, width)
                page.wait("!document.querySelector('#queues tbody').innerText.includes('?')", "rates")
                take(page, folder, name)
                page.close()
        finally:
            end.set()
            loader.join()


if __name__ == "__main__":
    main(sys.argv[1])
