import BattenSystem
import TestSupport
import Testing

/// Models that have tools called: killed in the middle, and answered from the cache.
@Suite(.serialized) struct ToolTests {
    /// A model that has `note` called until there are five answers, with a text of its own each time.
    private static let model = #"""
        cat > model.py <<'END'
        import http.server, json, os, time
        class Model(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            def do_POST(self):
                asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
                done = sum(message["role"] == "tool" for message in asked["messages"])
                with open("asked", "a") as log: log.write(f"{done}\n")
                # Long enough for a kill to find it.
                time.sleep(0.04)
                message = {"role": "assistant", "content": f"done after {done}"}
                if done < 5:
                    call = {"name": "note", "arguments": "{}"}
                    if os.path.exists("texts"): call["arguments"] = json.dumps({"text": f"note {done + 1}\n"})
                    message = {"role": "assistant", "content": None,
                               "tool_calls": [{"id": f"c{done}", "type": "function", "function": call}]}
                data = json.dumps({"id": "1", "model": "m", "usage": {"prompt_tokens": 3, "completion_tokens": 4}, "choices": [
                    {"index": 0, "finish_reason": "stop" if done == 5 else "tool_calls", "message": message}]}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            def log_message(self, *words): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Model)
        open("port.tmp", "w").write(str(server.server_port))
        os.rename("port.tmp", "port")
        server.serve_forever()
        END
        python3 model.py & await port
        mkdir -p .config/batten
        printf 'plugins: {llm: {providers: {local: {api: openai, base_url: "http://127.0.0.1:%s/v1"}}}}\n' $(cat port) \
            > .config/batten/config.yaml
        cat > tools.yaml <<'END'
        name: tools
        outputs: {said: "${{ stages.ask.outputs.text }}"}
        stages:
          - id: ask
            uses: llm.chat
            CACHE
            retry: {max_attempts: 10, initial: 10ms}
            with:
              model: local/m
              stream: false
              prompt: Take notes.
              tools: [{uses: file.append, name: note, with: {path: notes}, timeout: 60s}]
        END

        """#

    @Test(arguments: 0..<4) func aToolCallThatWasCommittedIsNotMadeAgain(_ number: Int) throws {
        var random = SystemRandomNumberGenerator()
        let seed = ProcessEnvironment.variable("BATTEN_TEST_SEED").flatMap { UInt64($0) } ?? random.next() % 100_000
        let result = try Scene.play(
            Self.model + """
                touch texts; sed -i /CACHE/d tools.yaml
                "$BATTEN" run tools.yaml --quiet > /dev/null 2>&1 & pid=$!
                RANDOM=\(seed % 30_000 + UInt64(number))
                # A third loss would end the stage.
                for kill in 1 2; do
                    # From the first question to the last answer, wherever the engine is by then.
                    await asked
                    for _ in $(seq $((RANDOM % 16))); do sleep 0.01; done
                    kill -KILL $pid; wait $pid 2> /dev/null
                    [ "$(status_of -)" = completed ] && break
                    batten query "SELECT count(*) AS n FROM attempts WHERE reason = 'tool' AND outcome = 'ok'" \
                        --format json | grep -o '"n": *[0-9]*' | grep -o '[0-9]*$' > committed
                    cp notes notes-$kill 2> /dev/null || : > notes-$kill
                    committed[$kill]=$(cat committed)
                    "$BATTEN" resume - --quiet > /dev/null 2>&1 & pid=$!
                done
                wait $pid 2> /dev/null
                batten resume - --quiet > /dev/null 2>&1
                echo "status $(status_of -)"
                batten outputs -
                sort -u notes
                # What was committed by a kill stands in the file as often as it did then.
                for kill in 1 2; do
                    for note in $(seq ${committed[$kill]:-0}); do
                        [ "$(grep -cx "note $note" notes)" = "$(grep -cx "note $note" notes-$kill)" ] \
                            || echo "note $note again after kill $kill"
                    done
                done
                """)
        #expect(
            result.lines == ["status completed", "said: done after 5"] + (1...5).map { "note \($0)" },
            "seed \(seed), \(number): \(result)")
    }

    @Test func answersAreKeptAndToolsAreCalledAgain() throws {
        let result = try Scene.play(
            Self.model + """
                # What is said of a call is the same each time.
                sed -i "s/CACHE/cache: {key: notes, ttl: 1h}/; s/uses: file.append.*/uses: shell.run, name: note, with: {script: 'echo x >> notes'}}]/" tools.yaml
                for turn in 1 2; do
                    batten run tools.yaml --quiet; echo "exit $? asked $(wc -l < asked) notes $(wc -l < notes)"
                done
                """)
        #expect(
            result.lines == [
                "said: done after 5", "exit 0 asked 6 notes 5", "said: done after 5", "exit 0 asked 6 notes 10",
            ], "\(result)")
    }
}
