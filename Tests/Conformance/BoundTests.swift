import BattenSystem
import TestSupport
import Testing

/// What `llm` asks for beyond its first request is held against quotas and budgets before it goes out.
@Suite(.serialized) struct BoundTests {
    /// Writes what it is asked into `asked`, a line each, and answers by the model's name.
    private static let server = #"""
        cat > server.py <<'END'
        import http.server, json, os, threading, time
        lock = threading.Lock()
        class Answer(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                again = any(one["role"] == "assistant" for one in asked.get("messages", []))
                model = asked["model"]
                with lock, open("asked", "a") as file:
                    file.write(f"{model} {'again' if again else 'first'} {asked.get('max_tokens', 0)}\n")
                if model == "slow":
                    while not os.path.exists("go"): time.sleep(0.02)
                if model == "busy": return self.say(503, {"error": {"message": "busy"}})
                if "input" in asked:
                    return self.say(200, {"model": model, "usage": {"prompt_tokens": 1}, "data": [
                        {"index": n, "embedding": [1.5]} for n in range(len(asked["input"]))]})
                text = '{"n": 1}' if again or model != "wrong" else '{"n": "one"}'
                self.say(200, {"model": model, "usage": {"prompt_tokens": 60, "completion_tokens": 20}, "choices": [
                    {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]})
            def say(self, status, value):
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                try: self.wfile.write(data)
                except OSError: pass
            def log_message(self, *words): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        open("port.tmp", "w").write(str(server.server_port))
        os.rename("port.tmp", "port")
        server.serve_forever()
        END
        python3 server.py & await port
        mkdir -p .config/batten
        for name in local eye; do
            [ $name = eye ] && image=', image_tokens: 1000' || image=
            echo "    $name: {api: openai, base_url: \"http://127.0.0.1:$(cat port)/v1\"$image}"
        done > providers
        { echo 'plugins:'; echo '  llm:'; echo '   providers:'; cat providers; } > .config/batten/config.yaml
        SCHEMA='{type: object, required: [n], properties: {n: {type: integer}}}'
        # stage NAME WITH: a workflow of one stage that asks for a number.
        stage() { printf 'name: %s\nstages:\n  - {id: ask, uses: llm.chat, with: {stream: false, %s}}\n' "$1" "$2" > $1.yaml; }
        asks() { [ -e asked ] && { sort asked | tr '\n' ';'; echo; rm asked; } || echo none; }
        fill() { batten quota show q --format json | tr -d '\n ' | sed 's/.*"used":\([0-9]*\),"reserved":\([0-9]*\).*/used \1, reserved \2\n/'; }
        run() { batten run "$@" --quiet > /dev/null 2> said; echo "exit $?"; cat said >&2; }

        """#

    private static let modes = ["0", "1"]

    private func play(_ mode: String, _ script: String, _ expected: [String]) throws {
        let result = try Scene.play(
            Self.server + "export BATTEN_IN_PROCESS_PLUGINS=\(mode)\n" + script, seconds: 240)
        #expect(result.lines.map(String.init) == expected, "\(result)")
    }

    /// Where there is room for a request and not for the next one, the next one is not sent.
    @Test(arguments: modes) func whatHasNoRoomIsNotSent(_ mode: String) throws {
        try play(
            mode,
            #"""
            echo "- a repair"
            stage once "model: local/wrong, prompt: hi, max_output_tokens: 300, response_schema: $SCHEMA"
            run once.yaml --max-tokens 600; asks
            batten status - --format json | grep -o '"class": "[a-z]*"' | head -1
            batten logs - | grep -o '[0-9]* tokens are asked for, and .*'
            batten quota set q --metric requests --limit 2 --per ever --on-exceed fail > /dev/null
            run once.yaml; asks; fill
            batten quota set q --metric requests --limit 4 --per ever --on-exceed fail > /dev/null
            run once.yaml; asks; fill
            batten quota remove q > /dev/null
            echo "- one that can be shorter"
            stage open "model: local/wrong, prompt: hi, response_schema: $SCHEMA"
            run open.yaml --max-tokens 900; asks
            batten logs - | grep -c 'no more is left'
            echo "- a fallback, and one that is not limited"
            batten quota set q --metric tokens --limit 300 --per ever --scope model=local/good > /dev/null
            stage other "model: local/busy, fallback: [local/good], prompt: hi, max_output_tokens: 900"
            run other.yaml; asks; fill
            batten status - --format json | grep -o '"class": "[a-z]*"' | head -1
            stage third "model: local/busy, fallback: [local/good, eye/third], prompt: hi, max_output_tokens: 900"
            run third.yaml; asks; fill
            echo "- images"
            stage seen "model: local/x, prompt: hi, max_output_tokens: 10, images: ['http://h/a.png']"
            run seen.yaml --max-tokens 48000; asks
            run seen.yaml --max-tokens 49000; asks
            stage low "model: local/x, prompt: hi, max_output_tokens: 10, images: [{url: 'http://h/a.png', detail: low}]"
            run low.yaml --max-tokens 5000; asks
            stage own "model: eye/x, prompt: hi, max_output_tokens: 10, images: ['http://h/a.png']"
            run own.yaml --max-tokens 2000; asks
            run own.yaml --max-tokens 1000; asks
            echo "- files of the context"
            head -c 4000 /dev/zero | tr '\0' 'x' > large.txt
            stage file "model: local/x, prompt: hi, max_output_tokens: 10, context: [{name: a, file: large.txt}]"
            run file.yaml --max-tokens 4000; asks
            run file.yaml --max-tokens 5000; asks
            echo "- vectors"
            printf 'name: many\nstages:\n  - {id: ask, uses: llm.embed, with: {model: local/e, input: [a, b, c], batch_size: 1}}\n' > many.yaml
            batten quota set q --metric requests --limit 2 --per ever --scope workflow=many --on-exceed fail > /dev/null
            run many.yaml; asks; fill
            batten quota set q --metric requests --limit 5 --per ever --scope workflow=many --on-exceed fail > /dev/null
            run many.yaml; asks; fill
            batten query "SELECT count(*) AS reservations FROM reservations" --format ndjson
            batten db check
            """#,
            [
                "- a repair", "exit 6", "wrong first 300;", #""class": "quota""#,
                "777 tokens are asked for, and the bound given to this run permits 600 tokens in this run",
                "exit 6", "wrong first 300;", "used 2, reserved 0",
                "exit 0", "wrong again 300;wrong first 300;", "used 4, reserved 0",
                "- one that can be shorter", "exit 0", "wrong again 299;wrong first 760;", "1",
                "- a fallback, and one that is not limited", "exit 6", "busy first 900;", "used 0, reserved 0",
                #""class": "quota""#, "exit 0", "busy first 900;third first 900;", "used 0, reserved 0",
                "- images", "exit 6", "none", "exit 0", "x first 10;", "exit 0", "x first 10;", "exit 0", "x first 10;",
                "exit 6", "none",
                "- files of the context", "exit 6", "none", "exit 0", "x first 10;",
                "- vectors", "exit 6", "e first 0;e first 0;", "used 2, reserved 0",
                "exit 0", "e first 0;e first 0;e first 0;", "used 5, reserved 0",
                #"{"reservations":0}"#, "the store is sound; 0 large values were read",
            ])
    }

    /// A repair for which there is no room while another call runs goes out when that has settled, or never when it is
    /// cancelled meanwhile.
    @Test(arguments: modes) func aRepairWaitsForWhatOthersHold(_ mode: String) throws {
        try play(
            mode,
            #"""
            cat > both.yaml <<END
            name: both
            stages:
              - {id: slow, uses: llm.chat, with: {model: local/slow, stream: false, prompt: hi, max_output_tokens: 500}}
              - {id: ask, uses: llm.chat, with: {model: local/wrong, stream: false, prompt: hi, max_output_tokens: 300, response_schema: $SCHEMA}}
            END
            start() {
                batten quota set q --metric tokens --limit $1 --per ever > /dev/null
                rm -f go
                "$BATTEN" run both.yaml --quiet > /dev/null 2> said & pid=$!
                for _ in $(seq 2400); do grep -qs slow asked && batten logs - ask | grep -q waits: && break; sleep 0.05; done
            }
            start 1100; batten logs - ask | grep -o 'waits: .*'; asks
            touch go; wait $pid; echo "exit $?"; asks; fill
            batten outputs - ask --format json | grep -o '"repaired": [a-z]*'
            start 1260; asks
            batten cancel - > /dev/null; wait $pid; echo "exit $?"; touch go; asks; fill
            batten query "SELECT count(*) AS reservations FROM reservations" --format ndjson
            batten db check
            """#,
            [
                "waits: the quota 'q' is full: 80 tokens of 1,100 tokens for ever, 568 tokens reserved; "
                    + "821 tokens are asked for", "slow first 500;wrong first 300;",
                "exit 0", "wrong again 300;", "used 240, reserved 0", #""repaired": true"#,
                "slow first 500;wrong first 300;", "exit 4", "none", "used 320, reserved 0",
                #"{"reservations":0}"#, "the store is sound; 0 large values were read",
            ])
    }
}
