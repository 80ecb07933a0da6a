internal import BattenPlugin
internal import BattenSignature

/// Writes values into memory as C has them.
struct Storing {
    let arena: Arena

    /// Writes one value.
    ///
    /// - Parameters:
    ///   - memory: room for a value of the type.
    ///   - field: where the value stands in the input.
    /// - Throws: ``Failure`` that names the field, if the value does not fit the type.
    func store(_ value: Value, _ type: CType, at memory: UnsafeMutableRawPointer, _ field: String) throws(Failure) {
        switch type {
        case .void:
            throw .badInput(field: field, "there are no values of void")
        case .integer(let integer):
            store(try bits(value, integer, field), size: integer.size, at: memory)
        case .bool:
            switch value {
            case .bool(let flag): memory.storeBytes(of: flag ? 1 : 0, as: UInt8.self)
            case .integer(let number) where number == 0 || number == 1:
                memory.storeBytes(of: UInt8(number), as: UInt8.self)
            default: throw .badInput(field: field, "must be true or false for bool, is \(value.kind)")
            }
        case .char:
            memory.storeBytes(of: try character(value, field), as: UInt8.self)
        case .float:
            let number = try real(value, field)
            let narrow = Float(number)
            guard narrow.isFinite || !number.isFinite else {
                throw .badInput(field: field, "\(number) does not fit float (at most 3.4028235e+38)")
            }
            memory.storeBytes(of: narrow, as: Float.self)
        case .double:
            memory.storeBytes(of: try real(value, field), as: Double.self)
        case .string:
            let text = try string(value, field)
            memory.storeBytes(of: text, as: UnsafeMutableRawPointer?.self)
        case .pointer(let tag):
            memory.storeBytes(of: try address(value, tag, field), as: UInt.self)
        case .structure(let structure):
            try store(value, structure, at: memory, field)
        case .array(let element, let count):
            guard case .list(let elements) = value, elements.count == count else {
                throw .badInput(
                    field: field, "must be a list of \(count) values for \(type.brief), is \(described(value))")
            }
            for (index, item) in elements.enumerated() {
                try store(item, element, at: memory.advanced(by: index * element.size), "\(field)[\(index)]")
            }
        case .text(let count, _):
            let bytes = try bytes(value, field, of: "text")
            guard !bytes.contains(0) else { throw .badInput(field: field, "text ends at a NUL character: use bytes") }
            guard bytes.count <= count else {
                throw .badInput(field: field, "has \(bytes.count) bytes, and \(type.brief) has room for \(count)")
            }
            memory.copyMemory(from: bytes, byteCount: bytes.count)
        case .bytes(let count, _):
            let bytes = try bytes(value, field, of: "bytes")
            guard bytes.count == count else {
                throw .badInput(field: field, "has \(bytes.count) bytes; \(type.brief) takes exactly \(count)")
            }
            memory.copyMemory(from: bytes, byteCount: bytes.count)
        }
    }

    private func store(
        _ value: Value, _ structure: CStructure, at memory: UnsafeMutableRawPointer, _ field: String
    ) throws(Failure) {
        switch value {
        case .list(let elements):
            guard elements.count == structure.fields.count else {
                throw .badInput(
                    field: field,
                    "has \(elements.count) values; \(CType.structure(structure).brief) has \(structure.fields.count)")
            }
            for (index, (member, item)) in zip(structure.fields, elements).enumerated() {
                try store(item, member.type, at: memory.advanced(by: member.offset), "\(field)[\(index)]")
            }
        case .object(let members) where structure.isNamed:
            for member in members where !structure.fields.contains(where: { $0.name == member.name }) {
                throw .badInput(field: "\(field).\(member.name)", "is no member of \(CType.structure(structure).brief)")
            }
            for member in structure.fields {
                let name = member.name ?? ""
                guard let item = members.last(where: { $0.name == name }) else {
                    throw .badInput(
                        field: "\(field).\(name)",
                        "is missing: \(CType.structure(structure).brief) needs all its members")
                }
                try store(item.value, member.type, at: memory.advanced(by: member.offset), "\(field).\(name)")
            }
        default:
            throw .badInput(
                field: field,
                "must be \(structure.isNamed ? "an object or a list" : "a list") for \(CType.structure(structure).brief), "
                    + "is \(described(value))")
        }
    }

    /// Writes a variable argument as C promotes it.
    func storePromoted(
        _ value: Value, _ type: CType, at memory: UnsafeMutableRawPointer, _ field: String
    ) throws(Failure) {
        try store(value, type, at: memory, field)
        switch (type, type.promoted) {
        case (.float, .double):
            memory.storeBytes(of: Double(memory.load(as: Float.self)), as: Double.self)
        case (.integer, .integer), (.bool, .integer), (.char, .integer):
            guard type.size < CInteger.int.size else { return }
            let number =
                switch Loading.load(type, from: memory, limit: 0) {
                case .integer(let number): Int32(truncatingIfNeeded: number)
                default: type == .char ? Int32(memory.load(as: CChar.self)) : Int32(memory.load(as: UInt8.self))
                }
            memory.storeBytes(of: number, as: Int32.self)
        default:
            break
        }
    }

    private func store(_ bits: UInt64, size: Int, at memory: UnsafeMutableRawPointer) {
        switch size {
        case 1: memory.storeBytes(of: UInt8(truncatingIfNeeded: bits), as: UInt8.self)
        case 2: memory.storeBytes(of: UInt16(truncatingIfNeeded: bits), as: UInt16.self)
        case 4: memory.storeBytes(of: UInt32(truncatingIfNeeded: bits), as: UInt32.self)
        default: memory.storeBytes(of: bits, as: UInt64.self)
        }
    }

    /// A value as text for a message, if it is short.
    private func described(_ value: Value) -> String {
        switch value {
        case .list(let elements): "a list of \(elements.count)"
        default: value.kind
        }
    }

    // MARK: Numbers

    /// Writes a whole number as an integer of a type.
    func store(count: Int, _ integer: CInteger, at memory: UnsafeMutableRawPointer, _ field: String) throws(Failure) {
        store(try bits(.integer(Int64(count)), integer, field), size: integer.size, at: memory)
    }

    private func bits(_ value: Value, _ integer: CInteger, _ field: String) throws(Failure) -> UInt64 {
        var text = ""
        switch value {
        case .integer(let number):
            if number >= integer.minimum, number < 0 || UInt64(number) <= integer.maximum {
                return UInt64(bitPattern: number)
            }
            text = String(number)
        case .unsigned(let number):
            if number <= integer.maximum { return number }
            text = String(number)
        case .real(let number):
            guard let whole = Int64(exactly: number), whole.magnitude <= 1 << 53 else {
                guard number.isFinite, number.rounded() == number else {
                    throw .badInput(field: field, "\(number) is no whole number, which \(integer.name) needs")
                }
                throw .badInput(
                    field: field,
                    "\(number) is not exact as a JSON number: write it as text, such as \"18446744073709551615\"")
            }
            return try bits(.integer(whole), integer, field)
        case .string(let written):
            guard let number = Self.number(written) else {
                throw .badInput(field: field, "must be an integer for \(integer.name), is a text that is none")
            }
            return try bits(number, integer, field)
        case .char(let byte):
            return try bits(.integer(Int64(byte)), integer, field)
        default:
            throw .badInput(field: field, "must be an integer for \(integer.name), is \(value.kind)")
        }
        throw .badInput(
            field: field, "\(text) does not fit \(integer.name) (\(integer.minimum) to \(integer.maximum))")
    }

    /// Reads digits, decimal or after `0x`, with a sign before them; nil if they are none.
    private static func number(_ text: String) -> Value? {
        let isNegative = text.hasPrefix("-")
        let digits = text.dropFirst(isNegative ? 1 : 0)
        let isHex = digits.hasPrefix("0x") || digits.hasPrefix("0X")
        let body = isHex ? digits.dropFirst(2) : digits
        guard let first = body.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-"),
            let magnitude = UInt64(body, radix: isHex ? 16 : 10)
        else { return nil }
        guard isNegative else { return .unsigned(magnitude) }
        guard magnitude <= 1 << 63 else { return nil }
        return .integer(Int64(truncatingIfNeeded: 0 &- magnitude))
    }

    private func character(_ value: Value, _ field: String) throws(Failure) -> UInt8 {
        switch value {
        case .integer(let number) where (-128...255).contains(number):
            return UInt8(truncatingIfNeeded: number)
        case .integer(let number):
            throw .badInput(field: field, "\(number) does not fit char (-128 to 255)")
        case .char(let byte):
            return byte
        case .string(let text):
            let scalars = text.unicodeScalars
            if let scalar = scalars.first, scalars.count == 1, scalar.value <= 255 { return UInt8(scalar.value) }
        default:
            break
        }
        throw .badInput(field: field, "must be one character (up to U+00FF) or a number for char, is \(value.kind)")
    }

    private func real(_ value: Value, _ field: String) throws(Failure) -> Double {
        switch value {
        case .integer(let number): return Double(number)
        case .unsigned(let number): return Double(number)
        case .real(let number): return number
        case .string("nan"): return .nan
        case .string("inf"): return .infinity
        case .string("-inf"): return -.infinity
        default:
            throw .badInput(field: field, "must be a number, or \"nan\", \"inf\", \"-inf\"; is \(value.kind)")
        }
    }

    // MARK: Text, bytes and pointers

    /// Bytes of text, or of an object that says their form.
    func bytes(_ value: Value, _ field: String, of what: String) throws(Failure) -> [UInt8] {
        switch value {
        case .string(let text):
            return Array(text.utf8)
        case .bytes(let bytes, _):
            return bytes
        case .object(let members) where members.count == 1:
            guard let form = TextForm(rawValue: members[0].name), case .string(let text) = members[0].value else {
                break
            }
            guard let bytes = form.read(text) else {
                throw .badInput(field: "\(field).\(form.rawValue)", "is not in the form that it says")
            }
            return bytes
        default:
            break
        }
        throw .badInput(
            field: field,
            "must be a string, or an object with one of text, base64 and hex, for \(what); is \(value.kind)")
    }

    /// Text with its NUL in memory; nil for null.
    func string(_ value: Value, _ field: String) throws(Failure) -> UnsafeMutableRawPointer? {
        if case .null = value { return nil }
        let bytes = try bytes(value, field, of: "string")
        guard !bytes.contains(0) else {
            throw .badInput(field: field, "contains a NUL character, where C would end it: use bytes")
        }
        let memory = try arena.allocate(bytes.count + 1, for: field)
        memory.copyMemory(from: bytes, byteCount: bytes.count)
        return memory
    }

    private func address(_ value: Value, _ tag: String?, _ field: String) throws(Failure) -> UInt {
        switch value {
        case .null:
            return 0
        case .pointer(let address, let known):
            guard tag == nil || known == nil || tag == known else {
                throw .badInput(field: field, "is a \(known ?? "") *, and the signature wants a \(tag ?? "") *")
            }
            return address
        default:
            throw .badInput(
                field: field,
                "must be null or {use: …} with a pointer that an earlier call gave, is \(value.kind); "
                    + "for data say string, bytes, or in with a type")
        }
    }
}

extension CType {
    /// The type as a signature writes it, cut where it is too long for a message.
    var brief: String {
        let text = description
        return text.utf8.count <= 200 ? text : "\(text.prefix(200))…"
    }
}
