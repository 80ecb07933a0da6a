import BattenPlugin

/// Reads fields of an input; null counts as left out.
struct FieldReader {
    let fields: JSONObject

    private func given(_ name: String) -> JSON? {
        guard let value = fields[name], !value.isNull else { return nil }
        return value
    }

    func text(_ name: String) throws(Failure) -> String? {
        guard let value = given(name) else { return nil }
        guard let text = value.string else { throw .badInput(field: name, "must be a text, is \(value.kind)") }
        return text
    }

    func bool(_ name: String) throws(Failure) -> Bool? {
        guard let value = given(name) else { return nil }
        guard let bool = value.bool else { throw .badInput(field: name, "must be true or false, is \(value.kind)") }
        return bool
    }

    func number(_ name: String, _ range: ClosedRange<Double>) throws(Failure) -> Double? {
        guard let value = given(name) else { return nil }
        guard let number = value.number, range.contains(number) else {
            throw .badInput(
                field: name, "must be a number from \(range.lowerBound) to \(range.upperBound), is \(value.text)")
        }
        return number
    }

    func integer(_ name: String, atLeast minimum: Int64 = .min) throws(Failure) -> Int64? {
        guard let value = given(name) else { return nil }
        guard let number = value.integer, number >= minimum else {
            let bound = minimum == .min ? "" : " of at least \(minimum)"
            throw .badInput(field: name, "must be an integer\(bound), is \(value.text)")
        }
        return number
    }

    /// A text or a list of texts, none empty.
    func texts(_ name: String) throws(Failure) -> [String] {
        guard let value = given(name) else { return [] }
        let texts = (value.array ?? [value]).compactMap(\.string)
        guard texts.count == (value.array?.count ?? 1), texts.allSatisfy({ !$0.isEmpty }) else {
            throw .badInput(field: name, "must be a text or a list of texts, none empty")
        }
        return texts
    }
}
