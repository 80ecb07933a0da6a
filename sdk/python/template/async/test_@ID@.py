"""Tries the plugin against a fake host: no Batten, no library."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "vendor"))

from @ID@ import plugin
from batten_plugin.testing import FakeHost


class Tests(unittest.TestCase):
    def test_waits_and_can_be_cancelled(self):
        with FakeHost(plugin) as host:
            long_one = host.call("@ID@.wait", {"ms": 600_000})
            self.assertEqual(host.run("@ID@.wait", {"ms": 5}).output, {"waited": True})
            long_one.cancel()
            self.assertEqual(long_one.wait().outcome, "cancelled")


if __name__ == "__main__":
    unittest.main()
