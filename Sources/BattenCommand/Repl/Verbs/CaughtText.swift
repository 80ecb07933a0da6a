import BattenSystem
import Synchronization

/// Keeps what a command writes to standard output.
final class CaughtText: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    /// What was written.
    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    func take(_ stream: StandardStream, _ piece: [UInt8]) -> StandardStream.WriteResult {
        if stream == .output { bytes.withLock { $0 += piece } }
        return .written
    }
}
