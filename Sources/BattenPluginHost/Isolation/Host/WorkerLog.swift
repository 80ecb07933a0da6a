import BattenCore

/// What a worker process writes to its standard streams: cut into lines, the last ones kept for when it crashes.
struct WorkerLog: Sendable {
    /// Lines kept for the verdict on a crash.
    static let kept = 20
    /// Bytes that are passed on in all; the rest is read and dropped.
    static let most = 4 << 20
    /// A longer line is cut.
    static let longestLine = 8 << 10
    /// What a worker writes before the frames of a crash.
    private static let crashMark = "batten-worker: crash: "

    private var rest: [UInt8] = []
    private var passed = 0
    private(set) var last: [String] = []
    private(set) var backtrace: [String] = []
    private var isInCrash = false

    /// Takes bytes and answers the lines to pass on.
    mutating func take(_ bytes: UnsafeRawBufferPointer) -> [String] {
        var lines: [String] = []
        for index in bytes.indices {
            let byte = unsafe bytes[index]
            if byte != UInt8(ascii: "\n") { rest.append(byte) }
            guard byte == UInt8(ascii: "\n") || rest.count >= Self.longestLine else { continue }
            if let line = finishLine() { lines.append(line) }
        }
        return lines
    }

    /// The line that has no end.
    mutating func finish() -> [String] {
        rest.isEmpty ? [] : finishLine().map { [$0] } ?? []
    }

    private mutating func finishLine() -> String? {
        defer { rest.removeAll(keepingCapacity: true) }
        let line = String(decoding: rest, as: UTF8.self)
        if line.hasPrefix(Self.crashMark) { isInCrash = true }
        if isInCrash {
            if backtrace.count < 64 { backtrace.append(line) }
            return nil
        }
        last.append(line)
        if last.count > Self.kept { last.removeFirst() }
        guard passed < Self.most else { return nil }
        passed += rest.count + 1
        return passed < Self.most ? line : "further output of this process is not shown"
    }
}
