internal import BattenPlugin
internal import Glibc

/// One call of an executor on its way: what it runs, what it wrote, how it ended.
///
/// Belongs to its loop's thread.
final class Job {
    /// One of the two outputs of a process.
    final class Output {
        let channel: String
        var descriptor: Int32 = -1
        var watch: Watch?
        var captured: [UInt8] = []
        /// What the host had no room for.
        var stalled: [UInt8] = []

        init(channel: String) {
            self.channel = channel
        }

        var isOpen: Bool { descriptor >= 0 }

        /// Ends the reading.
        func close() {
            guard isOpen else { return }
            watch?.cancel()
            watch = nil
            Glibc.close(descriptor)
            descriptor = -1
        }

        /// The text without the newlines at its end.
        var text: String {
            var end = captured.count
            while end > 0, captured[end - 1] == 0x0A || captured[end - 1] == 0x0D { end -= 1 }
            return String(decoding: captured[..<end], as: UTF8.self)
        }
    }

    /// Where a job is.
    enum State {
        /// It waits for a place; the ticket names it there.
        case queued(ticket: UInt64)
        /// The guardian was asked, or will be as soon as there is room.
        case running
        /// Its process has ended; its output may still be open.
        case ended(Ending, pid: Int32)
        /// The call is complete.
        case over
    }

    let call: Call<JSON>
    let command: Command
    let outputs = [Output(channel: "stdout"), Output(channel: "stderr")]
    var state = State.running
    /// Why it was asked to end.
    var stop: StopReason?
    /// Whether it wrote more than it may.
    var isTooMuch = false
    /// What ends the wait: for the end after SIGTERM, or for open output after the end.
    var timer: LoopTimer?
    /// The file of `$BATTEN_OUTPUT`; it exists only once something was written to it.
    var outputPath = ""
    /// The file of a long script.
    var scriptPath = ""
    /// The `PATH` the process has.
    var searchPath = ""
    /// The folder it starts in.
    var folder = ""

    init(call: Call<JSON>, command: Command) {
        self.call = call
        self.command = command
    }

    /// The variable by which the guardian knows all processes of the call.
    var mark: String { "BATTEN_OUTPUT=\(outputPath)" }

    /// How many bytes the process has written.
    var written: Int { outputs[0].captured.count + outputs[1].captured.count }

    /// Reads the values file, deletes what files there are, and says what the call's outcome is.
    func outcome(_ ending: Ending) -> Result<JSON, Failure> {
        defer { removeFiles() }
        var members: JSONObject = [:]
        if case .exited(let code) = ending { members["exit_code"] = .integer(Int64(code)) }
        members["stdout"] = .string(outputs[0].text)
        members["stderr"] = .string(outputs[1].text)
        func failed(_ failure: Failure) -> Result<JSON, Failure> {
            var failure = failure
            if case .notStarted = ending { return .failure(failure) }
            failure.output = .object(members)
            return .failure(failure)
        }
        if let stop {
            if case .notStarted = ending { return failed(.stopped(stop, effect: .none)) }
            return failed(.stopped(stop))
        }
        if isTooMuch {
            return failed(
                Failure(
                    .failed, code: "shell.limit.output",
                    "\(command.name) was ended because it wrote more than max_output_bytes (\(command.outputBytes))"
                        + " to stdout and stderr: raise the limit, or write to a file"))
        }
        let hint = outputs[1].text.split(separator: "\n").last.map { String($0.prefix(300)) } ?? ""
        if let failure = Verdict.failure(
            of: ending, command: command, folder: folder, path: searchPath, hint: hint)
        {
            return failed(failure)
        }
        do throws(Failure) {
            if command.options.parse == .json { members["json"] = try parsed() }
            for value in try values() { members[value.name] = value.value }
        } catch {
            return failed(error)
        }
        return .success(.object(members))
    }

    private func parsed() throws(Failure) -> JSON {
        do throws(JSONError) {
            return try JSON(parsing: outputs[0].captured)
        } catch {
            throw Failure(
                .failed, code: "shell.parse", "stdout is not JSON, as `parse: json` wants it: \(error)", effect: .made)
        }
    }

    private func values() throws(Failure) -> JSONObject {
        guard !outputPath.isEmpty else { return [:] }
        let descriptor = open(outputPath, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT {
                outputPath = ""
                return [:]
            }
            throw Failure(
                .failed, code: "shell.output_file",
                "the file $BATTEN_OUTPUT cannot be read: \(SystemText.of(errno))", effect: .made)
        }
        defer { Glibc.close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= OutputValues.largest {
            let got = read(descriptor, &part, part.count)
            if got <= 0 { break }
            bytes += part[..<got]
        }
        guard bytes.count <= OutputValues.largest else {
            throw Failure(
                .failed, code: "shell.output_file",
                "the file $BATTEN_OUTPUT is larger than 1 MiB: put large values into files and pass their paths",
                effect: .made)
        }
        return bytes.isEmpty ? [:] : try OutputValues.parse(String(decoding: bytes, as: UTF8.self))
    }

    private func removeFiles() {
        if !outputPath.isEmpty { unlink(outputPath) }
        if !scriptPath.isEmpty { unlink(scriptPath) }
    }
}
