"""Calls beside each other."""

import threading

from surroundings import PATIENCE


class InBackground(threading.Thread):
    """A call whose result is taken later."""

    def __init__(self, call):
        super().__init__(daemon=True)
        self.call, self.value, self.failure = call, None, None
        self.start()

    def run(self):
        try:
            self.value = self.call()
        except Exception as failure:  # told by result()
            self.failure = failure

    def result(self):
        """What it returned; its failure is raised."""
        self.join(PATIENCE)
        if self.failure:
            raise self.failure
        if self.is_alive():
            raise AssertionError(f"no answer within {PATIENCE:.0f} s")
        return self.value

    def outcome(self):
        """What it returned, or its failure."""
        try:
            return self.result()
        except Exception as failure:
            return failure
