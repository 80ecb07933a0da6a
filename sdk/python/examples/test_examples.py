"""Unit tests of the examples, against the fake host."""

import importlib
import unittest

from batten_plugin.testing import FakeHost


def example(name):
    return importlib.import_module(name).plugin


class Examples(unittest.TestCase):
    def test_hello(self):
        with FakeHost(example("hello")) as host:
            self.assertEqual(host.run("hello.greet", {"name": 'Ada "é"'}).output, {"greeting": 'Hello, Ada "é"'})
            self.assertEqual(host.logs, [("info", 'greeting Ada "é"', {})])
            end = host.run("hello.greet", {"name": ""})
            self.assertEqual((end.outcome, end.code, end.effect), ("bad_input", "hello.no_name", "none"))
            with self.assertRaisesRegex(ValueError, "no member name"):
                host.call("hello.greet", {})

    def test_timer(self):
        with FakeHost(example("timer")) as host:
            long_one = host.call("timer.wait", {"ms": 600_000})
            self.assertEqual(host.run("timer.wait", {"ms": 5}).output, {"waited_ms": 5})
            long_one.cancel()
            self.assertEqual(long_one.wait().outcome, "cancelled")
            self.assertEqual(host.run("timer.wait", {"ms": 600_000}, seconds=0.01).outcome, "deadline")

    def test_quota(self):
        with FakeHost(example("quota"), quotas={"requests": 10}) as host:
            self.assertEqual(host.run("quota.fetch", {"pages": 4}).output, {"requests": 4})
            self.assertEqual((host.quotas, host.used), ({"requests": 6}, {("requests", "example"): 4}))
            end = host.run("quota.fetch", {"pages": 4})
            self.assertEqual((end.outcome, end.code, end.retry_after), ("quota", "quota.refused", 60.0))


if __name__ == "__main__":
    unittest.main()
