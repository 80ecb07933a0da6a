public import BattenCore
public import BattenSystem

/// What the program `batten-worker` does; it is the one process besides the host that loads plugins.
public enum WorkerProgram {
    /// Takes rights away from this process before a plugin is loaded: the plugin's file, its capabilities as data, and
    /// the limits it is given as data.
    public typealias Confine = (_ plugin: String, _ capabilities: JSONValue, _ limits: JSONValue) throws(SystemError) ->
        Void

    /// Exit status of a worker that could not do what it was started for.
    public static let failure: Int32 = 1

    /// Loads a plugin with no capabilities at all and prints its descriptor as JSON on the standard output.
    ///
    /// - Parameters:
    ///   - path: a file named `libbatten-plugin-<id>.so`.
    ///   - copy: where the bytes are that are loaded, for example a descriptor under /proc; nil is the file itself.
    ///   - confine: is called before anything of the file runs.
    /// - Returns: the exit status; a refusal is printed as `{"error": {"code", "message", "help"}}` with status 1.
    public static func probe(_ path: String, from copy: String? = nil, confine: Confine) -> Int32 {
        do throws(PluginError) {
            let name = path.split(separator: "/").last.map(String.init) ?? path
            guard let id = PluginFolders.pluginID(ofFile: name) else {
                throw PluginError(
                    .badDescriptor, "\(path) is not named like a plugin", help: "name it libbatten-plugin-<id>.so")
            }
            do throws(SystemError) {
                try confine(path, [:], [:])
            } catch {
                throw notConfined(path, error)
            }
            let descriptor = try PluginLoader.load(PluginFile(id: id, path: path, isBundled: false), from: copy)
            return say(DescriptorDocument.encode(descriptor), status: 0)
        } catch {
            let document: JSONValue = .object([
                "error": .object([
                    "code": .string(error.code.rawValue),
                    "message": .string(error.cause.isEmpty ? error.message : "\(error.message): \(error.cause)"),
                    "help": .string(error.help),
                ])
            ])
            return say(document, status: failure)
        }
    }

    /// Serves the calls of the host at the other end of descriptor 3, until it says so or is gone.
    ///
    /// - Parameter confine: is called before anything of the plugin's file runs, while there is one thread.
    /// - Returns: the exit status of a worker that could not begin.
    public static func serve(confine: Confine) -> Int32 {
        let socket: Int32 = 3
        do {
            StandardStream.surviveClosedPipes()
            try ProcessLife.endWithParent(socket: socket)
            let parent = try? ProcessLife.parent()
            let reader = FrameReader(isFromHost: true)
            guard let hello = try hello(from: socket, reader) else { return failure }
            // It was seen or not: if it has ended before, so has the other end of the socket.
            if ProcessLife.hasHungUp(socket) { return failure }
            return try serve(hello, WorkerServer(socket: socket, reader: reader), parent?.release() ?? -1, confine)
        } catch {
            let reason = (error as? FrameFault)?.rule ?? String(describing: error)
            _ = StandardStream.error.write(Array("batten-worker: \(reason)\n".utf8))
            return failure
        }
    }

    /// Waits for the first frame; nil when the host is gone.
    private static func hello(from socket: Int32, _ reader: FrameReader) throws -> WorkerHello? {
        while true {
            if let frame = try reader.next() {
                guard frame.kind == .hello else { throw FrameFault("a \(frame.kind) frame came before the hello") }
                var hello: WorkerHello
                if frame.isInMemory {
                    let file = try reader.takeDescriptor()
                    hello = unsafe try MemoryFile.withBytes(of: file.rawValue) { bytes in
                        Result { () throws(FrameFault) in unsafe try WorkerHello(bytes) }
                    }.get()
                } else {
                    hello = unsafe try WorkerHello(frame.body)
                }
                // The loader knows the library by this number from now on, so that it stays open.
                if frame.hasBlob { hello.copy = try reader.takeDescriptor().release() }
                return hello
            }
            switch try reader.receive(from: socket, waits: true) {
            case .moved, .wouldBlock: continue
            case .ended: return nil
            case .failed(let error): throw error
            }
        }
    }

    private static func serve(
        _ hello: WorkerHello, _ server: WorkerServer, _ parent: Int32, _ confine: Confine
    ) throws -> Int32 {
        do throws(PluginError) {
            do throws(SystemError) {
                try confine(hello.path, hello.capabilities, hello.limits)
            } catch {
                throw notConfined(hello.path, error)
            }
            ProcessLife.reportCrashes()
            do throws(SystemError) {
                // From here on code of the plugin may run; whatever it does, the host's end is this process's end.
                try Thread.detach(name: "batten-guard", stackSize: 64 << 10) {
                    // Not for the socket where there is a choice: waiting would keep it open when a plugin closes it.
                    if parent >= 0 {
                        ProcessLife.waitForEnd(of: Descriptor(owning: parent))
                    } else {
                        ProcessLife.waitForHangup(server.socket)
                    }
                    ProcessLife.killOwnSession()
                }
            } catch {
                throw notConfined(hello.path, error)
            }
            let descriptor = try server.load(hello)
            server.outbox.add(.ready, token: 0) { JSONWriter.append(DescriptorDocument.encode(descriptor), to: &$0) }
        } catch {
            server.outbox.add(.refused, token: 0) { JSONWriter.append(error.json, to: &$0) }
            _ = server.outbox.flush()
            return failure
        }
        _ = server.outbox.flush()
        try server.start()
        // The loop and the guard end the process.
        _ = Monitor(false).wait { $0 ? true : nil }
        return 0
    }

    private static func notConfined(_ path: String, _ error: SystemError) -> PluginError {
        PluginError(
            .notConfined, "the plugin \(path) is not loaded because this process could not be confined",
            help: "`batten doctor` says what this kernel offers", cause: error.description)
    }

    private static func say(_ document: JSONValue, status: Int32) -> Int32 {
        let result = StandardStream.output.write(JSONWriter.bytes(document) + [UInt8(ascii: "\n")])
        return result == .written ? status : failure
    }
}
