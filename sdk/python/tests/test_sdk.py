"""The SDK by itself: hints, the fake host, and how calls end."""

import asyncio
import dataclasses
import enum
import threading
import typing
import unittest
from typing import Annotated, Any, Literal, Optional

from batten_plugin import BadInput, Context, Field, Plugin, Retry
from batten_plugin.schema import Unsupported, decode, schema_of
from batten_plugin.testing import FakeHost, check


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Inner:
    x: int
    y: Optional[float] = None
    tags: list[str] = dataclasses.field(default_factory=list)


class Named(typing.TypedDict, total=False):
    name: str


SCHEMAS = [
    (str, {"type": "string"}),
    (None, {"type": "null"}),
    (Any, {}),
    (list, {"type": "array"}),
    (list[int], {"type": "array", "items": {"type": "integer"}}),
    (dict[str, bool], {"type": "object", "additionalProperties": {"type": "boolean"}}),
    (Literal["a", 1], {"enum": ["a", 1]}),
    (Colour, {"enum": ["red"]}),
    (Optional[int], {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
    (Annotated[int, Field(minimum=0, maximum=5), "how many"],
     {"type": "integer", "minimum": 0, "maximum": 5, "description": "how many"}),
    (Annotated[str, Field(volatile=True, min_length=1)],
     {"type": "string", "minLength": 1, "x-batten-volatile": True}),
    (Inner, {
        "type": "object", "required": ["x"], "additionalProperties": False,
        "properties": {"x": {"type": "integer"}, "y": {"anyOf": [{"type": "number"}, {"type": "null"}]},
                       "tags": {"type": "array", "items": {"type": "string"}}}}),
    (Named, {"type": "object", "additionalProperties": False, "properties": {"name": {"type": "string"}}}),
]

DECODES = [
    ({"x": 1}, Inner, Inner(1)),
    ({"x": 2.0, "y": 3}, Inner, Inner(2, 3.0)),
    ("red", Colour, Colour.RED),
    (None, Optional[Inner], None),
    ([{"x": 1}], list[Inner], [Inner(1)]),
    ({"a": {"x": 1}}, dict[str, Inner], {"a": Inner(1)}),
]

REFUSED = [
    ({"x": "1"}, Inner, "x is not of type integer"),
    ({"x": True}, Inner, "x is not of type integer"),
    ({"x": 1.5}, Inner, "x is not of type integer"),
    ({}, Inner, "missing 1 required"),
    ({"x": 1, "z": 1}, Inner, "z is not known"),
    ("green", Colour, "green"),
    ({"a": 1}, list[int], "not a list"),
]


class Hints(unittest.TestCase):
    def test_schemas(self):
        for hint, schema in SCHEMAS:
            with self.subTest(hint=hint):
                self.assertEqual(schema_of(hint), schema)
        for hint in (bytes, dict[int, str], set[int], complex):
            with self.subTest(hint=hint), self.assertRaises(Unsupported):
                schema_of(hint)

    def test_values(self):
        for value, hint, expected in DECODES:
            with self.subTest(value=value):
                self.assertEqual(decode(value, hint), expected)
        for value, hint, says in REFUSED:
            with self.subTest(value=value), self.assertRaisesRegex(ValueError, says):
                decode(value, hint)

    def test_checks(self):
        schema = schema_of(Inner)
        check({"x": 1, "y": None}, schema, "input")
        for value, says in [({}, "no member x"), ({"x": 1, "q": 2}, "q that is not known"), ([], "not of type"),
                            ({"x": 1, "y": "a"}, "not of type"), ({"x": 1, "tags": [1]}, r"tags\[0\]")]:
            with self.subTest(value=value), self.assertRaisesRegex(ValueError, says):
                check(value, schema, "input")


class Declarations(unittest.TestCase):
    def test_mistakes_are_named(self):
        plugin = Plugin("trial", version="1.0.0")
        plugin.executor(self.fine)
        cases = [
            (lambda: Plugin("Trial", version="1.0.0"), "id 'Trial'"),
            (lambda: Plugin("trial", version="1", search_path=["here"]), "absolute"),
            (lambda: plugin.executor(self.fine), "two executors"),
            (lambda: plugin.executor(name="No")(self.fine), "'No'"),
            (lambda: plugin.executor(name="x", effect="odd")(self.fine), "effect is 'odd'"),
            (lambda: plugin.executor(lambda context: None), "<lambda>"),
        ]
        for make, says in cases:
            with self.subTest(says=says), self.assertRaisesRegex((ValueError, TypeError), says):
                make()
        self.assertEqual([each.type for each in plugin.executors], ["trial.fine"])

    @staticmethod
    def fine(context: Context) -> None:
        pass

    def test_what_is_declared_is_told(self):
        plugin = Plugin("trial", version="1.0.0", search_path=["/opt/modules"])

        @plugin.executor(pure=True, secrets=["KEY"], network={"tcp_ports": [443]}, paths={"read": ["."]})
        async def work(context, config: Inner, text: str, most: int = 3, **others) -> Optional[str]:
            """Works."""

        made = plugin.executors[0]
        self.assertEqual((made.flags, made.is_async, made.description, made.effect), (7, True, "Works.", "none"))
        self.assertEqual(made.input_schema, {
            "type": "object", "required": ["text"],
            "properties": {"text": {"type": "string"}, "most": {"type": "integer", "default": 3}}})
        self.assertEqual(made.config_schema, schema_of(Inner))
        self.assertEqual(plugin.capabilities(made), {
            "secrets": ["KEY"], "network": {"tcp_ports": [443]}, "paths": {"read": [".", "/opt/modules"]}})


class Calls(unittest.TestCase):
    def setUp(self):
        self.plugin = plugin = Plugin("trial", version="1.0.0")
        self.entered, self.ended = threading.Event(), []

        @plugin.executor(effect="none", secrets=["KEY"])
        def tells(context: Context) -> dict:
            context.log("a line", "warning", number=1)
            context.progress(2, "beyond")
            context.usage("tokens", 3, "model")
            context.usage("tokens", 4, "model")
            context.effect = "made"
            return {"secret": context.secret("KEY"), "saved": (context.saved or b"").decode(),
                    "env": context.environment, "attempt": context.attempt}

        @plugin.executor
        def denied(context: Context) -> str:
            return context.secret("KEY")

        @plugin.executor
        def saves(context: Context, size: int) -> None:
            context.checkpoint(b"x" * size)

        @plugin.executor(cancellable=True)
        def sleeps(context: Context) -> None:
            self.entered.set()
            context.sleep(600)

        @plugin.executor
        async def swallows(context: Context) -> str:
            self.entered.set()
            try:
                await asyncio.sleep(600)
            except asyncio.CancelledError:
                return "went on to its end"

        @plugin.executor
        async def cleans_up(context: Context) -> None:
            try:
                self.entered.set()
                await asyncio.sleep(600)
            finally:
                self.ended.append(context.should_stop())

        @plugin.executor
        async def cancels_itself(context: Context) -> None:
            raise asyncio.CancelledError

        @plugin.executor
        def streams(context: Context) -> None:
            for piece in ("a", b"b", "ü"):
                context.stream(piece)

        @plugin.executor
        async def streams_async(context: Context) -> None:
            await asyncio.gather(*(context.stream_async(piece) for piece in "abc"))

        @plugin.executor
        async def holds(context: Context, amount: int) -> None:
            (await context.hold_async("calls", amount)).settle(1)

        @plugin.executor
        def large(context: Context) -> Any:
            with context.create_blob() as out:
                out.write(b'"large"')
            return out.blob

        @plugin.executor
        def lies(context: Context) -> int:
            return "no number"

        @plugin.executor
        def fails(context: Context) -> None:
            raise Retry("later", code="trial.later", retry_after=1.5, details={"a": 1}, output=[1])

    def host(self, **more):
        return FakeHost(self.plugin, **more)

    def test_services(self):
        with self.host(secrets={"KEY": "value"}) as host:
            end = host.run("trial.tells", checkpoint=b"before", attempt=2, environment={"A": "b"})
            self.assertEqual((end.outcome, end.effect, end.output), (
                "done", "made", {"secret": "value", "saved": "before", "env": {"A": "b"}, "attempt": 2}))
            self.assertEqual(host.logs, [("warning", "a line", {"number": 1})])
            self.assertEqual((host.progress, host.used), ([(1.0, "beyond")], {("tokens", "model"): 7}))
            self.assertEqual(host.run("trial.denied").code, "secret.denied")
            self.assertEqual(host.run("trial.saves", {"size": 10}).outcome, "done")
            self.assertIn("1 MiB", host.run("trial.saves", {"size": (1 << 20) + 1}).message)
            self.assertEqual(host.blob(host.run("trial.large").output), b'"large"')

    def test_streams(self):
        for room in (None, 0, 1):
            with self.subTest(room=room), self.host(room=room) as host:
                self.assertEqual(host.run("trial.streams").outcome, "done")
                self.assertEqual(host.streams["text"], "abü".encode())
                self.assertEqual(host.run("trial.streams_async").outcome, "done")
                self.assertEqual(sorted(host.streams["text"][4:]), sorted(b"abc"))

    def test_quota(self):
        with self.host(quotas={"calls": 5}) as host:
            self.assertEqual(host.run("trial.holds", {"amount": 4}).outcome, "done")
            end = host.run("trial.holds", {"amount": 9})
            self.assertEqual((end.outcome, end.effect, end.retry_after), ("quota", "none", 60.0))
            self.assertEqual(host.quotas, {"calls": 4})

    def test_cancellation(self):
        for name, outcome in [("sleeps", "cancelled"), ("cleans_up", "cancelled"), ("swallows", "done")]:
            self.entered.clear()
            with self.subTest(name=name), self.host() as host:
                call = host.call(f"trial.{name}")
                self.assertTrue(self.entered.wait(10))
                call.cancel()
                self.assertEqual(call.wait().outcome, outcome)
        with self.host() as host:
            call = host.call("trial.cleans_up")
            call.cancel()
            self.assertEqual(call.wait().outcome, "cancelled")
            self.assertEqual(host.run("trial.sleeps", seconds=0.01).outcome, "deadline")
            self.assertEqual(host.run("trial.cleans_up", seconds=0.01).outcome, "deadline")
            # Nobody asked it to.
            self.assertEqual(host.run("trial.cancels_itself").outcome, "bug")
        self.assertIn("cancelled", self.ended)

    def test_a_host_that_leaves_ends_its_calls(self):
        with self.host() as host:
            calls = [host.call(f"trial.{name}") for name in ("sleeps", "cleans_up", "sleeps", "cleans_up")]
        self.assertEqual({call.wait(0).outcome for call in calls}, {"cancelled"})

    def test_failures(self):
        with self.host() as host:
            end = host.run("trial.fails")
            self.assertEqual(
                (end.outcome, end.effect, end.code, end.message, end.output, end.details, end.retry_after),
                ("retry", "unknown", "trial.later", "later", [1], {"a": 1}, 1.5))
            self.assertEqual(host.run("trial.lies").code, "plugin.bug.bad_output")
            with self.assertRaisesRegex(ValueError, "no executor"):
                host.call("trial.nothing")
        self.assertEqual(BadInput("x").effect, "none")
        with self.assertRaises(ValueError):
            Retry("x", effect="perhaps")

    def test_many_at_once(self):
        with self.host() as host:
            calls = [host.call("trial.tells" if number % 2 else "trial.holds", {} if number % 2 else {"amount": 1})
                     for number in range(200)]
            ends = {call.wait().outcome for call in calls}
        self.assertEqual(ends, {"done", "auth"})


if __name__ == "__main__":
    unittest.main()
