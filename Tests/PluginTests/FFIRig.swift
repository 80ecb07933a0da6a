import BattenCore
import BattenPluginHost
import BattenSystem
import Synchronization
import Testing

/// The plugin ffi in the real plugin host.
final class FFIRig {
    let host: PluginHost
    private let isForeign: Bool

    /// The tests' own library of C functions.
    static let library = "\(ShellRig.buildFolder)/libfixture-functions.so"

    /// - Parameter isolation: nil is the plugin's own.
    /// - Parameter isForeign: whether the runs are some that nobody at this machine started.
    init(config: String = "{}", isolation: IsolationMode? = nil, isForeign: Bool = false) throws {
        self.isForeign = isForeign
        host = PluginHost(
            HostSettings(
                bundledFolder: ShellRig.buildFolder, isolation: isolation.map { ["ffi": $0] } ?? [:],
                configurations: ["ffi": try JSONReader.parse(config)]))
    }

    deinit {
        host.shutdown(within: .seconds(5))
    }

    /// Makes one call and waits for its end.
    func run(_ input: JSONValue, folder: String? = nil) throws -> StageOutcome {
        try start(input, folder: folder).outcome()
    }

    /// Begins a call.
    func start(
        _ input: JSONValue, folder: String? = nil, grace: Duration = .seconds(5)
    ) throws -> ShellRig.Running {
        let running = ShellRig.Running()
        let call = ExecutorCall(
            tag: 1, executor: "ffi.call", config: isForeign ? ["listed_only": true] : [:], run: "run-1",
            stage: "stage-1", idempotencyKey: "key", grace: grace,
            input: input, workingDirectory: folder)
        let handle = host.start(call, sink: running)
        running.handle.withLock { $0 = handle }
        return running
    }

    /// Calls one function of a library, by default of the tests' own.
    func call(
        _ signature: String, _ arguments: String = "[]", of library: String = FFIRig.library, types: String = "{}",
        more: [(String, JSONValue)] = []
    ) throws -> StageOutcome {
        var input: JSONObject = [
            "library": .string(library), "signature": .string(signature), "arguments": try JSONReader.parse(arguments),
            "types": try JSONReader.parse(types),
        ]
        for (name, value) in more { input[name] = value }
        return try run(.object(input))
    }
}
