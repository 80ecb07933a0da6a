/// Reads YAML into nodes.
enum YAMLFrontEnd {
    /// Reads the one document of a text that is known to be UTF-8 without NUL.
    ///
    /// - Returns: its root, nil when it cannot be read; why is among the problems.
    static func read(_ source: SourceText, limits: ReadLimits, _ problems: inout DiagnosticList) -> SourceNode? {
        let base = source.hasMark ? 3 : 0
        let offsets = ScalarOffsets(source.bytes, from: base)
        return unsafe source.bytes.withUnsafeBufferPointer { bytes -> SourceNode? in
            // SAFETY: the event source borrows the bytes and is gone when this closure ends.
            let text = unsafe UnsafeBufferPointer(rebasing: bytes[base...])
            guard let events = unsafe YAMLEventSource(text) else {
                problems.add(.yamlSyntax, "there is not enough memory to read this file", at: 0..<0)
                return nil
            }
            return read(events, source, limits, offsets, &problems)
        }
    }

    private static func read(
        _ events: YAMLEventSource, _ source: SourceText, _ limits: ReadLimits, _ offsets: ScalarOffsets,
        _ problems: inout DiagnosticList
    ) -> SourceNode? {
        var builder = YAMLBuilder(source, limits: limits, offsets: offsets)
        var documents = 0
        while true {
            switch events.next() {
            case .failure(let stop):
                YAMLProblemReport(source: source, offsets: offsets).tell(stop.problem, &problems)
                return nil
            case .success(let event):
                switch event.kind {
                case .streamEnd: return builder.root
                case .documentStart:
                    documents += 1
                    guard documents == 1 else {
                        let start = offsets[event.start]
                        problems.add(
                            .severalDocuments, "a second document begins here",
                            at: start..<min(start + 3, source.bytes.count),
                            help: "keep one workflow in a file; leave '---' and '...' between documents away")
                        return nil
                    }
                case .streamStart, .documentEnd: continue
                default:
                    guard builder.take(event, &problems) else { return nil }
                }
            }
        }
    }
}

/// Turns libyaml's words into a diagnostic.
struct YAMLProblemReport {
    let source: SourceText
    let offsets: ScalarOffsets

    func tell(_ problem: YAMLProblem, _ problems: inout DiagnosticList) {
        var place = problem.index.map { offsets[$0] } ?? min(offsets[0] + problem.byteOffset, source.bytes.count)
        if let context = problem.contextIndex, let broken = unquotedExpression(near: [place, offsets[context]]) {
            problems.add(
                .unquotedExpression, "YAML cannot read this expression: \(problem.problem)", at: broken,
                help: "quote it: put the whole value in quotes, as \"${{ … }}\"")
            return
        } else if let broken = unquotedExpression(near: [place]) {
            problems.add(
                .unquotedExpression, "YAML cannot read this expression: \(problem.problem)", at: broken,
                help: "quote it: put the whole value in quotes, as \"${{ … }}\"")
            return
        }
        if place >= source.bytes.count {
            place = lastVisible()
            let begun = problem.contextIndex.map { source.position(at: offsets[$0]).line }
            let what = problem.context.map { "\($0)" } ?? problem.problem
            problems.add(
                .yamlSyntax, "this file ends too early: \(problem.problem)",
                at: place..<min(place + 1, source.bytes.count),
                label: begun.map { "\(what), begun in line \($0)" } ?? "",
                help: "the file may be cut off; close what is open")
            return
        }
        problems.add(
            .yamlSyntax, "this is not valid YAML: \(problem.problem)", at: place..<nextScalar(place),
            label: problem.context ?? "", help: help(problem, at: place))
    }

    private func help(_ problem: YAMLProblem, at place: Int) -> String? {
        switch source.bytes[place] {
        case 0x09: return "indent with spaces; a tab cannot indent YAML"
        case UInt8(ascii: "@"), UInt8(ascii: "`"), UInt8(ascii: "%"):
            return "quote text that begins with '\(source.text(place..<place + 1))'"
        default: break
        }
        if problem.problem.contains("mapping values are not allowed") {
            return "quote text that holds ': ', and check the indentation"
        }
        if problem.problem.contains("could not find expected ':'") { return "each line of a mapping is 'key: value'" }
        if problem.problem.contains("block") || problem.problem.contains("indent") {
            return "check the indentation: what belongs together begins in the same column"
        }
        return nil
    }

    /// The range of an unquoted `${{` in a line where reading failed.
    private func unquotedExpression(near places: [Int]) -> Range<Int>? {
        for place in places {
            let line = source.lineRange(source.lineIndex(of: place) + 1)
            var quote: UInt8?
            var offset = line.lowerBound
            while offset + 2 < line.upperBound {
                let byte = source.bytes[offset]
                if let open = quote {
                    if byte == open { quote = nil }
                    if byte == UInt8(ascii: "\\"), open == UInt8(ascii: "\"") { offset += 1 }
                } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'"), opensQuote(offset, line) {
                    quote = byte
                } else if byte == 0x24, source.bytes[offset + 1] == 0x7B, source.bytes[offset + 2] == 0x7B {
                    return offset..<line.upperBound
                }
                offset += 1
            }
        }
        return nil
    }

    /// Whether a quote stands where a quoted scalar can begin.
    private func opensQuote(_ offset: Int, _ line: Range<Int>) -> Bool {
        guard offset > line.lowerBound else { return true }
        return [0x20, 0x09, 0x2C, 0x5B, 0x7B, 0x3A, 0x2D].contains(source.bytes[offset - 1])
    }

    private func lastVisible() -> Int {
        var place = source.bytes.count
        while place > 0, source.bytes[place - 1] <= 0x20 { place -= 1 }
        place = max(0, place - 1)
        while place > 0, source.bytes[place] & 0xC0 == 0x80 { place -= 1 }
        return place
    }

    private func nextScalar(_ place: Int) -> Int {
        var next = place + 1
        while next < source.bytes.count, source.bytes[next] & 0xC0 == 0x80 { next += 1 }
        return min(next, source.bytes.count)
    }
}
