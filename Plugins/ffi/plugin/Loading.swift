internal import BattenSignature
internal import Glibc

/// Reads values out of memory as C has them.
enum Loading {
    /// The longest text that is read, in bytes.
    static let longestText = 16 << 20

    /// Reads one value.
    ///
    /// - Parameter limit: the most bytes of a C string; longer ones are cut there.
    static func load(_ type: CType, from memory: UnsafeRawPointer, limit: Int = longestText) -> Value {
        switch type {
        case .void:
            return .null
        case .integer(let integer):
            return load(integer, from: memory)
        case .bool:
            return .bool(memory.load(as: UInt8.self) != 0)
        case .char:
            return .char(memory.load(as: UInt8.self))
        case .float:
            return .real(Double(memory.loadUnaligned(as: Float.self)))
        case .double:
            return .real(memory.loadUnaligned(as: Double.self))
        case .string(let form, _):
            guard let text = memory.loadUnaligned(as: UnsafeRawPointer?.self) else { return .null }
            let length = strnlen(text.assumingMemoryBound(to: CChar.self), limit)
            return .bytes(bytes(text, length), form)
        case .pointer(let tag):
            let address = memory.loadUnaligned(as: UInt.self)
            return address == 0 ? .null : .pointer(address, tag: tag)
        case .structure(let structure):
            let values = structure.fields.map { load($0.type, from: memory + $0.offset, limit: limit) }
            guard structure.isNamed else { return .list(values) }
            return .object(zip(structure.fields, values).map { ($0.name ?? "", $1) })
        case .array(let element, let count):
            return .list((0..<count).map { load(element, from: memory + $0 * element.size, limit: limit) })
        case .text(let count, let form):
            return .bytes(bytes(memory, strnlen(memory.assumingMemoryBound(to: CChar.self), count)), form)
        case .bytes(let count, let form):
            return .bytes(bytes(memory, count), form)
        }
    }

    /// Copies bytes.
    static func bytes(_ memory: UnsafeRawPointer, _ count: Int) -> [UInt8] {
        Array(UnsafeRawBufferPointer(start: memory, count: count))
    }

    private static func load(_ integer: CInteger, from memory: UnsafeRawPointer) -> Value {
        switch (integer.size, integer.isSigned) {
        case (1, true): return .integer(Int64(memory.load(as: Int8.self)))
        case (1, false): return .integer(Int64(memory.load(as: UInt8.self)))
        case (2, true): return .integer(Int64(memory.loadUnaligned(as: Int16.self)))
        case (2, false): return .integer(Int64(memory.loadUnaligned(as: UInt16.self)))
        case (4, true): return .integer(Int64(memory.loadUnaligned(as: Int32.self)))
        case (4, false): return .integer(Int64(memory.loadUnaligned(as: UInt32.self)))
        case (_, true): return .integer(memory.loadUnaligned(as: Int64.self))
        case (_, false):
            let number = memory.loadUnaligned(as: UInt64.self)
            return Int64(exactly: number).map(Value.integer) ?? .unsigned(number)
        }
    }
}
