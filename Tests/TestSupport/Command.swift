public import BattenSystem
import Glibc

/// Runs other programs and waits for them.
public enum Command {
    /// What a program left behind.
    public struct Result: Sendable {
        /// Exit status; 128 and the signal's number for a program that a signal ended.
        public let status: Int32
        /// Everything it wrote to standard output, then to standard error.
        public let output: String
    }

    /// Runs a program found in PATH, with nothing to read.
    ///
    /// - Parameters:
    ///   - arguments: the program and its arguments.
    ///   - folder: where a file for its output is made for a moment.
    /// - Throws: ``SystemError`` when it cannot be started.
    public static func run(_ arguments: [String], folder: String = "/tmp") throws(SystemError) -> Result {
        let scratch = try FileSystem.makeTemporaryFolder(prefix: "\(folder)/batten-command-")
        defer { try? FileSystem.removeTree(scratch) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for (descriptor, name) in [(Int32(1), "out"), (Int32(2), "err")] {
            posix_spawn_file_actions_addopen(
                &actions, descriptor, "\(scratch)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for argument in argv { free(argument) } }
        // Test threads block signals; a program that inherits that cannot be asked to end.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var process = pid_t()
        let code = posix_spawnp(&process, arguments.first ?? "", &actions, &attributes, &argv, environ)
        guard code == 0 else { throw SystemError("run \(arguments.first ?? "nothing")", code: code) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        let exit = status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
        let text = try FileSystem.read("\(scratch)/out") + FileSystem.read("\(scratch)/err")
        return Result(status: exit, output: String(decoding: text, as: UTF8.self))
    }
}
