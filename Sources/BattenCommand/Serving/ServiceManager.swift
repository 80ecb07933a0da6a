import BattenCore
import BattenSystem
import Synchronization

/// What a service manager is told over the socket that it names in `NOTIFY_SOCKET`: systemd's protocol, sd_notify(3).
///
/// Without such a socket nothing is told. What cannot be told is left out: the manager's own limits of time decide then.
final class ServiceManager: Sendable {
    /// How long the manager waits for a sign of life; nil when it waits for none.
    let watchdog: Duration?
    private let address: String?
    private let said = Mutex((text: "", at: Int64(0)))

    /// Reads what the manager has said of itself.
    ///
    /// - Parameter processID: the process that speaks; `WATCHDOG_PID` may mean another one.
    init(environment: [String: String], processID: Int32) {
        let named = environment["NOTIFY_SOCKET"] ?? ""
        address = named.hasPrefix("/") || named.hasPrefix("@") ? named : nil
        let isMeant = environment["WATCHDOG_PID"].map { $0 == String(processID) } ?? true
        let length = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        watchdog = address != nil && isMeant && length > 0 ? .microseconds(length) : nil
    }

    /// The service works, or works again after ``reloading()``.
    func ready(_ status: String) {
        said.withLock { $0.text = status }
        send("READY=1\nSTATUS=\(status)\n")
    }

    /// Configuration is read again; ``ready(_:)`` follows.
    func reloading() {
        send("RELOADING=1\nMONOTONIC_USEC=\(MonotonicClock.now() / 1_000)\n")
    }

    /// The service ends.
    func stopping(_ status: String) {
        send("STOPPING=1\nSTATUS=\(status)\n")
    }

    /// Says in a line what the service does: once a second at most, and not the same line again.
    func say(_ status: () -> String) {
        guard address != nil else { return }
        let now = MonotonicClock.now()
        let isDue = said.withLock { said in
            guard now >= said.at + 1_000_000_000 else { return false }
            said.at = now
            return true
        }
        guard isDue else { return }
        let text = status()
        let isNew = said.withLock { said in
            defer { said.text = text }
            return said.text != text
        }
        if isNew { send("STATUS=\(text)\n") }
    }

    /// The service has shown that it works.
    func alive() {
        send("WATCHDOG=1\n")
    }

    private func send(_ text: String) {
        guard let address else { return }
        _ = try? DatagramSocket.send(text, to: address)
    }
}
