import BattenCore
import BattenPluginHost
import BattenSystem
import Testing

/// Worker programs that do not keep to the frames: each ends with a verdict that names what it did, and the host goes on.
@Suite struct HostileWorkerTests {
    /// What a false worker does once it was told which plugin it serves; Python, with `frame(kind, flags, token, body)`,
    /// `send(bytes)`, `ready()` and `call()`, which waits for a call and answers its token.
    static let deeds: [(script: String, says: String)] = [
        ("os._exit(9)", "left with status 9"),
        ("os.kill(os.getpid(), 11)", "SIGSEGV"),
        ("os.close(3); time.sleep(60)", "closed its socket"),
        ("send(b'garbage that is no frame at all, ' * 10); wait()", "there is no frame of kind"),
        ("send(struct.pack('<IHHQ', 0xffffffff, 101, 0, 0)); wait()", "its body has 4294967295 bytes"),
        ("send(struct.pack('<IHHQ', 10, 101, 0, 0) + b'x'); os._exit(0)", "left with status 0"),
        ("frame(1, 0, 0, b'{}'); wait()", "there is no frame of kind 1 in this direction"),
        ("frame(999, 0, 0, b''); wait()", "there is no frame of kind 999"),
        ("frame(101, 0x8000, 0, b'{}'); wait()", "unknown flags"),
        ("frame(101, 0, 0, b'not json'); wait()", "no JSON document"),
        ("frame(101, 0, 0, b'{\"format\":1}'); wait()", "something else of itself"),
        ("frame(101, 1, 0, b''); wait()", "names a descriptor that did not come"),
        ("frame(102, 0, 0, b'[]'); wait()", "a refusal has the wrong shape"),
        ("frame(103, 2, 5, b''); wait()", "names a descriptor that did not come"),
        ("frame(108, 2, 5, b''); wait()", "brings a blob"),
        ("ready(); ready(); wait()", "says twice that it is ready"),
        ("ready(); frame(103, 0, call(), b'short'); wait()", "an outcome has the wrong shape"),
        (
            "ready(); t = call(); frame(103, 0, t, struct.pack('<IIqIIIIQ', 100, 1, -1, 0xffffffff, 0, 0, 0, 0)); wait()",
            "an outcome has the wrong shape"
        ),
        ("ready(); frame(104, 0, call(), b'{\"class\":\"wonderful\"}'); wait()", "an outcome has the wrong shape"),
        ("ready(); frame(105, 0, call(), struct.pack('<I', 1000) + b'stdout'); wait()", "which is not its shape"),
        ("ready(); frame(108, 0, call(), struct.pack('<qI', -5, 1) + b'm' + b'\\0\\0\\0\\0'); wait()", "not its shape"),
        ("ready(); frame(109, 0, call(), b'x' * 0x100000 + b''); frame(111, 0, 0, b'\\x09'); wait()", "a question has"),
        (
            "ready(); frame(110, 0, 0, struct.pack('<I', 3) + b'odd' + b'\\0\\0\\0\\0'); wait()",
            "there is no report odd"
        ),
        ("ready(); call(); passing(70); wait()", "descriptors came without frames"),
        ("ready(); call(); unsealed(); wait()", "not sealed"),
        ("ready(); os.write(1, b'\\xff\\xfe noise\\n' * 1000); call(); os._exit(4)", "left with status 4"),
    ]

    private static let prelude = """
        import array, json, os, socket, struct, subprocess, sys, time
        WORKER = %WORKER%
        if sys.argv[1] == 'probe':
            os.execv(WORKER, [WORKER] + sys.argv[1:])
        peer = socket.socket(fileno=3)
        data = b''
        def frames():
            global data
            while True:
                while len(data) >= 16:
                    length, kind, flags, token = struct.unpack('<IHHQ', data[:16])
                    if len(data) < 16 + length: break
                    body, data = data[16:16 + length], data[16 + length:]
                    yield kind, token, body
                more, descriptors, _, _ = socket.recv_fds(peer, 65536, 8)
                if not more: os._exit(0)
                data += more
        incoming = frames()
        def send(bytes):
            try: peer.sendall(bytes)
            except OSError: os._exit(0)
        def frame(kind, flags, token, body): send(struct.pack('<IHHQ', len(body), kind, flags, token) + body)
        def ready(): frame(101, 0, 0, DESCRIPTOR)
        def call():
            for kind, token, body in incoming:
                if kind == 3: return token
        def wait():
            for _ in incoming: pass
        def passing(count):
            ends = [os.open('/dev/null', 0) for _ in range(count)]
            for start in range(0, count, 10):
                socket.send_fds(peer, [struct.pack('<IHHQ', 0, 112, 0, 0)], ends[start:start + 10])
        def unsealed():
            file = os.memfd_create('body')
            os.write(file, b'x' * 100)
            socket.send_fds(peer, [struct.pack('<IHHQ', 0, 103, 1, 7)], [file])
        hello = json.loads(next(incoming)[2])
        path = hello['path']
        DESCRIPTOR = subprocess.run([WORKER, 'probe', path], stdout=subprocess.PIPE).stdout.strip()

        """

    @Test(arguments: deeds) func costsTheWorkerAndNobodyElse(_ deed: (script: String, says: String)) throws {
        let folder = FileSystem.parent(of: ProcessEnvironment.executablePath) ?? "."
        let fixture = try HostFixture(["poison", "noop"], isolation: .workerPerCall) { settings in
            settings.isolation["noop"] = .worker
        }
        let script = "\(fixture.folder)/worker"
        let text = "#!/usr/bin/env python3\n" + Self.prelude + deed.script + "\n"
        let program = text.split(separator: "%WORKER%", omittingEmptySubsequences: false)
            .joined(separator: "'\(folder)/batten-worker'")
        try FileSystem.writeAtomically(Array(program.utf8), to: script, mode: 0o755)
        // The other plugin has the true program, in a host of its own.
        #expect(fixture.call("noop.run")?.outcomeClass == .ok)
        var settings = fixture.host.settings
        settings.workerPath = script
        let host = PluginHost(settings)
        let sink = RecordingSink()
        let started = MonotonicClock.now()
        _ = host.start(
            ExecutorCall(
                tag: 1, executor: "poison.go", run: "run", stage: "stage", idempotencyKey: "key",
                input: ["do": "pid"]), sink: sink)
        let outcome = try #require(sink.outcomes(1)?.first?.outcome)
        #expect(outcome.outcomeClass == .crashed, "\(outcome)")
        #expect(outcome.message.contains(deed.says), "\(outcome.message)")
        #expect(MonotonicClock.now() - started < 90_000_000_000)
        #expect(fixture.call("noop.run")?.outcomeClass == .ok)
        host.shutdown(within: .seconds(3))
        #expect(host.workerProcesses.isEmpty)
        #expect(sink.soFar.count == 1)
    }
}
