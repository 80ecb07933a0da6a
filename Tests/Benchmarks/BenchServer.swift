import Glibc

/// A server in Python on loopback, in a process of its own, so that its sockets and its work do not count as the client's.
final class BenchServer: Sendable {
    /// The port that it listens on.
    let port: Int
    private let output: Int32
    private let input: Int32
    private let child: pid_t

    /// Starts a server.
    ///
    /// - Parameter script: prints its port first.
    init(_ script: String) throws {
        var down: [Int32] = [0, 0]
        var up: [Int32] = [0, 0]
        guard pipe(&down) == 0, pipe(&up) == 0 else { throw BenchError("no descriptors left") }
        for descriptor in down + up { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, down[0], 0)
        posix_spawn_file_actions_adddup2(&actions, up[1], 1)
        let arguments: [String] = ["/usr/bin/env", "python3", "-c", script]
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        defer { for word in words { free(word) } }
        words.append(nil)
        var child = pid_t()
        guard posix_spawn(&child, "/usr/bin/env", &actions, nil, words, environ) == 0 else {
            throw BenchError("python3 cannot be started")
        }
        self.child = child
        close(down[0])
        close(up[1])
        input = up[0]
        output = down[1]
        guard let port = Int(Self.line(from: up[0])) else { throw BenchError("the server gave no port") }
        self.port = port
    }

    deinit {
        kill(child, SIGKILL)
        var status: Int32 = 0
        waitpid(child, &status, 0)
    }

    /// The next line that it prints, once it does.
    func line() -> String { Self.line(from: input) }

    /// Sends it an empty line.
    func release() { _ = write(output, "\n", 1) }

    private static func line(from descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(descriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
