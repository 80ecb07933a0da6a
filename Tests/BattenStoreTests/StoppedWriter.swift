import BattenSystem
import Glibc

@testable import BattenStore

/// A process that stops in the middle of writing.
enum StoppedWriter {
    /// Takes the write lock, tells its process id, and stops until it is killed.
    static func stopInsideTransaction(_ path: String, announce pipe: String) throws {
        let connection = try Connection(StateFolder(path).database, .write)
        try connection.execute("BEGIN IMMEDIATE; UPDATE runs SET status = status")
        try FileSystem.open(pipe, .overwrite).write(Array("\(getpid())".utf8))
        raise(SIGSTOP)
    }
}
