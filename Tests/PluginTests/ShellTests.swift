import BattenCore
import BattenPluginHost
import BattenSystem
import Glibc
import Testing

@Suite(.serialized) struct ShellTests {
    /// Inputs with the outcome each must have; a message is checked for what it contains.
    @Test func everyEndIsClassed() throws {
        typealias Row = (input: String, outcome: OutcomeClass, effect: Effect, code: String, says: String)
        let table: [Row] = [
            (#"{"argv":["true"]}"#, .ok, .made, "", ""),
            (#"{"argv":["false"]}"#, .failed, .unknown, "shell.exit.1", "false ended with exit code 1"),
            (#"{"script":"exit 75"}"#, .transient, .unknown, "shell.exit.75", "may work another time"),
            (#"{"script":"exit 9","retry_codes":[9]}"#, .transient, .unknown, "shell.exit.9", ""),
            (#"{"script":"exit 75","retry_codes":[9]}"#, .failed, .unknown, "shell.exit.75", ""),
            (#"{"script":"exit 3","success_codes":[0,3]}"#, .ok, .made, "", ""),
            (#"{"script":"exit 0","success_codes":[3]}"#, .failed, .unknown, "shell.exit.0", ""),
            (
                #"{"script":"echo why >&2; exit 4"}"#, .failed, .unknown, "shell.exit.4",
                "the sh script ended with exit code 4: why"
            ),
            (#"{"script":"no-such-command-here"}"#, .failed, .unknown, "shell.exit.127", "a command was not found"),
            (#"{"script":"/etc/passwd"}"#, .failed, .unknown, "shell.exit.126", "could not be executed"),
            (#"{"script":"sh -c 'kill -11 $$'; exit $?"}"#, .failed, .unknown, "shell.exit.139", "SIGSEGV"),
            (#"{"script":"kill -9 $$"}"#, .transient, .unknown, "shell.signal", "SIGKILL"),
            (#"{"script":"kill -6 $$"}"#, .failed, .unknown, "shell.signal", "SIGABRT"),
            (#"{"argv":["no-such-program-here"]}"#, .failed, .none, "shell.not_found", "not found along PATH"),
            (#"{"argv":["/no/such/program"]}"#, .failed, .none, "shell.not_found", "/no/such/program"),
            (#"{"argv":["/etc/passwd"]}"#, .failed, .none, "shell.not_executable", "chmod +x"),
            (#"{"argv":["true"],"cwd":"/no/such/folder"}"#, .failed, .none, "shell.folder", "/no/such/folder"),
            (#"{"argv":["true"],"script":"true"}"#, .permanent, .none, "input.invalid", "script: excludes argv"),
            (#"{}"#, .permanent, .none, "input.invalid", "argv: is missing"),
            (
                #"{"argv":["true"],"interpreter":"sh"}"#, .permanent, .none, "input.invalid",
                "interpreter: goes with script"
            ),
            (#"{"argv":["a\u0000b"]}"#, .permanent, .none, "input.invalid", "argv[0]: must not contain a NUL"),
            (#"{"script":"echo {","parse":"json"}"#, .failed, .made, "shell.parse", "stdout is not JSON"),
            (
                #"{"script":"while :; do :; done","limits":{"cpu_seconds":1}}"#, .failed, .unknown, "shell.limit.cpu",
                "1 s"
            ),
            (
                #"{"script":"yes","limits":{"max_output_bytes":100000}}"#, .failed, .unknown, "shell.limit.output",
                "100000"
            ),
            (#"{"script":"echo 1x=2 > \"$BATTEN_OUTPUT\""}"#, .failed, .made, "shell.output_file", "line 1"),
            (#"{"script":"echo stdout=2 > \"$BATTEN_OUTPUT\""}"#, .failed, .made, "shell.output_file", "own"),
        ]
        let rig = try ShellRig()
        for row in table {
            let (outcome, _) = try rig.run("shell.run", row.input)
            let got = (outcome.outcomeClass, outcome.effect, outcome.code)
            #expect(got == (row.outcome, row.effect, row.code), "\(row.input): \(outcome.message)")
            #expect(row.says.isEmpty || outcome.message.contains(row.says), "\(row.input): \(outcome.message)")
        }
    }

    @Test func outputsAndLogAreWhatTheProcessWrote() throws {
        let rig = try ShellRig()
        let script = #"""
            echo one; echo two >&2; printf 'three\n\n'
            { echo plain=a=b; echo 'text<<END'; echo x; echo ''; echo y; echo END; } >> "$BATTEN_OUTPUT"
            """#
        let input = JSONWriter.string(["script": .string(script)])
        let (outcome, lines) = try rig.run("shell.run", input)
        #expect(
            outcome.output == [
                "exit_code": 0, "stdout": "one\nthree", "stderr": "two", "plain": "a=b", "text": "x\n\ny",
            ])
        #expect(lines.filter { $0.hasPrefix("stdout") }.prefix(2) == ["stdout: one", "stdout: three"])
        #expect(lines.contains("stderr: two"))

        let failed = try rig.run("shell.run", #"{"script":"echo kept; exit 2"}"#).outcome
        #expect(failed.output == ["exit_code": 2, "stdout": "kept", "stderr": ""])
        let parsed = try rig.run("shell.run", #"{"script":"echo '{\"a\":[1]}'","parse":"json"}"#).outcome
        #expect(parsed.output["json"] == ["a": [1]])
    }

    @Test func inputsReachTheProcess() throws {
        let rig = try ShellRig()
        let folder = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-cwd-")
        defer { try? FileSystem.removeTree(folder) }
        try FileSystem.makeFolder("\(folder)/below")
        let long = String(repeating: "x", count: 200_000)
        let table: [(executor: String, input: JSONValue, stdout: String)] = [
            ("shell.run", ["argv": ["cat"], "stdin": "given"], "given"),
            ("shell.run", ["argv": ["cat"]], ""),
            ("shell.run", ["argv": ["cat"], "stdin": .string(long)], long),
            ("shell.run", ["argv": ["echo", "a b", "$HOME", "*"]], "a b $HOME *"),
            ("shell.run", ["argv": ["pwd"]], folder),
            ("shell.run", ["argv": ["pwd"], "cwd": "below"], "\(folder)/below"),
            ("shell.run", ["argv": ["pwd"], "cwd": "/"], "/"),
            ("shell.run", ["script": "echo $0"], "sh"),
            ("shell.run", ["script": "echo ${BASH_VERSION:+bash}", "interpreter": "bash"], "bash"),
            ("shell.run", ["script": .string("# \(long)\necho long")], "long"),
            ("shell.run", ["script": "ulimit -n", "limits": ["open_files": 50]], "50"),
            ("shell.run", ["script": "ulimit -v", "limits": ["memory_bytes": 1_073_741_824]], "1048576"),
            ("shell.run", ["script": "echo $GIVEN $BATTEN_RUN $BATTEN_STAGE $BATTEN_ATTEMPT"], "v=1 run-1 stage-1 1"),
            ("shell.run", ["script": "ls /proc/self/fd | wc -l"], "4"),
            // Signals 32 and 33 are the C library's own.
            ("shell.run", ["script": "grep -cE 'SigIgn:.0000000[01][08]0000000$' /proc/self/status"], "1"),
            ("shell.run", ["script": "grep -c 'SigBlk:.0000000000000000$' /proc/self/status"], "1"),
            (
                "shell.script",
                ["interpreter": "python3", "script": "import os; print(os.getsid(0) == os.getppid() or 1)"], "1"
            ),
            ("shell.script", ["interpreter": "/bin/cat", "script": "the file itself"], "the file itself"),
            ("shell.script", ["interpreter": "awk", "script": "-"], ""),
        ]
        for row in table.dropLast() {
            let (outcome, _) = try rig.run(
                row.executor, JSONWriter.string(row.input), env: [("GIVEN", "v=1")], folder: folder)
            let said = outcome.output["stdout"]?.stringValue
            #expect(
                said == row.stdout, "\(JSONWriter.string(row.input).prefix(200)): \(outcome.message) \(outcome.code)")
        }
        let env = try rig.run("shell.run", #"{"script":"env"}"#).outcome.output["stdout"]?.stringValue ?? ""
        let names = Set(env.split(separator: "\n").map { String($0.prefix { $0 != "=" }) })
        let allowed: Set<String> = [
            "PATH", "HOME", "LANG", "TZ", "TMPDIR", "USER", "LOGNAME", "SHELL", "TERM", "BATTEN_RUN", "BATTEN_STAGE",
            "BATTEN_ATTEMPT", "BATTEN_IDEMPOTENCY_KEY", "BATTEN_OUTPUT", "PWD", "OLDPWD", "SHLVL", "_",
        ]
        #expect(names.filter { !allowed.contains($0) && !$0.hasPrefix("LC_") } == [])
    }

    /// What a script wrote to `$BATTEN_OUTPUT`, with the values or the complaint it gives.
    @Test func theValuesFileIsReadLineByLine() throws {
        let table: [(file: String, values: JSONObject?, says: String)] = [
            ("", [:], ""),
            ("a=1\nb-2=x y\n_c=", ["a": "1", "b-2": "x y", "_c": ""], ""),
            ("a=1\r\nb=2\r\n", ["a": "1", "b": "2"], ""),
            ("a=1\na=2\n", ["a": "2"], ""),
            ("a==<<b\n", ["a": "=<<b"], ""),
            ("a<<END\nEND\nb<<X\n a=1\n\nX\n", ["a": "", "b": " a=1\n"], ""),
            ("ä=1", nil, "line 1"),
            ("a=1\nno value", nil, "line 2"),
            ("=1", nil, "line 1"),
            ("a<<\nx\n", nil, "a word that ends the value"),
            ("a<1", nil, "comes = or <<"),
            ("a<<END\nx\nEN", nil, "a line with END is missing"),
            ("exit_code=3", nil, "the name exit_code is the stage's own"),
            ("a=" + String(repeating: "x", count: 1 << 20), nil, "larger than 1 MiB"),
        ]
        let rig = try ShellRig()
        for row in table {
            let input: JSONValue = ["script": "cat > \"$BATTEN_OUTPUT\"", "stdin": .string(row.file)]
            let outcome = try rig.run("shell.run", JSONWriter.string(input)).outcome
            if let values = row.values {
                var expected: JSONObject = ["exit_code": 0, "stdout": "", "stderr": ""]
                for (name, value) in values { expected[name] = value }
                #expect(outcome.output == .object(expected), "\(row.file): \(outcome.message)")
            } else {
                #expect(outcome.code == "shell.output_file", "\(row.file.prefix(40))")
                #expect(outcome.message.contains(row.says), "\(row.file.prefix(40)): \(outcome.message)")
            }
        }
        let removed = try rig.run("shell.run", #"{"script":"echo a=1 > \"$BATTEN_OUTPUT\"; rm \"$BATTEN_OUTPUT\""}"#)
            .outcome
        #expect(removed.outcomeClass == .ok)
        let replaced = try rig.run(
            "shell.run", #"{"script":"ln -s /etc/passwd \"$BATTEN_OUTPUT\""}"#)
        #expect(replaced.outcome.code == "shell.output_file")
        let pipe = try rig.run("shell.run", #"{"script":"mkfifo \"$BATTEN_OUTPUT\""}"#).outcome
        #expect(pipe.outcomeClass == .ok)
    }

    @Test func cancelEndsTheGroupAndWhateverLeftIt() throws {
        let rig = try ShellRig()
        // One child ignores SIGTERM, one left the session, one also lost its parent.
        let script = #"""
            trap '' TERM
            setsid sleep 1000 & echo "left $!"
            (setsid sh -c 'sleep 1001 & echo "orphan $!"; exit 0' &)
            sleep 1002 & echo "child $!"
            echo "self $$"
            echo ready
            wait; wait; sleep 1003
            """#
        let running = try rig.start("shell.run", JSONWriter.string(["script": .string(script)]), grace: .seconds(2))
        #expect(running.waitForLine("stdout: ready"))
        _ = running.seen.wait(until: MonotonicClock.now() + 10_000_000_000) { seen in
            seen.lines.contains { $0.hasPrefix("stdout: orphan") } ? true : nil
        }
        let pids = running.lines.compactMap { $0.split(separator: " ").last.flatMap { Int32($0) } }
        #expect(pids.count == 4)
        rig.cancel(running)
        let outcome = try running.outcome()
        #expect(outcome.outcomeClass == .cancelled)
        #expect(outcome.code == "call.cancelled")
        #expect(pids.filter(ShellTests.isAlive) == [])
        #expect(rig.reports.withLock { $0 }.filter { if case .abandoned = $0 { true } else { false } } == [])
    }

    @Test func deadlineAndPoliteEnd() throws {
        let rig = try ShellRig()
        let script = #"trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done"#
        let input = JSONWriter.string(["script": .string(script)])
        let running = try rig.start("shell.run", input, deadline: MonotonicClock.now() + 300_000_000)
        let outcome = try running.outcome()
        #expect(outcome.outcomeClass == .timeout)
        #expect(outcome.output["stdout"] == "ready\nbye" || outcome.output["stdout"] == "")
    }

    @Test func whatWaitsForAPlaceCanBeCancelled() throws {
        let rig = try ShellRig(maxProcesses: 1)
        let first = try rig.start("shell.run", #"{"script":"echo ready; sleep 1000"}"#)
        #expect(first.waitForLine("stdout: ready"))
        let second = try rig.start("shell.run", #"{"argv":["true"]}"#)
        let third = try rig.start("shell.script", #"{"interpreter":"sh","script":"echo third"}"#)
        rig.cancel(second)
        let ended = try second.outcome()
        #expect(ended.outcomeClass == .cancelled && ended.effect == .none)
        #expect(third.seen.withLock { $0.outcome } == nil)
        rig.cancel(first)
        #expect(try first.outcome().outcomeClass == .cancelled)
        #expect(try third.outcome().output["stdout"] == "third")
    }

    @Test func backgroundProcessesOutliveTheirStageAndNotTheEngine() throws {
        var pid: Int32 = 0
        do {
            let rig = try ShellRig()
            let (outcome, lines) = try rig.run("shell.run", #"{"script":"sleep 1000 & echo $!"}"#)
            #expect(outcome.outcomeClass == .ok)
            #expect(lines.contains { $0.contains("a background process still holds stdout") })
            pid = Int32(outcome.output["stdout"]?.stringValue ?? "") ?? 0
            #expect(pid > 1 && Self.isAlive(pid))
        }
        #expect(!Self.isAlive(pid))
    }

    @Test func manyAtOnceEndOnce() throws {
        let rig = try ShellRig()
        let started = MonotonicClock.now()
        let count = 300
        let all = try (0..<count).map { number in
            try rig.start(
                number % 2 == 0 ? "shell.run" : "shell.script", #"{"script":"echo \#(number)","interpreter":"sh"}"#)
        }
        let said = try all.map { try $0.outcome().output["stdout"]?.stringValue }
        #expect(said == (0..<count).map { String($0) })
        print("shell: \((MonotonicClock.now() - started) / Int64(count) / 1000) µs a script of \(count) at once")
    }

    @Test func aKilledGuardianIsToldAndReplaced() throws {
        let rig = try ShellRig()
        let running = try rig.start("shell.run", #"{"script":"echo $PPID; echo ready; sleep 1000"}"#)
        #expect(running.waitForLine("stdout: ready"))
        let guardian = try #require(running.lines.first.flatMap { $0.split(separator: " ").last }.flatMap { Int32($0) })
        #expect(ProcessTable.name(of: guardian)?.hasPrefix("batten-guardian") == true)
        _ = try rig.run("shell.run", #"{"argv":["true"]}"#)
        let killer = try ShellRig()
        _ = try killer.run("shell.run", #"{"script":"kill -9 \#(guardian)"}"#)
        let outcome = try running.outcome()
        #expect(outcome.outcomeClass == .transient && outcome.code == "shell.guardian")
        let again = try rig.run("shell.run", #"{"script":"echo again"}"#).outcome
        #expect(again.output["stdout"] == "again", "\(again)")
    }

    @Test func aMissingGuardianIsExplained() throws {
        let rig = try ShellRig(guardian: "/no/such/guardian")
        let outcome = try rig.run("shell.run", #"{"argv":["true"]}"#).outcome
        #expect(outcome.code == "shell.guardian" && outcome.effect == .none)
        #expect(outcome.message.contains("/no/such/guardian cannot be started: No such file"))
    }

    /// An engine that is killed takes its processes with it, and the next engine starts nothing before they are gone.
    @Test func aKilledEngineLeavesNothingRunning() async throws {
        let state = try FileSystem.makeTemporaryFolder(prefix: "/tmp/batten-shell-test-")
        defer { try? FileSystem.removeTree(state) }
        await #expect(processExitsWith: .signal(SIGKILL)) { [state = state as String] in
            let rig = try ShellRig(state: state)
            let script = #"""
                trap '' TERM HUP
                echo $$ > "$STATE/pids.new"; (setsid sh -c 'echo $$ >> "$STATE/pids.new"; exec sleep 1000' &)
                until [ $(wc -l < "$STATE/pids.new") = 2 ]; do :; done
                mv "$STATE/pids.new" "$STATE/pids"; echo ready; sleep 1001
                """#
            let running = try rig.start(
                "shell.run", JSONWriter.string(["script": .string(script)]), env: [("STATE", state)])
            #expect(running.waitForLine("stdout: ready"))
            kill(getpid(), SIGKILL)
        }
        let text = String(decoding: try FileSystem.read("\(state)/pids"), as: UTF8.self)
        let pids = text.split(separator: "\n").compactMap { Int32($0) }
        #expect(pids.count == 2)
        let rig = try ShellRig(state: state)
        let check = "for p in \(pids[0]) \(pids[1]); do kill -0 $p 2>&- && echo $p; done; true"
        let outcome = try rig.run("shell.run", JSONWriter.string(["script": .string(check)])).outcome
        #expect(outcome.output["stdout"] == "")
        #expect(try FileSystem.list(state).count == 2)
    }

    @Test func nothingIsLeftInTheStateFolder() throws {
        let rig = try ShellRig()
        for _ in 0..<3 { _ = try rig.run("shell.run", #"{"script":"echo a=1 > \"$BATTEN_OUTPUT\""}"#) }
        let folders = try FileSystem.list(rig.state)
        #expect(folders.count == 1)
        #expect(try FileSystem.list("\(rig.state)/\(folders.first ?? "")") == ["lock"])
        rig.host.shutdown(within: .seconds(5))
        #expect(try FileSystem.list(rig.state) == [])
    }

    /// Whether a process runs: one that has ended and was not reaped yet does not.
    static func isAlive(_ pid: Int32) -> Bool {
        guard let bytes = try? FileSystem.read("/proc/\(pid)/stat") else { return false }
        let text = String(decoding: bytes, as: UTF8.self)
        let state = text.split(separator: ")").last?.first { $0 != " " }
        return state != "Z" && state != "X"
    }
}
