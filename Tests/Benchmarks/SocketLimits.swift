import BattenSystem
import Glibc

/// What a pair of sockets between two threads of this process gives at best.
extension Limits {
    /// Microseconds for 64 bytes there and back.
    static func socketRoundTrip() -> Double {
        exchange(count: 20_000, window: 1)
    }

    /// Messages of 512 bytes a second, there and back, with 64 on the way.
    static func socketPipelined() -> Double {
        1e6 / exchange(count: 200_000, window: 64, size: 512)
    }

    /// Microseconds a message, the best of three tries.
    private static func exchange(count: Int, window: Int, size: Int = 64) -> Double {
        var best = Double.infinity
        for _ in 0..<3 {
            var ends: [Int32] = [0, 0]
            guard socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) == 0 else { return .infinity }
            let (near, far) = (ends[0], ends[1])
            let echo = try? Thread.start(name: "bench-echo") {
                var bytes = [UInt8](repeating: 0, count: size)
                while true {
                    let length = recv(far, &bytes, size, 0)
                    guard length > 0 else { return }
                    guard send(far, bytes, length, Int32(MSG_NOSIGNAL)) == length else { return }
                }
            }
            var bytes = [UInt8](repeating: 1, count: size)
            let begun = MonotonicClock.now()
            for _ in 0..<min(window, count) { send(near, bytes, size, 0) }
            for number in 0..<count {
                _ = recv(near, &bytes, size, 0)
                if number + window < count { send(near, bytes, size, 0) }
            }
            best = min(best, Double(MonotonicClock.now() - begun) / 1e3 / Double(count))
            close(near)
            echo?.join()
            close(far)
        }
        return best
    }
}
