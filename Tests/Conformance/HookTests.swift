import TestSupport
import Testing

/// What people are told of runs, over HTTP, while `batten serve` drives them.
@Suite struct HookTests {
    @Test func peopleAreToldOfWaitsFailuresAndTheFirstSuccessAfterThem() throws {
        let result = try Scene.play(
            """
            cat > desk.py <<'END'
            import http.server, json, os
            class Desk(http.server.BaseHTTPRequestHandler):
                def do_POST(self):
                    body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                    with open("told", "a") as told: told.write(body["text"] + "\\n")
                    self.send_response(204)
                    self.end_headers()
                def log_message(self, *words): pass
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Desk)
            with open("port.new", "w") as port: port.write(str(server.server_address[1]))
            os.rename("port.new", "port")
            server.serve_forever()
            END
            python3 desk.py &
            desk=$!
            await port
            export DESK="http://127.0.0.1:$(cat port)/"
            cat > flaky.yaml <<'END'
            name: flaky
            parameters: {n: {type: integer}}
            env: {DESK: {from_host: DESK}}
            hooks:
              on_waiting: [{id: tell, uses: notify.webhook, with: {url: "${{ env.DESK }}", body: {text: "${{ parameters.n }} waits"}}}]
              on_failure: [{id: tell-failure, uses: notify.webhook, with: {url: "${{ env.DESK }}", body: {text: "${{ parameters.n }} failed"}}}]
              on_recovery: [{id: tell-recovery, uses: notify.webhook, with: {url: "${{ env.DESK }}", body: {text: "${{ parameters.n }} does well again"}}}]
            stages:
              - {id: ask, uses: gate, with: {prompt: "Go?"}}
              - {id: work, depends_on: [ask], uses: shell.run, with: {script: test -e fine}}
            END
            "$BATTEN" serve > log 2>&1 &
            serve=$!
            await_line log serves
            for n in 1 2 3 4; do
                if [ $n = 3 ]; then touch fine; fi
                id=$(batten run flaky.yaml --detach -p n=$n)
                await_line told "$n waits"
                batten approve $id ask > /dev/null
                await_line log "run $id of flaky \\(completed\\|failed\\)"
                status_of $id
            done
            kill -TERM $serve; wait $serve; echo "serve $?"
            cat told
            kill $desk
            """)
        #expect(
            result.lines == [
                "failed", "failed", "completed", "completed", "serve 0", "1 waits", "1 failed", "2 waits", "2 failed",
                "3 waits", "3 does well again", "4 waits",
            ], "\(result)")
    }
}
