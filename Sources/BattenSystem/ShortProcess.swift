internal import CLinux
internal import Glibc

/// Another program that is run for its answer and waited for.
public struct ShortProcess: Sendable {
    /// How it ended.
    public enum End: Sendable, Hashable {
        case exited(Int32)
        /// A signal ended it.
        case signalled(Int32)
        /// It took too long and was killed.
        case timedOut
    }

    /// What it left behind.
    public struct Result: Sendable, Hashable {
        /// How it ended.
        public var end: End
        /// What it wrote to standard output, up to the limit.
        public var output: [UInt8]
        /// What it wrote to standard error, up to the limit.
        public var errors: [UInt8]
        /// Whether it wrote more than the limit to one of them.
        public var isCut: Bool
    }

    /// Path of the program.
    public var program: String
    /// Its arguments, without its own name.
    public var arguments: [String]
    /// Its whole environment.
    public var environment: [String: String]
    /// The folder it starts in; nil is this process's.
    public var directory: String?
    /// Descriptors it gets besides the standard ones, as numbers from 3 on.
    public var inherited: [Int32]
    /// Bytes kept of each stream.
    public var limit: Int

    /// Describes a process that has nothing to read.
    public init(
        _ program: String, _ arguments: [String], environment: [String: String], directory: String? = nil,
        inherited: [Int32] = [], limit: Int = 16 << 20
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.inherited = inherited
        self.limit = limit
    }

    /// Starts it, and waits until it and everything it started in its process group has ended or been killed.
    ///
    /// - Throws: ``SystemError`` when it cannot be started.
    public func run(within time: Duration) throws(SystemError) -> Result {
        var output = try Pipe()
        var errors = try Pipe()
        let process = try start(output: output.writeEnd, errors: errors.writeEnd)
        output.closeWriteEnd()
        errors.closeWriteEnd()
        let deadline = MonotonicClock.adding(time, to: MonotonicClock.now())
        var result = Result(end: .timedOut, output: [], errors: [], isCut: false)
        let watch = linux_pidfd(process)
        defer { if watch >= 0 { close(watch) } }
        var hasEnded = false
        var open = (true, true)
        while open.0 || open.1 {
            var polled = [
                pollfd(fd: open.0 ? output.readEnd : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: open.1 ? errors.readEnd : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: hasEnded ? -1 : watch, events: Int16(POLLIN), revents: 0),
            ]
            let left = (deadline - MonotonicClock.now()) / 1_000_000
            if left <= 0 { break }
            let count = unsafe poll(&polled, 3, hasEnded ? 0 : Int32(clamping: left))
            if count < 0, errno != EINTR { break }
            // What its descendants keep open is not waited for once it has ended.
            if count == 0, hasEnded { break }
            if polled[2].revents != 0 { hasEnded = true }
            if polled[0].revents != 0 { open.0 = Self.take(output.readEnd, &result.output, limit, &result.isCut) }
            if polled[1].revents != 0 { open.1 = Self.take(errors.readEnd, &result.errors, limit, &result.isCut) }
        }
        result.end = Self.await(process, watch: watch, until: deadline)
        return result
    }

    private static func take(_ descriptor: Int32, _ bytes: inout [UInt8], _ limit: Int, _ isCut: inout Bool) -> Bool {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let count = unsafe read(descriptor, &chunk, chunk.count)
        if count < 0 { return errno == EINTR || errno == EAGAIN }
        if count == 0 { return false }
        let room = max(0, limit - bytes.count)
        if count > room { isCut = true }
        bytes.append(contentsOf: chunk[..<min(count, room)])
        return true
    }

    /// Waits for the end of the process, kills it at the deadline, and kills what is left of its group.
    private static func await(_ process: pid_t, watch: Int32, until deadline: Int64) -> End {
        var isLate = false
        if watch >= 0 {
            while true {
                var polled = pollfd(fd: watch, events: Int16(POLLIN), revents: 0)
                let left = max(0, (deadline - MonotonicClock.now()) / 1_000_000)
                let count = unsafe poll(&polled, 1, Int32(clamping: left))
                if count < 0, errno == EINTR { continue }
                isLate = count == 0
                break
            }
        }
        if isLate { kill(-process, SIGKILL) }
        var status: Int32 = 0
        while unsafe waitpid(process, &status, 0) < 0 && errno == EINTR {}
        if !isLate { kill(-process, SIGKILL) }
        if isLate { return .timedOut }
        return status & 0x7f == 0 ? .exited((status >> 8) & 0xff) : .signalled(status & 0x7f)
    }

    private func start(output: Int32, errors: Int32) throws(SystemError) -> pid_t {
        let nothing = try FileSystem.open("/dev/null")
        let descriptors = [nothing.rawValue, output, errors] + inherited
        let argv = unsafe Self.texts([program] + arguments)
        let envp = unsafe Self.texts(environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" })
        defer {
            unsafe Self.free(argv)
            unsafe Self.free(envp)
        }
        return try checked("start \(program)") {
            unsafe linux_start(program, argv, envp, directory, descriptors, Int32(descriptors.count))
        }
    }

    /// Texts as C has them, with a null pointer at the end.
    private static func texts(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
        unsafe texts.map { unsafe strdup($0) } + [nil]
    }

    private static func free(_ texts: [UnsafeMutablePointer<CChar>?]) {
        for index in unsafe texts.indices { unsafe Glibc.free(texts[index]) }
    }

    /// Two ends, both closed on exec.
    private struct Pipe: ~Copyable {
        let readEnd: Int32
        private(set) var writeEnd: Int32

        init() throws(SystemError) {
            var ends: (Int32, Int32) = (-1, -1)
            try checked("make a pipe") { unsafe linux_blocking_pipe(&ends.0, &ends.1) }
            (readEnd, writeEnd) = ends
        }

        mutating func closeWriteEnd() {
            close(writeEnd)
            writeEnd = -1
        }

        deinit {
            close(readEnd)
            if writeEnd >= 0 { close(writeEnd) }
        }
    }
}
