"""A small HTTP/1.1 server for what real servers do only on a bad day: cut streams, odd chunks, ranges, waits.

Answers are decided by the path and the query alone; `/count?key=K` tells how often a key was asked for. Three sockets
serve the same paths: plain, plain under another origin, TLS (which takes client certificates but does not insist).
"""
import asyncio
import base64
import hashlib
import hmac
import json
import os
import resource
import socket
import ssl
import sys
import urllib.parse

COUNTS = {}
WAITING = []
FILE = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(32768))  # 1 MiB


class Request:
    def __init__(self, method, target, headers, body, peer):
        self.method, self.headers, self.body, self.peer = method, headers, body, peer
        self.url = urllib.parse.urlsplit(target)
        self.target = target
        self.path = self.url.path
        self.query = dict(urllib.parse.parse_qsl(self.url.query, keep_blank_values=True))

    def header(self, name):
        return next((v for n, v in self.headers if n.lower() == name.lower()), None)

    def json(self):
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def count(self):
        key = self.query.get("key", self.path)
        COUNTS[key] = COUNTS.get(key, 0) + 1
        return COUNTS[key]


class Closed(Exception):
    pass


async def read(reader, peer):
    line = await reader.readline()
    if not line:
        raise Closed
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers = []
    while (line := await reader.readline()) not in (b"\r\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name, value.strip()))
    lower = {n.lower(): v for n, v in headers}
    body = b""
    if "content-length" in lower:
        body = await reader.readexactly(int(lower["content-length"]))
    elif lower.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    return Request(method, target, headers, body, peer)


async def reply(writer, status, body=b"", headers=(), declared=None):
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
        headers = [("Content-Type", "application/json"), *headers]
    head = f"HTTP/1.1 {status} X\r\n" + "".join(f"{n}: {v}\r\n" for n, v in headers)
    head += f"Content-Length: {len(body) if declared is None else declared}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


async def stream(writer, pieces, close=False, headers=()):
    """Sends pieces of bytes, each in a chunk and a packet of its own, and ends, or is cut off, after the last."""
    writer.write(("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
                  + "".join(f"{n}: {v}\r\n" for n, v in headers) + "\r\n").encode())
    for piece in pieces:
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        await writer.drain()
        await asyncio.sleep(0)
    if close:
        raise Closed
    writer.write(b"0\r\n\r\n")
    await writer.drain()


def split(data, size):
    return [data[at:at + size] for at in range(0, len(data), size)]


def event(value, name=None, end=b"\n"):
    head = b"event: " + name.encode() + end if name else b""
    return head + b"data: " + json.dumps(value, ensure_ascii=False).encode() + end + end


def openai_events(words, usage=True, end=b"\n"):
    base = {"id": "c1", "object": "chat.completion.chunk", "model": "odd-1"}
    events = [event({**base, "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}, end=end)]
    events += [event({**base, "choices": [{"index": 0, "delta": {"content": word}}]}, end=end) for word in words]
    events.append(event({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}, end=end))
    if usage:
        events.append(event({**base, "choices": [], "usage": {
            "prompt_tokens": 12, "completion_tokens": 7, "total_tokens": 19,
            "prompt_tokens_details": {"cached_tokens": 4},
            "completion_tokens_details": {"reasoning_tokens": 2}}}, end=end))
    events.append(b"data: [DONE]" + end + end)
    return events


WORDS = ["Grüß ", "Gott, ", "Welt ", "🌍", "!"]


async def openai(request, writer):
    value = request.json() or {}
    model = value.get("model", "")
    count = request.count()
    if model == "echo":
        return await reply(writer, 200, {"model": "odd-1", "choices": [{"message": {
            "role": "assistant", "content": json.dumps({"request": value, "headers": dict(request.headers)})},
            "finish_reason": "stop"}], "usage": {"prompt_tokens": 3, "completion_tokens": 5}})
    if model == "rate":
        return await reply(writer, 429, {"error": {"message": "slow down", "type": "rate_limit"}}, [
            ("retry-after-ms", "1500"), ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-limit-requests", "60"), ("x-ratelimit-reset-requests", "1s")])
    if model == "denied":
        key = (request.header("Authorization") or "").removeprefix("Bearer ")
        return await reply(writer, 401, {"error": {"message": f"Incorrect API key provided: {key}"}})
    if model == "busy":
        return await reply(writer, 503, {"error": {"message": "overloaded"}}, [("Retry-After", "2")])
    if model == "html":
        return await reply(writer, 200, b"<html>hello</html>", [("Content-Type", "text/html")])
    if model == "unset":
        return await reply(writer, 400, {"error": {"message": "no such parameter: seed"}})
    if model == "tools":
        return await reply(writer, 200, {"model": "odd-1", "choices": [{"finish_reason": "tool_calls", "message": {
            "role": "assistant", "content": None, "tool_calls": [{"id": "t1", "type": "function", "function": {
                "name": "look", "arguments": "{\"at\": \"sky\"}"}}]}}], "usage": {
                    "prompt_tokens": 3, "completion_tokens": 5}})
    if model.startswith("schema"):
        asked_again = any(one["role"] == "assistant" for one in value["messages"])
        good = asked_again and model == "schema-once" or model == "schema"
        text = '{"colour": "red", "count": 3}' if good else '```json\n{"colour": 7}\n```'
        usage = {"prompt_tokens": 10, "completion_tokens": 5}
        return await reply(writer, 200, {"model": "odd-1", "usage": usage, "choices": [{
            "message": {"role": "assistant", "content": text},
            "finish_reason": "length" if model == "schema-cut" else "stop"}]})
    if model == "refuse":
        return await reply(writer, 200, {"choices": [{"finish_reason": "stop", "message": {
            "role": "assistant", "content": None, "refusal": "I will not."}}]})
    if model == "emptied":
        return await stream(writer, openai_events(WORDS), headers=[
            ("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "4s")])
    if model == "tools-stream":
        base = {"model": "odd-1"}
        def piece(**delta):
            return event({**base, "choices": [{"index": 0, "delta": delta}]})
        return await stream(writer, [
            piece(role="assistant", content=None, tool_calls=[{"index": 0, "id": "t1", "type": "function",
                                                               "function": {"name": "look", "arguments": ""}}]),
            piece(tool_calls=[{"index": 0, "function": {"arguments": '{"at": "'}}]),
            piece(tool_calls=[{"index": 1, "id": "t2", "function": {"name": "add", "arguments": "{}"}}]),
            piece(tool_calls=[{"index": 0, "function": {"arguments": 'sky"}'}}]),
            event({**base, "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
            event({**base, "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}}),
            b"data: [DONE]\n\n"])
    if model == "cut":
        return await stream(writer, openai_events(WORDS)[:4], close=True)
    if model == "early-end":
        return await stream(writer, openai_events(WORDS)[:4])
    if model == "malformed":
        return await stream(writer, openai_events(WORDS)[:2] + [b"data: {\"choices\": [\n\n"])
    if model == "error-event":
        return await stream(writer, openai_events(WORDS)[:2] + [event({"error": {"message": "backend died"}})])
    if model == "no-usage":
        return await stream(writer, openai_events(WORDS, usage=False))
    if model == "crlf":
        return await stream(writer, openai_events(WORDS, end=b"\r\n"))
    if model == "bytes":
        data = b": a comment\n\n" + b"".join(openai_events(WORDS)) + b": bye\n"
        return await stream(writer, split(data, 1))
    if model == "flood":
        return await stream(writer, openai_events(["word%d " % n for n in range(5000)]))
    if model == "hang":
        await stream_head(writer, openai_events(WORDS)[:3])
        await asyncio.Event().wait()
    await stream(writer, openai_events(WORDS))


async def stream_head(writer, pieces):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    for piece in pieces:
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
    await writer.drain()


async def anthropic(request, writer):
    value = request.json() or {}
    model = value.get("model", "")
    if request.header("x-api-key") != "sk-ant-test-42" or not request.header("anthropic-version"):
        return await reply(writer, 401, {"type": "error", "error": {
            "type": "authentication_error", "message": "invalid x-api-key"}})
    if "max_tokens" not in value:
        return await reply(writer, 400, {"type": "error", "error": {
            "type": "invalid_request_error", "message": "max_tokens: Field required"}})
    if model == "overloaded":
        return await reply(writer, 529, {"type": "error", "error": {
            "type": "overloaded_error", "message": "Overloaded"}}, [("retry-after", "3")])
    usage = {"input_tokens": 10, "cache_read_input_tokens": 6, "cache_creation_input_tokens": 2, "output_tokens": 1}
    if model == "echo":
        return await reply(writer, 200, {
            "type": "message", "role": "assistant", "model": "odd-a", "stop_reason": "end_turn",
            "content": [{"type": "text", "text": json.dumps(value)}], "usage": {**usage, "output_tokens": 9}})
    message = {"id": "m1", "type": "message", "role": "assistant", "model": "odd-a", "content": [],
               "stop_reason": None, "usage": usage}
    if value.get("tool_choice", {}).get("type") == "tool":
        pieces = ['{"colour": "re', 'd", "count"', ': 3}']
        events = [event({"type": "message_start", "message": message}, "message_start"),
                  event({"type": "content_block_start", "index": 0, "content_block": {
                      "type": "tool_use", "id": "u1", "name": value["tool_choice"]["name"], "input": {}}},
                      "content_block_start")]
        events += [event({"type": "content_block_delta", "index": 0, "delta": {
            "type": "input_json_delta", "partial_json": piece}}, "content_block_delta") for piece in pieces]
        events += [event({"type": "message_delta", "delta": {"stop_reason": "tool_use"},
                          "usage": {"output_tokens": 9}}, "message_delta"),
                   event({"type": "message_stop"}, "message_stop")]
        return await stream(writer, events)
    events = [event({"type": "message_start", "message": message}, "message_start"),
              event({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
                    "content_block_start"),
              event({"type": "ping"}, "ping")]
    events += [event({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}},
                     "content_block_delta") for word in WORDS]
    events.append(event({"type": "content_block_stop", "index": 0}, "content_block_stop"))
    if model == "overload-event":
        events = events[:4] + [event({"type": "error", "error": {
            "type": "overloaded_error", "message": "Overloaded"}}, "error")]
        return await stream(writer, events)
    if model == "cut":
        return await stream(writer, events[:5], close=True)
    events.append(event({"type": "message_delta", "delta": {"stop_reason": "end_turn"},
                         "usage": {"output_tokens": 15}}, "message_delta"))
    events.append(event({"type": "message_stop"}, "message_stop"))
    await stream(writer, split(b"".join(events), 7))


async def embeddings(request, writer):
    value = request.json() or {}
    texts = value["input"]
    if value.get("model") == "short":
        texts = texts[1:]
    data = [{"index": n, "embedding": [len(text), value.get("dimensions", 0.5)]} for n, text in enumerate(texts)]
    answer = {"model": "odd-e", "data": data[::-1]}
    if value.get("model") != "no-usage":
        answer["usage"] = {"prompt_tokens": 2 * len(texts), "total_tokens": 2 * len(texts)}
    await reply(writer, 200, answer)


async def file(request, writer):
    tag = '"v%s"' % request.query.get("version", "1")
    headers = [("ETag", tag), ("Accept-Ranges", "bytes")]
    if request.query.get("tag") == "none":
        headers = []
    wanted = request.header("Range")
    cut = int(request.query.get("cut", "0"))
    if request.count() > 1:
        cut = 0
    if wanted and request.header("If-Range") == tag:
        begin = int(wanted.removeprefix("bytes=").split("-")[0])
        if begin >= len(FILE):
            return await reply(writer, 416, b"", [("Content-Range", f"bytes */{len(FILE)}")])
        return await reply(writer, 206, FILE[begin:], [
            *headers, ("Content-Range", f"bytes {begin}-{len(FILE) - 1}/{len(FILE)}")])
    if cut:
        await reply(writer, 200, FILE[:cut], headers, declared=len(FILE))
        raise Closed
    await reply(writer, 200, FILE, headers)


async def oauth(request, writer):
    form = dict(urllib.parse.parse_qsl(request.body.decode()))
    given = request.header("Authorization") or ""
    user, _, secret = base64.b64decode(given.removeprefix("Basic ")).decode().partition(":")
    user, secret = urllib.parse.unquote(user or form.get("client_id", "")), urllib.parse.unquote(
        secret or form.get("client_secret", ""))
    if (user, secret) != ("client", "s3cret/+"):
        return await reply(writer, 401, {"error": "invalid_client", "error_description": "unknown client"})
    if form.get("grant_type") == "refresh_token" and form.get("refresh_token") not in ("refresh-1", "refresh-2"):
        return await reply(writer, 400, {"error": "invalid_grant"})
    count = request.count()
    answer = {"access_token": f"token-{request.query.get('key')}-{count}", "token_type": "Bearer",
              "expires_in": int(request.query.get("lives", "3600")), "scope": form.get("scope")}
    if form.get("grant_type") == "refresh_token":
        answer["refresh_token"] = "refresh-2"
    await reply(writer, 200, answer)


def signature_problem(request, secret):
    """Checks AWS Signature Version 4 by its published rules; says what is wrong or None."""
    given = request.header("Authorization") or ""
    if not given.startswith("AWS4-HMAC-SHA256 "):
        return "no signature"
    parts = dict(part.strip().split("=", 1) for part in given.removeprefix("AWS4-HMAC-SHA256 ").split(","))
    _, date, region, service, _ = parts["Credential"].split("/")
    signed = parts["SignedHeaders"].split(";")
    headers = "".join(f"{n}:{' '.join((request.header(n) or '').split())}\n" for n in signed)
    query = "&".join(sorted(request.url.query.split("&"))) if request.url.query else ""
    payload = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join([request.method, request.path, query, headers, ";".join(signed), payload])
    scope = f"{date}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", request.header("X-Amz-Date"), scope,
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    wanted = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return None if hmac.compare_digest(wanted, parts["Signature"]) else "the signature does not fit"


async def hold(request, writer):
    """Answers nobody until `n` requests wait."""
    done = asyncio.get_running_loop().create_future()
    WAITING.append(done)
    if len(WAITING) >= int(request.query["n"]):
        waiting, WAITING[:] = WAITING[:], []
        for one in waiting:
            one.set_result(len(waiting))
    await reply(writer, 200, {"together": await done})


async def answer(request, writer):
    path, query = request.path, request.query
    if path == "/echo":
        return await reply(writer, 200, {
            "method": request.method, "target": request.target, "headers": [list(pair) for pair in request.headers],
            "body": request.body.decode("latin-1"), "peer": request.peer})
    if path == "/digest":
        return await reply(writer, 200, {
            "bytes": len(request.body), "sha256": hashlib.sha256(request.body).hexdigest(),
            "length": request.header("Content-Length"), "type": request.header("Content-Type"),
            "digest": request.header("Content-Digest"), "method": request.method})
    if path == "/status":
        headers = [("Retry-After", query["after"])] if "after" in query else []
        return await reply(writer, int(query["status"]), {"error": "as asked"}, headers)
    if path == "/flaky":
        good = request.count() > int(query["failures"])
        return await reply(writer, 200 if good else 503, {"ok": good}, [] if good else [("Retry-After", "0")])
    if path == "/count":
        return await reply(writer, 200, {"count": COUNTS.get(query["key"], 0)})
    if path == "/redirect":
        headers = [("Location", query["to"])]
        if "cookie" in query:
            headers.append(("Set-Cookie", query["cookie"]))
        return await reply(writer, int(query.get("status", "302")), b"elsewhere", headers)
    if path == "/hang":
        if "bytes" in query:
            await reply(writer, 200, b"x" * int(query["bytes"]), declared=1 << 20)
        await asyncio.Event().wait()
    if path == "/cut":
        await reply(writer, 200, b"half", declared=8)
        raise Closed
    if path == "/close":
        raise Closed
    if path == "/garbage":
        writer.write(b"\x00\x01 this is no HTTP\r\n\r\n")
        await writer.drain()
        raise Closed
    if path == "/pages":
        page, last = int(query.get("page", "1")), 3
        where = query.get("away", "") + f"/pages?page={page + 1}"
        links = [] if page == last else [("Link", f'</pages?page=1>; rel="first", <{where}>; rel="next"')]
        return await reply(writer, 200, [page * 10 + n for n in range(3)], links)
    if path == "/cursor":
        at = int(query.get("cursor", "0"))
        return await reply(writer, 200, {
            "data": {"items": [at, at + 1]}, "meta": {"next": str(at + 2) if at < 4 else None}, "q": query.get("q")})
    if path == "/token":
        return await oauth(request, writer)
    if path == "/protected":
        good = request.header("Authorization") == "Bearer " + query["token"]
        return await reply(writer, 200 if good else 401, {"ok": good})
    if path == "/sigv4":
        problem = signature_problem(request, "wJalrXUtnFEMI")
        return await reply(writer, 403 if problem else 200, {"problem": problem})
    if path == "/file":
        return await file(request, writer)
    if path == "/hold":
        return await hold(request, writer)
    if path == "/openai/chat/completions":
        return await openai(request, writer)
    if path == "/openai/embeddings":
        return await embeddings(request, writer)
    if path == "/anthropic/v1/messages":
        return await anthropic(request, writer)
    await reply(writer, 404, {"error": "no such path"})


async def serve(reader, writer):
    try:
        peer = writer.get_extra_info("peercert")
        while True:
            request = await read(reader, peer["subject"][0][0][1] if peer else None)
            await answer(request, writer)
            if (request.header("Connection") or "").lower() == "close":
                break
    except (Closed, ConnectionError, asyncio.IncompleteReadError, ValueError):
        pass
    finally:
        writer.close()


async def main():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(os.path.join(sys.argv[4], "server.pem"), os.path.join(sys.argv[4], "server.key"))
    tls.load_verify_locations(os.path.join(sys.argv[4], "ca.pem"))
    tls.verify_mode = ssl.CERT_OPTIONAL
    for index, context in ((1, None), (2, None), (3, tls)):
        await asyncio.start_server(serve, sock=socket.socket(fileno=int(sys.argv[index])), ssl=context)
    await asyncio.Event().wait()


# Ten thousand requests may wait at once.
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
asyncio.run(main())
