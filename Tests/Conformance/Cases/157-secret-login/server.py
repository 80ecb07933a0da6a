"""An authorization server and an API on loopback, which do what the case says; what they were asked is in `log`."""
import base64
import hashlib
import json
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LOCK = threading.Lock()
STATE = {"lives": 0, "count": 0, "polls": 0, "refresh": {}, "access": "", "lose": False, "codes": {}}


def log(text):
    with open("log", "a") as file:
        file.write(text + "\n")


def grant(refreshes=True):
    STATE["count"] += 1
    STATE["access"] = f"access-token-{STATE['count']}"
    answer = {"access_token": STATE["access"], "token_type": "Bearer", "expires_in": STATE["lives"]}
    if refreshes:
        answer["refresh_token"] = f"refresh-token-{STATE['count']}"
        STATE["refresh"][answer["refresh_token"]] = True
    return answer


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
        with LOCK:
            if url.path == "/set":
                STATE.update({name: json.loads(value) for name, value in query.items()})
                return self.reply(200, {})
            if url.path == "/authorize":
                STATE["codes"]["code-1"] = query
                back = {"state": query["state"], "code": "code-1"}
                if query["client_id"] == "denied":
                    back = {"state": query["state"], "error": "access_denied"}
                return self.reply(302, {}, [("Location", query["redirect_uri"] + "?" + urllib.parse.urlencode(back))])
            good = self.headers.get("Authorization") == "Bearer " + STATE["access"]
            log(f"api {'good' if good else 'refused'}")
            return self.reply(200 if good else 401, {"token": self.headers.get("Authorization")})

    def do_POST(self):
        form = dict(urllib.parse.parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        with LOCK:
            if self.path == "/device":
                return self.reply(200, {
                    "device_code": "device-1", "user_code": "ABCD-EFGH", "verification_uri": "http://id.example/device",
                    "interval": 0.05, "expires_in": 60})
            self.reply(*self.token(form))

    def token(self, form):
        kind = form["grant_type"].rsplit(":", 1)[-1]
        if kind == "device_code":
            STATE["polls"] += 1
            log(f"device {form['device_code']} of {form['client_id']}")
            return (400, {"error": "authorization_pending"}) if STATE["polls"] < 3 else (200, grant())
        if kind == "authorization_code":
            asked = STATE["codes"].pop(form["code"])
            digest = hashlib.sha256(form["code_verifier"].encode()).digest()
            fits = base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
            log(f"code, PKCE {'fits' if fits and asked['code_challenge_method'] == 'S256' else 'broken'}")
            return (200, grant()) if asked["redirect_uri"] == form["redirect_uri"] else (400, {"error": "invalid_grant"})
        if kind == "client_credentials":
            user = base64.b64decode((self.headers.get("Authorization") or "").removeprefix("Basic ")).decode()
            log(f"credentials {user}")
            return (200, grant(False)) if user == "app:its-own-secret" else (401, {"error": "invalid_client"})
        token = form["refresh_token"]
        if not STATE["refresh"].get(token):
            log(f"{token} is not good")
            return 400, {"error": "invalid_grant", "error_description": "unknown refresh token"}
        answer = grant()
        log(f"{token} gave {answer['refresh_token']}")
        # One that is lost was given out, and the server does not remember it.
        STATE["refresh"][answer["refresh_token"]] = not STATE["lose"]
        STATE["refresh"][token] = STATE["lose"]
        return 200, answer


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1], "w") as up:
    up.write(f"{server.server_port}\n")
server.serve_forever()
