internal import Glibc

/// Whether somebody debugs this process.
public enum Debugger {
    /// Whether a debugger is attached to this process.
    public static var isAttached: Bool {
        guard let bytes = try? FileSystem.read("/proc/self/status") else { return false }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("TracerPid:") }) else { return false }
        return line.split(separator: "\t").last != "0"
    }

    /// Waits until a debugger is attached, or something can be read from standard input, or that has ended.
    public static func waitForAttach() {
        while !isAttached {
            var polled = pollfd(fd: 0, events: Int16(POLLIN), revents: 0)
            if unsafe poll(&polled, 1, 200) > 0 { return }
        }
    }
}
