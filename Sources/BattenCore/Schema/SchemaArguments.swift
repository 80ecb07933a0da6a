// Reading the arguments of keywords.
extension SchemaCompiler {
    func wrong(_ wanted: String, _ found: JSONValue, _ path: [PathPart]) -> SchemaError {
        SchemaError(
            message: "'\(path.last?.key ?? "")' is \(wanted), here is \(found.nameWithArticle)", path: path)
    }

    func string(_ value: JSONValue, _ path: [PathPart]) throws(SchemaError) -> String {
        guard let text = value.stringValue else { throw wrong("a string", value, path) }
        return text
    }

    func array(_ value: JSONValue, _ path: [PathPart]) throws(SchemaError) -> [JSONValue] {
        guard let elements = value.arrayValue else { throw wrong("a list", value, path) }
        return elements
    }

    func object(_ value: JSONValue, _ path: [PathPart]) throws(SchemaError) -> JSONObject {
        guard let object = value.objectValue else { throw wrong("an object", value, path) }
        return object
    }

    func number(_ value: JSONValue, _ path: [PathPart]) throws(SchemaError) -> JSONValue {
        guard value.doubleValue != nil else { throw wrong("a number", value, path) }
        return value
    }

    func count(_ value: JSONValue, _ path: [PathPart]) throws(SchemaError) -> Int {
        guard let number = value.intValue, number >= 0 else { throw wrong("an integer from 0 on", value, path) }
        return Int(number)
    }

    func strings(_ value: JSONValue, _ path: [PathPart]) throws(SchemaError) -> [String] {
        var texts: [String] = []
        for element in try array(value, path) { texts.append(try string(element, path)) }
        return texts
    }

    mutating func schemas(_ value: JSONValue, _ path: [PathPart]) throws(SchemaError) -> [Int] {
        let elements = try array(value, path)
        guard !elements.isEmpty else {
            throw SchemaError(message: "'\(path.last?.key ?? "")' holds at least one schema", path: path)
        }
        var indices: [Int] = []
        for (index, element) in elements.enumerated() {
            indices.append(try node(element, at: path + [.index(index)]))
        }
        return indices
    }

    func types(_ value: JSONValue, _ path: [PathPart]) throws(SchemaError) -> SchemaTypes {
        var types: SchemaTypes = []
        let names = if let name = value.stringValue { [name] } else { try strings(value, path) }
        for name in names {
            guard let known = SchemaTypes.named.first(where: { $0.name == name }) else {
                let all = SchemaTypes.named.map(\.name)
                throw SchemaError(
                    message: "'\(name)' is no type", path: path,
                    help: Spelling.nearest(to: name, in: all).map { "did you mean '\($0)'?" }
                        ?? "types are \(all.joined(separator: ", "))")
            }
            types.insert(known.type)
        }
        return types
    }

    func pattern(_ text: String, _ path: [PathPart]) throws(SchemaError) -> SchemaPattern {
        do throws(SearchPattern.Failure) {
            return SchemaPattern(text: text, compiled: try SearchPattern(text))
        } catch {
            throw SchemaError(
                message: "the pattern '\(text)' is not one RE2 can search with: \(error.reason)", path: path,
                help: "RE2 has no look-around and no back-references")
        }
    }
}

extension String {
    /// The text with `%XX` replaced by the bytes; nil when that is broken or not UTF-8.
    var percentDecoded: String? {
        guard utf8.contains(UInt8(ascii: "%")) else { return self }
        let source = Array(utf8)
        var output: [UInt8] = []
        var place = 0
        while place < source.count {
            if source[place] == UInt8(ascii: "%") {
                guard place + 2 < source.count,
                    let high = Character(Unicode.Scalar(source[place + 1])).hexDigitValue,
                    let low = Character(Unicode.Scalar(source[place + 2])).hexDigitValue
                else { return nil }
                output.append(UInt8(high << 4 | low))
                place += 3
            } else {
                output.append(source[place])
                place += 1
            }
        }
        return String(validating: output, as: UTF8.self)
    }
}
