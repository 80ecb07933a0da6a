import BattenSystem
import TestSupport
import Testing

/// What a service manager and operators see of an engine that stays.
@Suite(.serialized) struct ServiceTests {
    /// Writes down what reaches the socket of a service manager, a message a line.
    private static let manager = """
        cat > manager.py <<'END'
        import socket, sys
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listener.bind("\\0" + sys.argv[1][1:] if sys.argv[1].startswith("@") else sys.argv[1])
        out = open(sys.argv[2], "w", buffering=1)
        print("listens", file=out)
        while True:
            print(listener.recv(4096).decode().strip().replace("\\n", " "), file=out)
        END
        listen() { python3 manager.py "$1" "$2" & await_line "$2" listens; }

        """

    @Test(arguments: ["$PWD/notify.sock", "@batten-test-$$"])
    func aServiceManagerIsToldWhatAnEngineDoes(address: String) throws {
        let result = try Scene.play(
            Self.manager + """
                listen "\(address)" told
                NOTIFY_SOCKET="\(address)" WATCHDOG_USEC=400000 "$BATTEN" serve > log & serve=$!
                await_line told READY=1
                for _ in $(seq 1200); do [ $(grep -c '^WATCHDOG=1' told) -ge 3 ] && break; sleep 0.025; done
                kill -HUP $serve
                await_line told RELOADING=1; await_line log 'configuration read again'
                for _ in $(seq 1200); do [ $(grep -c READY=1 told) -ge 2 ] && break; sleep 0.025; done
                kill -TERM $serve; wait $serve; echo "exit $?"
                grep -v '^WATCHDOG=1' told | sed 's/[0-9][0-9]*/N/g'
                # Another process is meant, or none waits: no signs of life.
                NOTIFY_SOCKET="\(address)" WATCHDOG_USEC=1000 WATCHDOG_PID=1 "$BATTEN" serve --once > log
                for _ in $(seq 1200); do [ $(grep -c READY=1 told) -ge 3 ] && break; sleep 0.025; done
                awk '/^READY/ { ready++ } ready > 2 && /^WATCHDOG/ { signs++ } END { print ready; print signs + 0 }' told
                """)
        #expect(
            result.lines
                == [
                    "exit N", "listens", "READY=N STATUS=carries N runs, N schedules",
                    "RELOADING=N MONOTONIC_USEC=N", "READY=N STATUS=carries N runs, N schedules",
                    "STOPPING=N STATUS=stopping with N runs, N schedules", "3", "0",
                ].map { $0 == "exit N" ? "exit 0" : $0 }, "\(result)")
    }

    /// A store that another process holds keeps the scheduler from its work: then there are no signs of life.
    @Test func anEngineThatHangsGivesNoSignsOfLife() throws {
        let result = try Scene.play(
            Self.manager + """
                printf 'name: note\\nstages:\\n  - {id: a, uses: set, with: {x: 1}}\\n' > note.yaml
                batten add note.yaml > /dev/null
                batten schedule add note --every 1s > /dev/null
                listen "$PWD/notify.sock" told
                NOTIFY_SOCKET="$PWD/notify.sock" WATCHDOG_USEC=2000000 "$BATTEN" serve > log & serve=$!
                await_line told WATCHDOG=1
                await_line log 'started run'
                python3 - home/batten.db <<'END' &
                import sqlite3, sys, time
                store = sqlite3.connect(sys.argv[1], isolation_level=None)
                store.execute("BEGIN IMMEDIATE")
                deadline = time.time() + 8
                while time.time() < deadline and "does not answer" not in open("log").read():
                    time.sleep(0.05)
                open("silent", "w").write(str(open("told").read().count("WATCHDOG=1")))
                time.sleep(1.5)
                open("later", "w").write(str(open("told").read().count("WATCHDOG=1")))
                store.execute("ROLLBACK")
                END
                await later
                grep -o 'the scheduler or the store does not answer' log | uniq
                cmp silent later && echo "no signs"
                for _ in $(seq 1200); do
                    [ $(grep -c '^WATCHDOG=1' told) -gt $(cat later) ] && { echo "signs again"; break; }
                    sleep 0.025
                done
                kill -TERM $serve; wait $serve; echo "exit $?"
                """)
        #expect(
            result.lines == [
                "the scheduler or the store does not answer", "no signs", "signs again", "exit 0",
            ], "\(result)")
    }

    @Test func configurationIsReadAgainWhileRunsGoOn() throws {
        let result = try Scene.play(
            """
            mkdir -p .config/batten; conf=.config/batten/config.yaml
            echo 'grace: 5s' > $conf
            cat > slow.yaml <<'END'
            name: slow
            stages:
              - {id: a, uses: shell.run, with: {script: "trap '' TERM; touch began; while :; do sleep 0.05; done"}}
            END
            id=$(batten run slow.yaml --detach 2> /dev/null)
            "$BATTEN" serve > log & serve=$!
            await began
            kill -HUP $serve; await_line log 'nothing has changed'
            printf 'grace: 100ms\\nretention: {days: 3}\\nengine: {max_parallel: 7}\\n' > $conf
            kill -HUP $serve; await_line log 'hold from now on'
            grep -o 'configuration.*' log | tail -1
            # One that needs a restart is told again until there was one.
            kill -HUP $serve; for _ in $(seq 1200); do [ $(grep -c need log) = 2 ] && break; sleep 0.025; done
            grep -o 'configuration.*' log | tail -1
            echo 'grace: soon' > $conf
            kill -HUP $serve; await_line log 'stays as it was'
            kill -TERM $serve; wait $serve; echo "exit $?"
            grep -o 'stages get .* to end' log
            """)
        #expect(
            result.lines == [
                "configuration read again: grace, retention.days hold from now on; engine.max_parallel need a restart",
                "configuration read again: engine.max_parallel need a restart", "exit 0", "stages get 100ms to end",
            ], "\(result)")
    }

    @Test func anEngineSaysWhoElseServesAndAnswersQuestions() throws {
        let result = try Scene.play(
            """
            "$BATTEN" serve --format json > one & one=$!
            await_line one serving
            "$BATTEN" serve --format json > two & two=$!
            await_line two serving
            grep -o '"others":\\[[^]]*\\]' one
            grep -o '"others":\\[.*\\]' two | grep -c "\\"pid\\":$one,"
            ls home/engines/*.ask | wc -l
            cat > ask.py <<'END'
            import glob, json, socket, sys
            def ask(path, line, end="\\n"):
                s = socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect(path); s.sendall((line + end).encode())
                s.shutdown(socket.SHUT_WR)
                answer = b""
                while (part := s.recv(65536)): answer += part
                return json.loads(answer)
            paths = glob.glob("home/engines/*.ask")
            healths = [ask(path, '{"ask": "health"}') for path in paths]
            print(sorted(h["pid"] for h in healths) == sorted(map(int, sys.argv[1:])))
            print(sorted(healths[0]))
            for line in ['{"ask": "weather"}', "what", "[1]", "{" * 5000]:
                print(ask(paths[0], line)["error"]["code"])
            # Who does not finish a question is not waited for.
            idle = socket.socket(socket.AF_UNIX); idle.connect(paths[0]); idle.sendall(b'{"ask"')
            print(ask(paths[0], '{"ask": "health"}', end="")["state"])
            END
            python3 ask.py $one $two
            kill -KILL $one; kill -TERM $two; wait $two; echo "exit $?"
            """)
        #expect(
            result.lines == [
                "\"others\":[]", "1", "2", "True",
                "['engine', 'last_commit', 'next_fire', 'pid', 'runs', 'schedules', 'since', 'state', 'version', 'waiting']",
                "unknown_question", "bad_question", "bad_question", "bad_question", "serving", "exit 0",
            ], "\(result)")
    }

    @Test func theUnitsAreSound() throws {
        let root = try #require(FileSystem.parent(of: FileSystem.parent(of: FileSystem.parent(of: #filePath)!)!))
        let result = try Scene.play(
            """
            cp '\(root)'/docs/deploy/*.{service,timer} .
            sed -i "s|/usr/local/bin/batten|$BATTEN|" *.service
            export XDG_RUNTIME_DIR=$PWD
            for unit in batten.service batten-once.service batten-once.timer; do
                systemd-analyze --user verify --man=no ./$unit && echo "$unit is sound"
            done
            systemd-analyze verify --man=no ./batten-system.service && echo "batten-system.service is sound"
            # What a unit starts is what the program takes.
            grep -h '^ExecStart=' *.service | cut -d= -f2- | while read -r command; do
                timeout 20 $command --once > /dev/null && echo "starts"
            done
            """)
        #expect(
            result.lines == [
                "batten.service is sound", "batten-once.service is sound", "batten-once.timer is sound",
                "batten-system.service is sound", "starts", "starts", "starts",
            ], "\(result)")
    }

    @Test func oneScreenTellsHowEverythingIsDoing() throws {
        let result = try Scene.play(
            """
            batten status > /dev/null 2>&1; echo "no store $?"
            batten status --watch > /dev/null 2>&1; echo "watch $?"
            printf 'name: good\\nstages:\\n  - {id: a, uses: set, with: {x: 1}}\\n' > good.yaml
            printf 'name: bad\\non: {event: go, parameters: {y: 1}}\\nstages:\\n  - {id: a, uses: shell.run, with: {script: exit 3}}\\n' > bad.yaml
            printf 'name: ask\\nstages:\\n  - {id: a, uses: gate, with: {prompt: "Go on?"}}\\n' > ask.yaml
            for name in good bad ask; do batten add $name.yaml > /dev/null; done
            batten schedule add good --every 1s > /dev/null 2>&1
            batten schedule add bad --every 1s --pause-after 1 > /dev/null 2>&1
            batten schedule add ask --at 2200-01-01T00:00:00Z > /dev/null 2>&1
            batten run ask --quiet > /dev/null 2>&1
            batten trigger go > /dev/null 2>&1
            batten status --format json | grep -c '"servers": \\[\\]'
            batten status | grep -c '^serving    nobody'
            "$BATTEN" serve > log & serve=$!
            await_line log 'schedule bad is paused'; await_line log 'run .* of good completed'
            await_line log 'starts no run'
            batten status --format json > now.json
            python3 - $serve <<'END'
            import json, sys
            now = json.load(open("now.json"))
            server, = now["servers"]
            print(server["pid"] == int(sys.argv[1]), server["state"], server["runs"] >= 1, server["schedules"])
            print(now["runs"]["waiting"], now["ended"]["failed"], now["ended"]["completed"] >= 1)
            print(now["schedules"]["active"], now["schedules"]["paused"], [s["schedule"] for s in now["schedules"]["next"]])
            print([(s["schedule"], s["paused"], s["why"]) for s in now["schedules"]["failing"]])
            print([(r["workflow"], r["on"]) for r in now["blocked"]], [t["trigger"] for t in now["triggers"]["refused"]])
            print(now["store"]["bytes"] > 0, now["store"]["free_bytes"] > 0)
            END
            kill -STOP $serve
            batten status | grep -c 'does not answer'
            kill -CONT $serve; kill -TERM $serve; wait $serve
            batten runs --failed --since 1h --format json | grep -c '"status": "failed"'
            batten digest --since 1h | grep -E '^  (bad|ask)' | sed 's/run [a-z0-9]\\{12\\}/run R/; s/bad, [a-z0-9]\\{24\\}:/bad, K:/'
            """)
        #expect(
            result.lines == [
                "no store 8", "watch 2", "1", "1", "True serving True 2", "1 1 True", "2 1 ['good', 'ask']",
                "[('bad', True, 'its last run failed')]", "[('ask', 'gate')] ['bad']", "True True", "1", "1",
                "  bad: 1 failed", "  bad, run R, failed: stage 'a': the sh script ended with exit code 3",
                "  bad, paused: its last run failed",
                "  bad, K: workflow 'bad' has no parameter 'y' (given by the parameter file)",
                "  ask, run R: people are asked: batten gates",
            ], "\(result)")
    }
}
