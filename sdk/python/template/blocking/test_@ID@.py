"""Tries the plugin against a fake host: no Batten, no library."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "vendor"))

from @ID@ import plugin
from batten_plugin.testing import FakeHost


class Tests(unittest.TestCase):
    def test_greets(self):
        with FakeHost(plugin) as host:
            end = host.run("@ID@.greet", {"name": "Ada"})
            self.assertEqual((end.outcome, end.output), ("done", {"greeting": "Hello, Ada"}))


if __name__ == "__main__":
    unittest.main()
