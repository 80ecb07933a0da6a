import BattenCore

/// Builds nodes out of YAML events, on the heap and never recursively.
struct YAMLBuilder {
    /// An open list or mapping.
    private struct Frame {
        let isMapping: Bool
        let start: Int
        let anchor: String?
        let countBefore: Int
        var elements: [SourceNode] = []
        var members: [SourceNode.Member] = []
        /// The keys so far, once they are too many to be searched one by one.
        var keys: Set<String> = []
        var pendingKey: (text: String, range: Range<Int>)?
        /// Set while the key that is read is refused, so that its value is read and dropped.
        var dropsValue = false
        var height = 0

        /// Members up to this many are searched one by one.
        private static let searchLimit = 16

        /// Whether a key is not there yet; it counts as being there from now on.
        mutating func takesKey(_ key: String) -> Bool {
            if members.count < Self.searchLimit { return !members.contains { $0.key == key } }
            if keys.isEmpty { keys = Set(members.lazy.map(\.key)) }
            return keys.insert(key).inserted
        }
    }

    /// What an anchor names.
    private struct Anchored {
        let node: SourceNode
        let count: Int
        let height: Int
    }

    private let source: SourceText
    private let limits: ReadLimits
    private let offsets: ScalarOffsets
    private var frames: [Frame] = []
    private var anchors: [String: Anchored] = [:]
    private var count = 0
    private var expanded = 0
    private(set) var root: SourceNode?

    init(_ source: SourceText, limits: ReadLimits, offsets: ScalarOffsets) {
        self.source = source
        self.limits = limits
        self.offsets = offsets
    }

    /// Takes one event of the document's content.
    ///
    /// - Returns: false when reading cannot go on; the reason is among the problems.
    mutating func take(_ event: YAMLEvent, _ problems: inout DiagnosticList) -> Bool {
        let range = offsets[event.start]..<Swift.max(offsets[event.start], offsets[event.end])
        switch event.kind {
        case .scalar(let text, let style):
            let own = withoutProperties(range, event)
            return takeScalar(text, style, own, event, &problems)
        case .alias(let name):
            return takeAlias(name, range, &problems)
        case .sequenceStart, .mappingStart:
            return open(event, range, &problems)
        case .sequenceEnd, .mappingEnd:
            return close(range, &problems)
        default:
            return true
        }
    }

    // MARK: Scalars

    private mutating func takeScalar(
        _ text: String, _ style: SourceNode.Style, _ range: Range<Int>, _ event: YAMLEvent,
        _ problems: inout DiagnosticList
    ) -> Bool {
        if isKeyPlace {
            takeKey(text, style, range, event, &problems)
            return true
        }
        let value = meaning(text, style, range, event, &problems)
        let node = SourceNode(.scalar(value ?? .null, value == nil ? .broken : style), range: range)
        count += 1
        if let anchor = event.anchor { anchors[anchor] = Anchored(node: node, count: 1, height: 0) }
        return add(node, height: 0, &problems)
    }

    /// What a scalar means; nil when that was told to be a fault.
    private func meaning(
        _ text: String, _ style: SourceNode.Style, _ range: Range<Int>, _ event: YAMLEvent,
        _ problems: inout DiagnosticList
    ) -> JSONValue? {
        if let tag = event.tag { return tagged(tag, text, range, &problems) }
        guard style == .plain else { return .string(text) }
        if let open = Self.unclosedExpression(text) {
            let inner = source.range(
                of: open..<text.utf8.count, in: SourceNode(.scalar(.string(text), .plain), range: range))
            problems.add(
                .unquotedExpression, "YAML cuts this expression off before its '}}'",
                at: source.firstBytes(of: inner), label: "the value ends here for YAML",
                help: "quote it: put the whole value in quotes, as \"${{ … }}\"")
            return nil
        }
        return finite(YAMLScalar.resolve(text), range, &problems)
    }

    private func finite(
        _ meaning: YAMLScalar.Meaning, _ range: Range<Int>, _ problems: inout DiagnosticList
    ) -> JSONValue? {
        if case .value(let value) = meaning { return value }
        problems.add(
            .numberNotFinite, "this number has no finite value", at: range, label: "JSON cannot hold it",
            help: "write a finite number, or quote it to mean the text")
        return nil
    }

    private func tagged(
        _ tag: String, _ text: String, _ range: Range<Int>, _ problems: inout DiagnosticList
    ) -> JSONValue? {
        let resolved = YAMLScalar.resolve(text)
        switch (tag, resolved) {
        case ("!", _), ("tag:yaml.org,2002:str", _): return .string(text)
        case ("tag:yaml.org,2002:null", .value(.null)): return .null
        case ("tag:yaml.org,2002:bool", .value(.bool(let flag))): return .bool(flag)
        case ("tag:yaml.org,2002:int", .value(.int(let number))): return .int(number)
        case ("tag:yaml.org,2002:float", .value(.int(let number))): return .double(Double(number))
        case ("tag:yaml.org,2002:float", .value(.double(let number))): return .double(number)
        case ("tag:yaml.org,2002:float", .notFinite): return finite(resolved, range, &problems)
        default: break
        }
        let core = ["str", "null", "bool", "int", "float"].contains { tag == "tag:yaml.org,2002:\($0)" }
        let shown = tag.hasPrefix("tag:yaml.org,2002:") ? "!!" + tag.dropFirst(18) : tag
        problems.add(
            .unsupportedTag,
            core
                ? "the text '\(shortened(text))' is not what the tag \(shown) says"
                : "the tag \(shown) is not known here",
            at: range, help: "leave the tag away")
        return nil
    }

    /// Where an expression is opened and not closed again, counted in bytes.
    static func unclosedExpression(_ text: String) -> Int? {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return nil }
        let bytes = Array(text.utf8)
        var open: Int?
        var place = 0
        while place < bytes.count {
            if open == nil, place + 3 <= bytes.count, bytes[place] == 0x24, bytes[place + 1] == 0x7B,
                bytes[place + 2] == 0x7B
            {
                // `$${{` is a literal.
                if place == 0 || bytes[place - 1] != 0x24 { open = place }
                place += 3
            } else if open != nil, place + 2 <= bytes.count, bytes[place] == 0x7D, bytes[place + 1] == 0x7D {
                open = nil
                place += 2
            } else {
                place += 1
            }
        }
        return open
    }

    // MARK: Keys

    private var isKeyPlace: Bool {
        guard let frame = frames.last else { return false }
        return frame.isMapping && frame.pendingKey == nil && !frame.dropsValue
    }

    private mutating func takeKey(
        _ text: String, _ style: SourceNode.Style, _ range: Range<Int>, _ event: YAMLEvent,
        _ problems: inout DiagnosticList
    ) {
        let last = frames.count - 1
        count += 1
        if style == .plain, text == "<<" {
            problems.add(
                .mergeKey, "merge keys are not part of the language", at: range, label: "'<<' merges nothing here",
                help:
                    "write the fields out, or put what is shared under 'defaults'; \"<<\" in quotes is an ordinary key")
            frames[last].dropsValue = true
            return
        }
        if style == .plain, Self.unclosedExpression(text) != nil {
            problems.add(
                .unquotedExpression, "YAML takes this expression for a key because of the ':' in it",
                at: source.firstBytes(of: range),
                help: "quote it: put the whole value in quotes, as \"${{ … }}\"")
            frames[last].dropsValue = true
            return
        }
        if style == .plain, text.isEmpty {
            problems.add(
                .keyNotText, "a key is missing before the ':'", at: range,
                help: "write the key, or \"\" for an empty one")
            frames[last].dropsValue = true
            return
        }
        if let tag = event.tag, tag != "!", tag != "tag:yaml.org,2002:str" {
            problems.add(.unsupportedTag, "a key is text and takes no tag", at: range, help: "leave the tag away")
        }
        if let anchor = event.anchor {
            anchors[anchor] = Anchored(
                node: SourceNode(.scalar(.string(text), style), range: range), count: 1, height: 0)
        }
        addKey(text, range, &problems)
    }

    private mutating func addKey(_ text: String, _ range: Range<Int>, _ problems: inout DiagnosticList) {
        let last = frames.count - 1
        guard frames[last].takesKey(text) else {
            let first = frames[last].members.first { $0.key == text }
            let line = first.map { source.position(at: $0.keyRange.lowerBound).line }
            problems.add(
                .duplicateKey, "the key '\(shortened(text))' is written twice", at: range,
                label: line.map { "first written in line \($0)" } ?? "", help: "keep one of them")
            frames[last].dropsValue = true
            return
        }
        frames[last].pendingKey = (text, range)
    }

    // MARK: Collections and aliases

    private mutating func open(_ event: YAMLEvent, _ range: Range<Int>, _ problems: inout DiagnosticList) -> Bool {
        var isMapping = false
        if case .mappingStart = event.kind { isMapping = true }
        if isKeyPlace {
            problems.add(
                .keyNotText, "a key is text; this one is a \(isMapping ? "mapping" : "list")",
                at: source.firstBytes(of: range), help: "quote it when the text is meant")
            return false
        }
        guard frames.count < limits.depth else {
            problems.add(
                .tooDeep, "values are nested deeper than \(limits.depth) levels", at: range,
                help: "put deep data into a file of its own that a stage reads")
            return false
        }
        if let tag = event.tag, tag != "!", tag != "tag:yaml.org,2002:\(isMapping ? "map" : "seq")" {
            let shown = tag.hasPrefix("tag:yaml.org,2002:") ? "!!" + tag.dropFirst(18) : tag
            problems.add(
                .unsupportedTag, "the tag \(shown) is not known here", at: source.firstBytes(of: range),
                help: "leave the tag away")
        }
        if let anchor = event.anchor { anchors[anchor] = nil }
        frames.append(
            Frame(isMapping: isMapping, start: range.lowerBound, anchor: event.anchor, countBefore: count))
        count += 1
        return true
    }

    private mutating func close(_ range: Range<Int>, _ problems: inout DiagnosticList) -> Bool {
        guard let frame = frames.popLast() else { return true }
        // The end of a block collection is where the next thing begins; its last child's end is what people see.
        let last = frame.isMapping ? frame.members.last?.value.range : frame.elements.last?.range
        let end = isClosingBracket(range) ? range.upperBound : Swift.max(last?.upperBound ?? frame.start, frame.start)
        let node = SourceNode(
            frame.isMapping ? .mapping(frame.members) : .sequence(frame.elements), range: frame.start..<end)
        if let anchor = frame.anchor {
            anchors[anchor] = Anchored(node: node, count: count - frame.countBefore, height: frame.height + 1)
        }
        return add(node, height: frame.height + 1, &problems)
    }

    private func isClosingBracket(_ range: Range<Int>) -> Bool {
        guard let first = range.first, first < source.bytes.count else { return false }
        return source.bytes[first] == UInt8(ascii: "}") || source.bytes[first] == UInt8(ascii: "]")
    }

    private mutating func takeAlias(_ name: String, _ range: Range<Int>, _ problems: inout DiagnosticList) -> Bool {
        guard let anchored = anchors[name] else {
            let isOpen = frames.contains { $0.anchor == name }
            problems.add(
                .unknownAlias,
                isOpen
                    ? "the alias '*\(name)' stands inside what it names"
                    : "no anchor '&\(name)' stands before this alias",
                at: range, help: isOpen ? "write the inner value out" : "quote it when text beginning with '*' is meant"
            )
            if isKeyPlace {
                frames[frames.count - 1].dropsValue = true
                return true
            }
            return add(SourceNode(.scalar(.null, .broken), range: range), height: 0, &problems)
        }
        if isKeyPlace {
            guard let text = anchored.node.string else {
                problems.add(.keyNotText, "a key is text; this alias names something else", at: range)
                frames[frames.count - 1].dropsValue = true
                return true
            }
            addKey(text, range, &problems)
            return true
        }
        expanded += anchored.count
        count += anchored.count
        guard expanded <= limits.aliasNodes else {
            problems.add(
                .aliasExpansion, "the aliases of this file stand for more than \(limits.aliasNodes) values", at: range,
                help: "write less through aliases; they are expanded where they stand")
            return false
        }
        guard frames.count + anchored.height <= limits.depth else {
            problems.add(
                .tooDeep, "this alias nests values deeper than \(limits.depth) levels", at: range,
                help: "put deep data into a file of its own that a stage reads")
            return false
        }
        return add(anchored.node, height: anchored.height, &problems)
    }

    /// Puts a finished node where it belongs.
    private mutating func add(_ node: SourceNode, height: Int, _ problems: inout DiagnosticList) -> Bool {
        guard !frames.isEmpty else {
            root = node
            return true
        }
        let last = frames.count - 1
        frames[last].height = Swift.max(frames[last].height, height)
        if !frames[last].isMapping {
            frames[last].elements.append(node)
        } else if frames[last].dropsValue {
            frames[last].dropsValue = false
        } else if let key = frames[last].pendingKey {
            frames[last].members.append(SourceNode.Member(key: key.text, keyRange: key.range, value: node))
            frames[last].pendingKey = nil
        }
        return true
    }

    /// The range of a scalar without the anchor and the tag before it.
    private func withoutProperties(_ range: Range<Int>, _ event: YAMLEvent) -> Range<Int> {
        guard event.anchor != nil || event.tag != nil else { return range }
        var place = range.lowerBound
        let bytes = source.bytes
        while place < range.upperBound {
            switch bytes[place] {
            case UInt8(ascii: "&"), UInt8(ascii: "!"):
                while place < range.upperBound, bytes[place] > 0x20 { place += 1 }
            case 0x20, 0x09, 0x0A, 0x0D: place += 1
            default: return place..<range.upperBound
            }
        }
        return place..<range.upperBound
    }
}
