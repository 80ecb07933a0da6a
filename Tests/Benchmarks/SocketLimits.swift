import BattenSystem
import Glibc

/// What a pair of sockets gives at best.
extension Limits {
    /// Bytes of a small call and its outcome on their way to a worker and back.
    private static let (question, answer) = (126, 58)

    /// Microseconds for bytes there and back between two processes that do nothing but wait for them: as many bytes as a
    /// small call and its outcome have.
    static func socketRoundTrip(count: Int = 20_000) throws -> Double {
        let ends = try LocalSocket.pair()
        let near = Descriptor(owning: ends.near)
        let far = Descriptor(owning: ends.far)
        let process = try ChildProcess.spawn(
            ProcessEnvironment.executablePath, arguments: ["echo"], environment: [], output: 1, error: 2,
            socket: far.rawValue)
        defer {
            process.kill()
            _ = process.reap(waits: true)
        }
        var bytes = [UInt8](repeating: 1, count: question)
        var best = Double.infinity
        for _ in 0..<3 {
            let begun = MonotonicClock.now()
            for _ in 0..<count {
                send(near.rawValue, bytes, question, Int32(MSG_NOSIGNAL))
                guard recv(near.rawValue, &bytes, question, 0) == answer else { return .infinity }
            }
            best = min(best, Double(MonotonicClock.now() - begun) / 1e3 / Double(count))
        }
        return best
    }

    /// The other process of a round trip: answers on descriptor 3 until it is closed.
    static func echo() {
        var bytes = [UInt8](repeating: 1, count: question)
        while recv(3, &bytes, question, 0) > 0 { send(3, bytes, answer, Int32(MSG_NOSIGNAL)) }
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
