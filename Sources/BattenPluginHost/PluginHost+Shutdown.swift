import BattenCore
import BattenSystem
import CBattenABI
import Synchronization

extension PluginHost {
    /// Stops every plugin in an orderly way; see ``ExecutorHost/shutdown(within:)``.
    ///
    /// Calls get three quarters of the time to end, then they are given up; instances are closed and plugins stopped
    /// in the rest of it. What could not be ended in time is reported and left behind.
    public func shutdown(within limit: Duration) {
        shutdown(within: limit, plugins: nil)
    }

    /// Stops these plugins, or all that the catalog has loaded.
    func shutdown(within limit: Duration, plugins: [LoadedPlugin]?) {
        let begin = MonotonicClock.now()
        let end = MonotonicClock.adding(limit, to: begin)
        guard !isShuttingDown.exchange(true, ordering: .sequentiallyConsistent) else { return }
        let tokens = table.close() + isolatedCalls.close().map(\.token)
        for token in tokens { requestStop(token, why: batten_stop.BATTEN_STOP_SHUTDOWN.rawValue) }
        let isQuiet = { [self] in table.count == 0 && isolatedCalls.count == 0 }
        if !isQuiet() {
            let patience = MonotonicClock.adding(limit * 3 / 4, to: begin)
            _ = quiet.wait(until: patience) { _ in isQuiet() ? true : nil }
            for token in tokens { abandon(token) }
        }
        // A call ends inside the plugin: its thread may still be on the way out, and nothing is closed under its feet.
        let now = MonotonicClock.now()
        let leaving = now + max(0, end - now) / 2
        pool.drain(until: leaving)
        loops.drain(until: leaving)
        closeWorkers(by: end)
        stop(plugins ?? catalog.close(), by: end)
        loops.close()
        pool.close()
        deadlines.close()
    }

    /// Ends all plugins at the same time, each on a thread of its own, because one may hang.
    private func stop(_ plugins: [LoadedPlugin], by end: Int64) {
        let pending = Monitor(Set(plugins.map(\.descriptor.id)))
        for plugin in plugins {
            do throws(SystemError) {
                try Thread.detach(name: "batten-stop") {
                    plugin.end(by: end)
                    pending.signal { _ = $0.remove(plugin.descriptor.id) }
                }
            } catch {
                pending.withLock { _ = $0.remove(plugin.descriptor.id) }
                settings.report(.notStopped(plugin: plugin.descriptor.id, reason: error.description))
            }
        }
        _ = pending.wait(until: end) { $0.isEmpty ? true : nil }
        for id in pending.withLock({ $0.sorted() }) {
            settings.report(.notStopped(plugin: id, reason: "its stop did not return in time"))
        }
    }
}
