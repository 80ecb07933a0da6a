internal import BattenPlugin
internal import CShell
internal import Glibc
internal import Synchronization

/// The guardian process of this engine: begun with the first channel, begun again if it was killed.
final class Guardian: Sendable {
    private struct Running {
        var control: Int32
        var pid: Int32
        var lock: Int32
        var folder: String
    }

    private let path: String?
    private let base: String?
    private let host: Host
    private let running = Mutex<Running?>(nil)

    init(path: String?, base: String?, host: Host) {
        self.path = path
        self.base = base
        self.host = host
    }

    /// A channel to the guardian, and the folder that both use.
    ///
    /// - Throws: ``Failure`` without effect if the guardian cannot be started.
    func channel() throws(Failure) -> (descriptor: Int32, folder: String) {
        let result: Result<(Int32, String), Failure> = running.withLock { running in
            do throws(Failure) {
                if let known = running {
                    let descriptor = cshell_open_channel(known.control)
                    if descriptor >= 0 { return .success((descriptor, known.folder)) }
                    Self.leave(known)
                    running = nil
                }
                let begun = try begin()
                running = begun
                let descriptor = cshell_open_channel(begun.control)
                guard descriptor >= 0 else { throw Self.failure("a channel to it cannot be opened", -descriptor) }
                return .success((descriptor, begun.folder))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    private func begin() throws(Failure) -> Running {
        let base = base ?? Self.defaultBase
        var folder = [CChar](repeating: 0, count: 512)
        let lock = cshell_make_folder(base, &folder, folder.count)
        guard lock >= 0 else {
            throw Self.failure(
                "its folder below \(base) cannot be made (set the plugin's state_dir to a folder of your own)", -lock)
        }
        let program = if let path { path } else { try Self.besideThePlugin() }
        var control: Int32 = -1
        var pid: Int32 = 0
        let error = cshell_start_guardian(program, folder, &control, &pid)
        let made = Running(control: control, pid: pid, lock: lock, folder: Self.text(folder))
        guard error == 0 else {
            unlink("\(made.folder)/lock")
            rmdir(made.folder)
            close(lock)
            throw Self.failure("\(program) cannot be started", error)
        }
        host.log(.debug, "started the guardian", fields: ["pid": .integer(Int64(pid)), "folder": .string(made.folder)])
        return made
    }

    private static func besideThePlugin() throws(Failure) -> String {
        var path = [CChar](repeating: 0, count: 4096)
        guard cshell_guardian_path(&path, path.count) != 0 else {
            throw failure("batten-guardian is not beside the plugin (set the plugin's guardian to its path)", ENOENT)
        }
        return text(path)
    }

    private static func text(_ bytes: [CChar]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Where the folders of all engines of this user are, unless the configuration says otherwise.
    private static var defaultBase: String {
        if let runtime = getenv("XDG_RUNTIME_DIR"), runtime.pointee != 0 {
            return String(cString: runtime) + "/batten-shell"
        }
        let temporary = getenv("TMPDIR").map { String(cString: $0) } ?? ""
        return (temporary.isEmpty ? "/tmp" : temporary) + "/batten-shell-\(geteuid())"
    }

    private static func failure(_ what: String, _ error: Int32) -> Failure {
        Failure(
            .failed, code: "shell.guardian",
            "the guardian, which starts all processes, does not work: \(what): \(SystemText.of(error))", effect: .none)
    }

    private static func leave(_ running: Running) {
        close(running.control)
        _ = cshell_await_guardian(running.pid, 0)
        close(running.lock)
    }

    /// Ends the guardian and with it every process that is left.
    func end(by deadline: MonotonicTime) {
        let left = running.withLock { running -> Running? in
            defer { running = nil }
            return running
        }
        guard let left else { return }
        close(left.control)
        let milliseconds = deadline.remaining.map { min($0, .seconds(60)) / .milliseconds(1) } ?? 60_000
        _ = cshell_await_guardian(left.pid, Int32(milliseconds))
        close(left.lock)
    }
}

/// Texts of the system's error numbers.
enum SystemText {
    /// What an error number means.
    static func of(_ number: Int32) -> String {
        String(cString: strerror(number))
    }
}
