/// A place in a source file as people count: both from 1, columns in Unicode scalars.
public struct SourcePosition: Sendable, Hashable, Comparable {
    /// Line, counted from 1.
    public let line: Int
    /// Column in Unicode scalars, counted from 1.
    public let column: Int

    /// Creates a position.
    public init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// Whether the left one comes first.
    public static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// The bytes of one authored file, with its name and its lines.
///
/// Lines end at LF, CR LF or a lone CR. All ranges are byte offsets from the start of the file.
public struct SourceText: Sendable {
    /// Name as given by whoever read the file; used in diagnostics.
    public let path: String
    /// The content.
    public let bytes: [UInt8]
    private let lineStarts: [Int]

    /// Creates a source and finds its lines.
    public init(path: String, bytes: [UInt8]) {
        self.path = path
        self.bytes = bytes
        var starts = [0]
        let span = bytes.span
        for offset in span.indices {
            let byte = span[offset]
            if byte == 0x0A {
                starts.append(offset + 1)
            } else if byte == 0x0D, offset + 1 >= span.count || span[offset + 1] != 0x0A {
                starts.append(offset + 1)
            }
        }
        lineStarts = starts
    }

    /// How many lines there are, at least 1.
    public var lineCount: Int { lineStarts.count }

    /// The position of a byte; offsets outside the file are moved to its ends.
    public func position(at offset: Int) -> SourcePosition {
        let offset = Swift.min(Swift.max(offset, 0), bytes.count)
        let line = lineIndex(of: offset)
        var start = lineStarts[line]
        if line == 0, hasMark { start = Swift.min(3, offset) }
        return SourcePosition(line: line + 1, column: scalarCount(start..<Swift.max(start, offset)) + 1)
    }

    /// The byte range of a line without its ending; lines are counted from 1, an unknown one is empty.
    public func lineRange(_ line: Int) -> Range<Int> {
        guard line >= 1, line <= lineStarts.count else { return bytes.count..<bytes.count }
        var start = lineStarts[line - 1]
        if line == 1, hasMark { start = 3 }
        var end = line < lineStarts.count ? lineStarts[line] : bytes.count
        while end > start, bytes[end - 1] == 0x0A || bytes[end - 1] == 0x0D { end -= 1 }
        return start..<end
    }

    /// The text of a range; bytes that are not UTF-8 become U+FFFD.
    public func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range.clamped(to: 0..<bytes.count)], as: UTF8.self)
    }

    /// Whether the file begins with a byte order mark.
    var hasMark: Bool { bytes.starts(with: [0xEF, 0xBB, 0xBF]) }

    /// Index of the line that holds an offset.
    func lineIndex(of offset: Int) -> Int {
        var low = 0
        var high = lineStarts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if lineStarts[middle] <= offset { low = middle } else { high = middle }
        }
        return low
    }

    private func scalarCount(_ range: Range<Int>) -> Int {
        var count = 0
        for byte in bytes[range.clamped(to: 0..<bytes.count)] where byte & 0xC0 != 0x80 { count += 1 }
        return count
    }
}
