import BattenCore
import BattenSystem
import Synchronization

/// The two streams a command writes to: results on standard output, everything else on standard error.
///
/// Sealed secrets in what is written stand as `***`. A reader that goes away is no error: what is written to it afterwards is dropped, and ``isOutputClosed`` tells.
final class Console: Sendable {
    /// Takes bytes for one of the streams.
    typealias Sink = @Sendable (StandardStream, [UInt8]) -> StandardStream.WriteResult

    /// How standard output shows text.
    let output: TextProfile
    /// How standard error shows text.
    let errors: TextProfile
    /// Whether only results and errors are written.
    let isQuiet: Bool
    private let sink: Sink
    private let state = Mutex(State())

    private struct State {
        var buffer: [UInt8] = []
        var isClosed = false
        var trouble: SystemError?
    }

    init(
        output: TextProfile, errors: TextProfile, isQuiet: Bool = false,
        sink: @escaping Sink = { stream, bytes in stream.write(bytes) }
    ) {
        self.output = output
        self.errors = errors
        self.isQuiet = isQuiet
        self.sink = sink
    }

    /// Whether nobody reads standard output any more.
    var isOutputClosed: Bool { state.withLock { $0.isClosed } }

    /// Why results could not be written, for example because the disk is full.
    var outputTrouble: SystemError? { state.withLock { $0.trouble } }

    /// Writes a result; it may be kept back until ``flush()``.
    func write(_ text: String) {
        state.withLock { state in
            guard !state.isClosed, state.trouble == nil else { return }
            state.buffer.append(contentsOf: SealedText.shown(text).utf8)
            if state.buffer.count >= 64 << 10 { flush(&state) }
        }
    }

    /// Writes a line of a result.
    func line(_ text: String = "") { write(text + "\n") }

    /// Sends on what was kept back.
    func flush() {
        state.withLock { flush(&$0) }
    }

    /// Tells people something that is no result.
    func note(_ text: String) {
        guard !isQuiet else { return }
        alert(text)
    }

    /// Tells people something they must know, quiet or not.
    func alert(_ text: String) {
        flush()
        rawErrors(text + "\n")
    }

    /// Writes to standard error, sealed secrets excepted as it is.
    func rawErrors(_ text: String) {
        _ = sink(.error, Array(SealedText.shown(text).utf8))
    }

    private func flush(_ state: inout State) {
        guard !state.buffer.isEmpty else { return }
        let bytes = state.buffer
        state.buffer = []
        switch sink(.output, bytes) {
        case .written: break
        case .closed: state.isClosed = true
        case .failed(let error): state.trouble = error
        }
    }
}
