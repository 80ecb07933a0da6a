internal import BattenPlugin
internal import CShell
internal import Glibc

/// The processes of one executor instance, all on its loop's thread.
final class Processes: @unchecked Sendable {
    // SAFETY: begin, cancel and every callback come on one loop thread; close posts to it.

    /// How long output may stay open after its process has ended: by something that it left in the background.
    private static let linger = Duration.seconds(1)
    private static let pieceSize = 64 << 10

    private let shell: Shell
    private var jobs: [UInt64: Job] = [:]
    private var channel: (descriptor: Int32, folder: String, watch: Watch)?
    /// Jobs that the channel had no room for.
    private var unsent: [Job] = []
    private var nothing: Int32 = -1
    private var piece = [UInt8](repeating: 0, count: Processes.pieceSize)
    private var loop: Loop?

    init(shell: Shell) {
        self.shell = shell
    }

    // MARK: Calls

    func begin(_ command: Command, call: Call<JSON>) throws(Failure) {
        try command.check()
        guard let loop = call.context.loop else {
            throw Failure(
                .failed, code: "shell.host", "this host has no event loop, which the shell plugin needs", effect: .none)
        }
        self.loop = loop
        let job = Job(call: call, command: command)
        jobs[call.token] = job
        let token = call.token
        if let ticket = shell.slots.take(on: loop, { [self] in granted(token) }) {
            job.state = .queued(ticket: ticket)
        } else {
            start(job, on: loop)
        }
    }

    func cancel(_ token: UInt64, _ reason: StopReason) {
        guard let job = jobs[token], let loop, job.stop == nil else { return }
        job.stop = reason
        switch job.state {
        case .queued(let ticket):
            if shell.slots.leave(ticket) {
                job.state = .over
                jobs[token] = nil
                job.call.fail(.stopped(reason, effect: .none))
            }
        case .running:
            if let place = unsent.firstIndex(where: { $0 === job }) {
                unsent.remove(at: place)
                ended(job, .notStarted(step: UInt32(SHELL_STEP_CANCELLED), error: ECANCELED), pid: 0)
                return
            }
            kill(job, SIGTERM)
            // The host gives the call up when the grace time is over: be a little earlier.
            let grace = job.call.context.grace
            let patience = max(.zero, grace - min(.milliseconds(500), grace / 4))
            job.timer = try? loop.timer(after: patience) { [self, weak job] in
                if let job { kill(job, SIGKILL, everything: true) }
            }
            if job.timer == nil { kill(job, SIGKILL, everything: true) }
        case .ended(_, let pid):
            kill(job, SIGKILL, everything: true, pid: pid)
        case .over:
            break
        }
    }

    /// A place was given to a queued job.
    private func granted(_ token: UInt64) {
        guard let job = jobs[token], let loop, case .queued = job.state else { return shell.slots.give() }
        guard job.stop == nil else {
            return finish(job, .notStarted(step: UInt32(SHELL_STEP_CANCELLED), error: ECANCELED))
        }
        start(job, on: loop)
    }

    // MARK: Starting

    private func start(_ job: Job, on loop: Loop) {
        job.state = .running
        do throws(Failure) {
            if try !ask(for: job, on: loop) {
                unsent.append(job)
                try? channel?.watch.change(to: [.read, .write])
            }
        } catch {
            give(up: job, error)
        }
    }

    /// Sends a job to the guardian; false if the channel has no room now.
    private func ask(for job: Job, on loop: Loop) throws(Failure) -> Bool {
        let channel = try openedChannel(on: loop)
        let context = job.call.context
        let command = job.command
        job.outputPath = "\(channel.folder)/o\(context.token)"
        let arguments = try command.arguments { (script) throws(Failure) in
            job.scriptPath = "\(channel.folder)/s\(context.token)"
            try write(Array(script.utf8), to: job.scriptPath)
            return job.scriptPath
        }
        let variables = CleanEnvironment.joined(
            shell.environment, context.environment,
            [
                ("BATTEN_RUN", context.runID), ("BATTEN_STAGE", context.stageID),
                ("BATTEN_ATTEMPT", String(context.attempt)), ("BATTEN_IDEMPOTENCY_KEY", context.idempotencyKey),
                ("BATTEN_OUTPUT", job.outputPath),
            ])
        job.searchPath = variables.first { $0.name == "PATH" }?.value ?? ""
        job.folder = command.folder(below: context.workingDirectory)
        var texts = Array(job.folder.utf8) + [0]
        for argument in arguments { texts += Array(argument.utf8) + [0] }
        for variable in variables {
            guard !variable.name.utf8.contains(0), !variable.value.utf8.contains(0), !variable.name.contains("=") else {
                throw .badInput(field: "env.\(variable.name)", "must not contain = in its name, nor NUL characters")
            }
            texts += Array(variable.name.utf8) + [UInt8(ascii: "=")] + Array(variable.value.utf8) + [0]
        }
        let limits = command.options.limits
        var head = shell_spawn()
        head.id = context.token
        head.arguments = UInt32(clamping: arguments.count)
        head.variables = UInt32(clamping: variables.count)
        head.mark = UInt32(clamping: variables.firstIndex { $0.name == "BATTEN_OUTPUT" } ?? 0)
        head.cpu_seconds = limits?.cpuSeconds ?? 0
        head.memory_bytes = limits?.memoryBytes ?? 0
        head.open_files = limits?.openFiles ?? 0
        head.text_length = UInt64(texts.count)

        var ours: [Int32] = []
        var theirs: [Int32] = []
        defer { for descriptor in theirs { Glibc.close(descriptor) } }
        do throws(Failure) {
            theirs.append(try input(command.options.stdin))
            for _ in 0..<2 {
                var ends: [Int32] = [-1, -1]
                guard cshell_pipe(&ends) == 0 else { throw Self.noDescriptor(errno) }
                ours.append(ends[0])
                theirs.append(ends[1])
            }
        } catch {
            for descriptor in ours { Glibc.close(descriptor) }
            throw error
        }
        let error = cshell_spawn(channel.descriptor, &head, texts, theirs)
        guard error == 0 else {
            for descriptor in ours { Glibc.close(descriptor) }
            if error == EAGAIN { return false }
            throw Failure(
                .retry, code: "shell.guardian", "the guardian cannot be reached: \(SystemText.of(error))", effect: .none
            )
        }
        for (output, descriptor) in zip(job.outputs, ours) {
            output.descriptor = descriptor
            output.watch = try? loop.watch(descriptor, for: .read) { [self, weak job] _ in
                if let job { read(output, of: job) }
            }
            if output.watch == nil { output.close() }
        }
        return true
    }

    /// What the process reads: a text, or nothing.
    private func input(_ text: String?) throws(Failure) -> Int32 {
        if let text, !text.isEmpty {
            let bytes = Array(text.utf8)
            let file = cshell_file(bytes, bytes.count)
            guard file >= 0 else { throw Self.noDescriptor(-file) }
            return file
        }
        if nothing < 0 { nothing = open("/dev/null", O_RDONLY | O_CLOEXEC) }
        let copy = fcntl(nothing, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw Self.noDescriptor(errno) }
        return copy
    }

    private func write(_ bytes: [UInt8], to path: String) throws(Failure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw Failure(
                .retry, code: "shell.file", "the file \(path) cannot be made: \(SystemText.of(errno))", effect: .none)
        }
        defer { Glibc.close(descriptor) }
        var done = 0
        while done < bytes.count {
            let wrote = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard wrote > 0 else {
                throw Failure(
                    .retry, code: "shell.file", "the file \(path) cannot be written: \(SystemText.of(errno))",
                    effect: .none)
            }
            done += wrote
        }
    }

    private static func noDescriptor(_ error: Int32) -> Failure {
        Failure(
            .overloaded, code: "shell.descriptors",
            "no pipe could be made for the process: \(SystemText.of(error)); lower max_processes or raise `ulimit -n`",
            effect: .none)
    }

    private func openedChannel(on loop: Loop) throws(Failure) -> (descriptor: Int32, folder: String) {
        if let channel { return (channel.descriptor, channel.folder) }
        let opened = try shell.guardian.channel()
        do throws(Failure) {
            let watch = try loop.watch(opened.descriptor, for: .read) { [self] events in heard(events) }
            channel = (opened.descriptor, opened.folder, watch)
        } catch {
            Glibc.close(opened.descriptor)
            throw error
        }
        return opened
    }

    // MARK: The guardian's answers

    private func heard(_ events: Loop.Events) {
        if events.contains(.write), let loop {
            let waiting = unsent
            unsent = []
            try? channel?.watch.change(to: .read)
            for job in waiting { start(job, on: loop) }
        }
        var event = shell_event()
        while let descriptor = channel?.descriptor {
            switch cshell_receive(descriptor, &event) {
            case 1: answer(event)
            case 0: return
            default: return lost()
            }
        }
    }

    private func answer(_ event: shell_event) {
        guard let job = jobs[event.id] else { return }
        switch Int(event.kind) {
        case SHELL_HELD:
            job.call.context.log(.info, "waits until the processes of an engine that is gone have ended")
        case SHELL_EXITED:
            ended(job, .exited(event.value), pid: event.pid)
        case SHELL_SIGNALLED:
            ended(job, .signalled(event.value), pid: event.pid)
        default:
            ended(job, .notStarted(step: event.step, error: event.value), pid: 0)
        }
    }

    /// The guardian is gone, and with it everything it knew.
    private func lost() {
        guard let gone = channel else { return }
        channel = nil
        gone.watch.cancel()
        Glibc.close(gone.descriptor)
        for job in jobs.values {
            guard case .running = job.state, !unsent.contains(where: { $0 === job }) else { continue }
            give(
                up: job,
                Failure(
                    .retry, code: "shell.guardian",
                    "the guardian process was ended from outside while \(job.command.name) ran"))
        }
        if let loop {
            let waiting = unsent
            unsent = []
            for job in waiting { start(job, on: loop) }
        }
    }

    private func kill(_ job: Job, _ signal: Int32, everything: Bool = false, pid: Int32 = 0) {
        guard let channel else { return }
        let error = cshell_kill(channel.descriptor, job.call.token, signal, everything ? 1 : 0, pid, job.mark)
        if error != 0 {
            job.call.context.log(.error, "the guardian cannot be told to end the process: \(SystemText.of(error))")
        }
    }

    // MARK: Output and end

    private func read(_ output: Job.Output, of job: Job) {
        guard output.isOpen else { return }
        let got = Glibc.read(output.descriptor, &piece, piece.count)
        if got < 0, errno == EINTR || errno == EAGAIN { return }
        guard got > 0 else {
            output.close()
            return finishIfClosed(job)
        }
        let bytes = Array(piece[..<got])
        if job.isTooMuch { return }
        let room = job.command.outputBytes - job.written
        output.captured += bytes.prefix(room)
        pass(on: bytes, output, job)
        guard got > room else { return }
        job.isTooMuch = true
        switch job.state {
        case .running: kill(job, SIGKILL, everything: true)
        case .ended(_, let pid): kill(job, SIGKILL, everything: true, pid: pid)
        default: break
        }
    }

    /// Shows what was written; while the host is behind, the process waits at its full pipe.
    private func pass(on bytes: [UInt8], _ output: Job.Output, _ job: Job) {
        if job.call.context.stream(bytes, channel: output.channel) { return }
        output.stalled = bytes
        try? output.watch?.change(to: [])
        let isAwaited = job.call.context.whenStreamReady { [self] in
            let bytes = output.stalled
            output.stalled = []
            if output.isOpen { try? output.watch?.change(to: .read) }
            if !bytes.isEmpty { pass(on: bytes, output, job) }
        }
        if !isAwaited {
            output.stalled = []
            try? output.watch?.change(to: .read)
        }
    }

    private func ended(_ job: Job, _ ending: Ending, pid: Int32) {
        job.timer?.cancel()
        job.timer = nil
        job.state = .ended(ending, pid: pid)
        // What it had started may have left its group.
        if job.stop != nil, pid > 0 { kill(job, SIGKILL, everything: true, pid: pid) }
        if job.outputs.contains(where: \.isOpen), let loop {
            job.timer = try? loop.timer(after: Self.linger) { [self, weak job] in
                if let job { leave(job) }
            }
            if job.timer == nil { leave(job) }
        } else {
            finishIfClosed(job)
        }
    }

    /// Something in the background keeps output open: the call does not wait for it.
    private func leave(_ job: Job) {
        for output in job.outputs where output.isOpen {
            job.call.context.log(
                .warning,
                "a background process still holds \(output.channel): what it writes from now on is not recorded")
            output.close()
        }
        finishIfClosed(job)
    }

    private func finishIfClosed(_ job: Job) {
        guard case .ended(let ending, _) = job.state, !job.outputs.contains(where: \.isOpen) else { return }
        finish(job, ending)
    }

    private func finish(_ job: Job, _ ending: Ending) {
        release(job)
        switch job.outcome(ending) {
        case .success(let output): job.call.complete(output)
        case .failure(let failure): job.call.fail(failure)
        }
    }

    private func give(up job: Job, _ failure: Failure) {
        release(job)
        _ = job.outcome(.notStarted(step: 0, error: 0))
        job.call.fail(failure)
    }

    private func release(_ job: Job) {
        job.timer?.cancel()
        job.timer = nil
        for output in job.outputs { output.close() }
        job.state = .over
        jobs[job.call.token] = nil
        shell.slots.give()
    }

    /// Ends the instance: nothing of it is left on the loop.
    func close() {
        loop?.finish { [self] in
            guard let channel else { return }
            self.channel = nil
            channel.watch.cancel()
            Glibc.close(channel.descriptor)
            if nothing >= 0 { Glibc.close(nothing) }
            nothing = -1
        }
    }
}
