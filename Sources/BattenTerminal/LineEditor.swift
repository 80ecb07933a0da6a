public import BattenSystem
internal import CEdit
internal import Glibc

/// Reads lines from a terminal with libedit: editing, history, completion, and output above the line being typed.
///
/// ``read(prompt:)`` belongs to one thread; ``show(_:)``, ``interrupt()`` and ``resized()`` may be called from any.
@safe
public final class LineEditor {
    /// What came of reading a line.
    public enum Result: Sendable, Hashable {
        /// A line, without its end.
        case line(String)
        /// Ctrl-D on an empty line, or the terminal is gone.
        case end
        /// Ctrl-C: what was typed is dropped.
        case interrupted
    }

    /// How the keys work.
    public enum Keys: String, Sendable, Hashable {
        case emacs, vi
    }

    /// What fits behind the cursor.
    public struct Completion: Sendable, Hashable {
        /// One possibility.
        public struct Candidate: Sendable, Hashable {
            /// The text that takes the place of the word.
            public var text: String
            /// What it is, for lists; may be empty.
            public var note: String
            /// What is put behind it when nothing else fits, for example a space.
            public var ending: String

            /// Creates a possibility.
            public init(_ text: String, note: String = "", ending: String = " ") {
                self.text = text
                self.note = note
                self.ending = ending
            }
        }

        /// Characters before the cursor that a candidate takes the place of.
        public var replacing: Int
        /// What fits, in the order of a list.
        public var candidates: [Candidate]

        /// Creates a completion.
        public init(replacing: Int, candidates: [Candidate]) {
            self.replacing = replacing
            self.candidates = candidates
        }
    }

    /// What is asked when Tab is hit: the line and the cursor's place in it, in Unicode scalars.
    public typealias Completer = (_ line: String, _ cursor: Int) -> Completion

    /// Called in the reading thread when ``show(_:)`` or ``wake()`` came while a line is typed; what it writes stands above.
    public var onWake: () -> Void = {}
    /// Answers Tab.
    public var complete: Completer = { _, _ in Completion(replacing: 0, candidates: []) }
    /// Writes the list of candidates, each a line; the cursor stands at the beginning of an empty one.
    public var list: ([Completion.Candidate]) -> Void = { _ in }

    private let editor: OpaquePointer
    private let history: OpaquePointer
    private let signals: Signals
    private let prompt: UnsafeMutablePointer<CChar>
    private static let promptRoom = 256
    /// Bytes of a character that has not come whole.
    private var pending: [UInt8] = []

    /// What other threads ask of the editor.
    public final class Signals: Sendable {
        fileprivate struct State {
            var texts: [String] = []
            var isReading = false
            var wasInterrupted = false
            var wasResized = false
            var isGone = false
        }
        fileprivate let state = Monitor(State())
        fileprivate let input: InputReader
        private let write: @Sendable (String) -> Void

        fileprivate init(input: InputReader, write: @escaping @Sendable (String) -> Void) {
            self.input = input
            self.write = write
        }

        /// Shows whole lines above the one that is being typed, or at once when none is.
        public func show(_ text: String) {
            let isReading = state.withLock { state in
                if state.isReading { state.texts.append(text) }
                return state.isReading
            }
            if isReading { input.wake() } else { write(text) }
        }

        /// Ends the reading of the line; what was typed is dropped.
        public func interrupt() { note { $0.wasInterrupted = true } }

        /// Says that the terminal has another size.
        public func resized() { note { $0.wasResized = true } }

        /// Says that the session is to end: reading gives ``LineEditor/Result/end``.
        public func leave() {
            note { $0.isGone = true }
        }

        /// Has ``LineEditor/onWake`` called in the reading thread, when a line is being read.
        public func wake() { note { _ in } }

        private func note(_ body: (inout State) -> Void) {
            let isReading = state.withLock { state in
                body(&state)
                return state.isReading
            }
            if isReading { input.wake() }
        }

        fileprivate func writeOut(_ text: String) { write(text) }
    }

    /// What other threads use.
    public var shared: Signals { signals }

    /// Opens an editor on standard input and output, which are terminals.
    ///
    /// - Parameters:
    ///   - keys: how the keys work; `~/.editrc` may change single ones.
    ///   - write: writes text that other threads show.
    /// - Throws: ``SystemError`` when there is no memory or no descriptor left.
    public init(keys: Keys, write: @escaping @Sendable (String) -> Void) throws(SystemError) {
        batten_edit_set_locale()
        signals = Signals(input: try InputReader(.input), write: write)
        guard let editor = unsafe batten_edit_open("batten"), let history = unsafe batten_edit_history(10_000) else {
            throw SystemError("open the line editor", message: "there is no memory")
        }
        unsafe self.editor = unsafe editor
        unsafe self.history = unsafe history
        unsafe prompt = UnsafeMutablePointer<CChar>.allocate(capacity: Self.promptRoom)
        unsafe prompt.initialize(repeating: 0, count: Self.promptRoom)
        // SAFETY: the editor calls back only while this object reads a line or lives; deinit ends it first.
        unsafe batten_edit_set_data(editor, Unmanaged.passUnretained(self).toOpaque())
        unsafe batten_edit_set_history(editor, history)
        unsafe batten_edit_set_prompt(editor, editorPrompt)
        unsafe batten_edit_set_getc(editor, editorCharacter)
        unsafe batten_edit_add(editor, "batten-complete", "complete the word", editorComplete)
        setKeys(keys)
    }

    deinit {
        unsafe el_end(editor)
        unsafe history_end(history)
        unsafe prompt.deallocate()
    }

    /// Changes how the keys work.
    public func setKeys(_ keys: Keys) {
        unsafe batten_edit_set_keys(editor, keys.rawValue)
        unsafe batten_edit_bind(editor, "\t", "batten-complete")
        if keys == .emacs { unsafe batten_edit_bind(editor, "^R", "em-inc-search-prev") }
        unsafe el_source(editor, nil)
    }

    /// Adds a line to the history.
    public func remember(_ line: String) { unsafe batten_edit_remember(history, line) }

    /// Reads one line.
    ///
    /// - Parameter prompt: what stands before it, one line, at most 255 bytes.
    public func read(prompt text: String) -> Result {
        setPrompt(text)
        let early = signals.state.withLock { state -> [String] in
            defer { state.texts = [] }
            state.isReading = true
            state.wasInterrupted = false
            return state.texts
        }
        for text in early { signals.writeOut(text) }
        var count: Int32 = 0
        unsafe batten_edit_prepare(editor)
        let found = unsafe el_gets(editor, &count)
        let (left, interrupted) = signals.state.withLock { state in
            defer { state.texts = [] }
            state.isReading = false
            return (state.texts, state.wasInterrupted)
        }
        defer { for text in left { signals.writeOut(text) } }
        if interrupted {
            pending = []
            unsafe el_reset(editor)
            newLine("^C")
            return .interrupted
        }
        guard let found = unsafe found, count > 0 else {
            newLine("")
            return .end
        }
        var line = unsafe String(cString: found)
        while line.last?.isNewline == true { line.removeLast() }
        return .line(line)
    }

    private func newLine(_ text: String) {
        batten_edit_flush()
        _ = StandardStream.output.write(Array((text + "\r\n").utf8))
    }

    private func setPrompt(_ text: String) {
        let bytes = Array(text.utf8.prefix(Self.promptRoom - 1))
        for (place, byte) in bytes.enumerated() { unsafe prompt[place] = CChar(bitPattern: byte) }
        unsafe prompt[bytes.count] = 0
    }

    // MARK: Called by libedit

    fileprivate var promptText: UnsafeMutablePointer<CChar> { unsafe prompt }

    /// The next character: 1 and the character, 0 at the end or when reading is to stop.
    fileprivate func nextCharacter() -> Unicode.Scalar? {
        while true {
            if let scalar = takeScalar() { return scalar }
            guard let piece = try? signals.input.read(upTo: 1) else { return nil }
            switch piece {
            case .end: return nil
            case .bytes(let bytes): pending += bytes
            case .woken: if !attend() { return nil }
            }
        }
    }

    /// A whole character of what has come; what is no UTF-8 becomes U+FFFD.
    private func takeScalar() -> Unicode.Scalar? {
        guard let first = pending.first else { return nil }
        let length = first < 0x80 ? 1 : first >= 0xF0 && first < 0xF8 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0
        if length == 0 || first >= 0xF8 {
            pending.removeFirst()
            return "\u{FFFD}"
        }
        let follow = pending.dropFirst().prefix(length - 1)
        if let wrong = follow.firstIndex(where: { $0 & 0xC0 != 0x80 }) {
            pending.removeFirst(wrong)
            return "\u{FFFD}"
        }
        guard pending.count >= length else { return nil }
        let text = String(decoding: pending.prefix(length), as: UTF8.self)
        pending.removeFirst(length)
        return text.unicodeScalars.first
    }

    /// Does what other threads have asked for.
    ///
    /// - Returns: whether reading goes on.
    private func attend() -> Bool {
        let (texts, goesOn, resized) = signals.state.withLock { state in
            defer {
                state.texts = []
                state.wasResized = false
            }
            return (state.texts, !state.wasInterrupted && !state.isGone, state.wasResized)
        }
        batten_edit_flush()
        if !goesOn, texts.isEmpty { return false }
        erase()
        if resized { unsafe el_resize(editor) }
        for text in texts { signals.writeOut(text) }
        onWake()
        unsafe batten_edit_redraw(editor)
        return goesOn
    }

    /// Takes the prompt and the line off the screen; the cursor is where the prompt began.
    private func erase() {
        let columns = max(1, StandardStream.output.windowSize?.columns ?? 80)
        let row = cursorColumn() / columns
        let up = row > 0 ? "\u{1B}[\(row)A" : ""
        _ = StandardStream.output.write(Array("\r\(up)\u{1B}[J".utf8))
    }

    /// Columns from the beginning of the prompt to the cursor.
    private func cursorColumn() -> Int {
        guard let info = unsafe el_wline(editor) else { return 0 }
        let line = unsafe info.pointee
        var columns = 0
        for scalar in unsafe String(cString: prompt).unicodeScalars { columns += Self.width(wchar_t(scalar.value)) }
        var place = unsafe line.buffer
        while let character = unsafe place, unsafe character < line.cursor {
            columns += unsafe Self.width(character.pointee)
            unsafe place = character + 1
        }
        return columns
    }

    private static func width(_ character: wchar_t) -> Int { max(0, Int(batten_edit_width(character))) }

    /// Completes the word before the cursor as far as it goes, and lists what fits when it goes no further.
    fileprivate func completeWord() -> Int32 {
        guard let info = unsafe el_line(editor) else { return CC_ERROR }
        let (text, before) = unsafe Self.texts(info.pointee)
        let found = complete(text, before.unicodeScalars.count)
        guard let first = found.candidates.first else { return CC_ERROR }
        let typed = String(String.UnicodeScalarView(before.unicodeScalars.suffix(found.replacing)))
        var common = first.text
        for candidate in found.candidates.dropFirst() { common = candidate.text.sharedBeginning(with: common) }
        if found.candidates.count == 1 { common += first.ending }
        if common != typed, common.unicodeScalars.count >= typed.unicodeScalars.count {
            unsafe el_deletestr(editor, Int32(clamping: found.replacing))
            unsafe el_insertstr(editor, common)
            return CC_REFRESH
        }
        guard found.candidates.count > 1 else { return CC_ERROR }
        batten_edit_flush()
        newLine("")
        list(found.candidates)
        unsafe batten_edit_redraw(editor)
        return CC_NORM
    }

    /// The line, and what of it stands before the cursor.
    private static func texts(_ info: LineInfo) -> (line: String, before: String) {
        guard let buffer = unsafe info.buffer, let cursor = unsafe info.cursor, let end = unsafe info.lastchar else {
            return ("", "")
        }
        let bytes = unsafe UnsafeBufferPointer(start: buffer, count: end - buffer).map { UInt8(bitPattern: $0) }
        let before = unsafe cursor - buffer
        return (
            String(decoding: bytes, as: UTF8.self), String(decoding: bytes.prefix(max(0, before)), as: UTF8.self)
        )
    }
}

extension String {
    /// What this text and another one begin with.
    fileprivate func sharedBeginning(with other: String) -> String {
        var result = String.UnicodeScalarView()
        for (left, right) in zip(unicodeScalars, other.unicodeScalars) {
            guard left == right else { break }
            result.append(left)
        }
        return String(result)
    }
}

/// The editor behind libedit's pointer.
private func lineEditor(_ editor: OpaquePointer?) -> LineEditor? {
    guard let editor = unsafe editor, let data = unsafe batten_edit_data(editor) else { return nil }
    return unsafe Unmanaged<LineEditor>.fromOpaque(data).takeUnretainedValue()
}

private func editorPrompt(_ editor: OpaquePointer?) -> UnsafeMutablePointer<CChar>? {
    unsafe lineEditor(editor)?.promptText
}

private func editorCharacter(_ editor: OpaquePointer?, _ character: UnsafeMutablePointer<wchar_t>?) -> Int32 {
    guard let scalar = unsafe lineEditor(editor)?.nextCharacter() else { return 0 }
    unsafe character?.pointee = wchar_t(scalar.value)
    return 1
}

private func editorComplete(_ editor: OpaquePointer?, _ key: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: unsafe lineEditor(editor)?.completeWord() ?? CC_ERROR)
}
