import BattenCore
import BattenSystem
import Synchronization

/// Looking after a worker, and its end; on the loop.
extension WorkerConnection {
    // MARK: Looking after it

    func scheduleTick() {
        _ = loop.setTimer(at: MonotonicClock.now() + Self.tick) { [self] in look() }
    }

    /// Looks at what it uses; goes on as long as it has something to do.
    private func look() {
        guard !hasExited else { return }
        let (calls, served, isTaking) = shared.withLock { ($0.calls.count, $0.served, $0.isTaking) }
        let bytes = process.residentBytes ?? 0
        if let limit = group.plugin.limits.memory, bytes > limit { return end(.memory(bytes, limit)) }
        if isTaking, let growth = group.plugin.recycling.growth, bytes - readyBytes > growth {
            group.replace(self)
        }
        guard calls == 0, served == lastServed else {
            lastServed = served
            return scheduleTick()
        }
        shared.withLock { $0.isTicking = false }
        guard isTaking, let idle = group.plugin.recycling.idle else { return }
        _ = loop.setTimer(at: MonotonicClock.adding(idle, to: MonotonicClock.now())) { [self] in
            let isIdle = shared.withLock { $0.isTaking && $0.served == served }
            if isIdle { group.replace(self) }
        }
    }

    /// Whether it has served as many calls as one process shall.
    var isWorn: Bool {
        guard let most = group.plugin.recycling.calls else { return false }
        return shared.withLock { $0.isTaking && $0.served >= most }
    }

    // MARK: Its end

    /// Ends the plugin in an orderly way when no call is inside.
    func leaveIfEmpty() {
        guard !hasExited, shared.withLock({ !$0.isTaking && $0.calls.isEmpty }) else { return }
        if let reason, reason != .retired { return terminate() }
        guard reason == nil else { return }
        reason = .retired
        let limit = MonotonicClock.now() + 5 * Self.endLimit
        outbox.add(.finish, token: 0) { $0.append(integer: limit) }
        settle(outbox.flush())
        _ = loop.setTimer(at: limit + Self.endLimit / 2) { [self] in terminate() }
    }

    /// Ends the process for a reason.
    func end(_ reason: WorkerEndReason) {
        guard !hasExited else { return }
        if self.reason == nil || self.reason == .retired { self.reason = reason }
        shared.withLock { $0.isTaking = false }
        terminate()
    }

    func terminate() {
        guard !hasExited else { return }
        process.terminate()
        _ = loop.setTimer(at: MonotonicClock.now() + Self.endLimit) { [self] in
            if !hasExited { process.kill() }
        }
    }

    /// The process has ended: what it still said counts, then its children are ended and its status is taken.
    func exited() {
        guard !hasExited else { return }
        loop.unwatch(process.pidfd.rawValue)
        if !isFaulty { for _ in 0..<4096 where !receive() { break } }
        hasExited = true
        loop.unwatch(socket)
        for index in pipes.indices {
            readPipe(index)
            closePipe(index)
        }
        shared.withLock { $0.isTaking = false }
        let (process, controlGroup) = (process, controlGroup)
        let take: @Sendable () -> Void = { [self] in
            process.killSession()
            let ranOut = controlGroup?.ranOutOfMemory == true
            let end = process.reap() ?? .unknown
            controlGroup?.end()
            if !loop.post({ [self] in ended(end, ranOut) }) { ended(end, ranOut) }
        }
        do throws(SystemError) {
            try WorkerSpawner.shared.run(take)
        } catch {
            take()
        }
    }

    var isFaulty: Bool {
        if case .fault = reason { true } else { false }
    }

    private func ended(_ end: ProcessEnd, _ ranOutOfMemory: Bool) {
        if ranOutOfMemory, reason == nil, end == .signalled(9), let limit = group.plugin.limits.memory {
            reason = .memory(limit, limit)
        }
        let calls = shared.withLock { shared in
            defer { shared.calls = [:] }
            return Array(shared.calls.values)
        }
        group.ended(
            self,
            WorkerVerdict(
                pid: pid, end: end, reason: reason, wasReady: isReady, calls: calls.count,
                log: pipes.flatMap(\.log.last).suffix(WorkerLog.kept), backtrace: pipes[1].log.backtrace),
            calls)
    }

    func readPipe(_ index: Int) {
        guard pipes[index].descriptor >= 0 else { return }
        // Little at a time: a worker that never stops writing does not hold up the loop's others.
        for _ in 0..<4 {
            switch unsafe OutputPipe.read(pipes[index].descriptor, into: room) {
            case .moved(let count):
                let bytes = unsafe UnsafeRawBufferPointer(rebasing: room[..<count])
                unsafe say(pipes[index].log.take(bytes), pipes[index].level)
            case .wouldBlock: return
            case .ended, .failed: return closePipe(index)
            }
        }
    }

    private func closePipe(_ index: Int) {
        guard pipes[index].descriptor >= 0 else { return }
        say(pipes[index].log.finish(), pipes[index].level)
        loop.unwatch(pipes[index].descriptor)
        _ = Descriptor(owning: pipes[index].descriptor)
        pipes[index].descriptor = -1
    }

    /// Passes lines on: as the call's when only one is inside, else as the plugin's.
    private func say(_ lines: [String], _ level: String) {
        guard !lines.isEmpty else { return }
        let only = shared.withLock { $0.calls.count == 1 ? $0.calls.first?.value : nil }
        for line in lines {
            if let only {
                only.sink.log(tag: only.tag, stream: level, text: line)
            } else {
                group.host.settings.report(
                    .log(plugin: group.plugin.descriptor.id, level: level == "stderr" ? "warning" : "info", text: line))
            }
        }
    }
}
