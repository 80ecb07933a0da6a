#!/usr/bin/env python3
"""The services that the examples talk to, on loopback, with nothing but Python's standard library.

    services.py start [--port 4010]    serve in the background; returns once the port answers
    services.py stop  [--port 4010]    end it

  GET  /forecast?city=Oslo       a week of weather as JSON, made from the city's name: the same city, the same week
  POST /v1/chat/completions      the chat completions API, streamed or whole; the "model" is a few lines that repeat
                                 what the prompt says, honestly named example/parrot. It has each tool that it is
                                 offered called once, with what the prompt says as name=value
  POST /hook                     keeps the body; GET /hook gives the bodies kept so far, newest last
  GET  /flaky?key=K&failures=N   503 for the first N requests with that key, then 200
"""
import hashlib
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOOKS = []
SEEN = {}
LOCK = threading.Lock()


def forecast(city):
    digest = hashlib.sha256(city.encode()).digest()
    days = []
    for day, name in enumerate(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]):
        low = digest[day] % 15 - 5
        days.append({"day": name, "low": low, "high": low + 3 + digest[day + 7] % 8,
                     "sky": ["clear", "cloudy", "rain", "snow" if low < 0 else "showers"][digest[day + 14] % 4]})
    return {"city": city, "unit": "celsius", "days": days}


def answer(messages):
    last = next((m["content"] for m in reversed(messages) if m.get("role") in ("user", "tool")), "")
    words = last.split()
    return "In short: " + " ".join(words[-40:])


def arguments(schema, words):
    """The arguments that a schema asks for, as far as the words say them."""
    made = {}
    for name, one in schema.get("properties", {}).items():
        if one.get("type") == "object":
            made[name] = arguments(one, words)
        elif name in words:
            made[name] = words[name]
    return made


def tool_calls(request):
    """The tools that the model has not had called yet."""
    messages = request.get("messages", [])
    called = {call["function"]["name"] for m in messages for call in m.get("tool_calls") or []}
    prompt = next((m["content"] for m in messages if m.get("role") == "user"), "")
    words = dict(word.rstrip(".,?!").split("=", 1) for word in prompt.split() if "=" in word)
    if request.get("tool_choice") == "none":
        return []
    return [{"index": 0, "id": f"call_{len(called)}", "type": "function", "function": {
        "name": tool["function"]["name"], "arguments": json.dumps(arguments(tool["function"]["parameters"], words))}}
        for tool in request.get("tools", []) if tool["function"]["name"] not in called][:1]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def reply(self, status, value, headers=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, text in headers:
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/forecast":
            if not query.get("city"):
                return self.reply(400, {"error": "city is missing"})
            return self.reply(200, forecast(query["city"]))
        if url.path == "/hook":
            with LOCK:
                return self.reply(200, list(HOOKS))
        if url.path == "/flaky":
            with LOCK:
                seen = SEEN[query.get("key", "")] = SEEN.get(query.get("key", ""), 0) + 1
            if seen <= int(query.get("failures", "2")):
                return self.reply(503, {"error": "not yet", "request": seen}, [("Retry-After", "0")])
            return self.reply(200, {"ok": True, "request": seen})
        if url.path == "/about":
            return self.reply(200, {"service": "batten-examples", "pid": os.getpid()})
        self.reply(404, {"error": "no such path"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            value = json.loads(body or b"null")
        except ValueError:
            return self.reply(400, {"error": "the body is not JSON"})
        if self.path == "/hook":
            with LOCK:
                HOOKS.append({"headers": dict(self.headers), "body": value})
            return self.reply(200, {"kept": len(HOOKS)})
        if self.path == "/v1/chat/completions":
            return self.chat(value)
        self.reply(404, {"error": "no such path"})

    def chat(self, request):
        calls = tool_calls(request)
        text = "" if calls else answer(request.get("messages", []))
        reason = "tool_calls" if calls else "stop"
        prompt = sum(len(str(m.get("content", "")).split()) for m in request.get("messages", []))
        usage = {"prompt_tokens": prompt, "completion_tokens": len(text.split()),
                 "total_tokens": prompt + len(text.split())}
        common = {"id": "chatcmpl-example", "created": int(time.time()), "model": "parrot"}
        if not request.get("stream"):
            return self.reply(200, {**common, "object": "chat.completion", "usage": usage, "choices": [
                {"index": 0, "finish_reason": reason, "message": {
                    "role": "assistant", "content": text, **({"tool_calls": calls} if calls else {})}}]})
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        chunk = {**common, "object": "chat.completion.chunk"}
        for place, word in enumerate(text.split(" ")):
            piece = word if place == 0 else " " + word
            self.event({**chunk, "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]})
        if calls:
            self.event({**chunk, "choices": [{"index": 0, "delta": {"tool_calls": calls}, "finish_reason": None}]})
        self.event({**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        self.event({**chunk, "choices": [], "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")

    def event(self, value):
        self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")
        self.wfile.flush()


def about(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/about", timeout=2) as response:
            return json.load(response)
    except (OSError, ValueError):
        return None


def start(port):
    running = about(port)
    if running and running.get("service") == "batten-examples":
        print(f"already serving on 127.0.0.1:{port}")
        return 0
    ThreadingHTTPServer.allow_reuse_address = True
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as error:
        print(f"services.py: port {port} of 127.0.0.1 cannot be used: {error.strerror}", file=sys.stderr)
        return 1
    if os.fork() > 0:
        print(f"serving on 127.0.0.1:{port}")
        return 0
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    server.daemon_threads = True
    server.serve_forever()
    return 0


def stop(port):
    running = about(port)
    if running and running.get("service") == "batten-examples":
        os.kill(running["pid"], 15)
        print(f"stopped the services on 127.0.0.1:{port}")
    else:
        print(f"nothing of ours serves on 127.0.0.1:{port}")
    return 0


def main(arguments):
    port = int(arguments[arguments.index("--port") + 1]) if "--port" in arguments else 4010
    if arguments[:1] == ["start"]:
        return start(port)
    if arguments[:1] == ["stop"]:
        return stop(port)
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
