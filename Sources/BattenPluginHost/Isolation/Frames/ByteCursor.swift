/// Reads values one after another out of bytes that somebody else wrote; nil where there are too few.
@safe struct ByteCursor {
    private let bytes: UnsafeRawBufferPointer
    private(set) var offset = 0

    /// - Parameter bytes: outlive the cursor and all that it answers.
    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.bytes = unsafe bytes
    }

    /// How many bytes are left.
    var left: Int { unsafe bytes.count - offset }

    /// Whether all bytes have been read.
    var isAtEnd: Bool { left == 0 }

    /// The next fixed-width integer, in this machine's order.
    mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type = Value.self) -> Value? {
        let size = MemoryLayout<Value>.size
        guard left >= size else { return nil }
        defer { offset += size }
        return unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Value.self)
    }

    /// The next number.
    mutating func double() -> Double? {
        integer(UInt64.self).map { Double(bitPattern: $0) }
    }

    /// The next so many bytes.
    mutating func bytes(_ count: Int) -> UnsafeRawBufferPointer? {
        guard count >= 0, left >= count else { return nil }
        defer { offset += count }
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
    }

    /// The next bytes, whose count stands before them as 32 bits.
    mutating func sizedBytes() -> UnsafeRawBufferPointer? {
        guard let count = integer(UInt32.self) else { return nil }
        return unsafe bytes(Int(count))
    }

    /// The next text, whose length stands before it as 32 bits; what is not UTF-8 is repaired.
    mutating func text() -> String? {
        guard let bytes = unsafe sizedBytes() else { return nil }
        return unsafe String(decoding: bytes, as: UTF8.self)
    }

    /// All that is left.
    mutating func rest() -> UnsafeRawBufferPointer {
        defer { unsafe offset = bytes.count }
        return unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
    }
}

extension [UInt8] {
    /// Appends a fixed-width integer in this machine's order.
    mutating func append<Value: FixedWidthInteger>(integer value: Value) {
        unsafe Swift.withUnsafeBytes(of: value) { unsafe append(contentsOf: $0) }
    }

    /// Appends bytes after their count as 32 bits; longer ones than that are cut.
    mutating func append(sized bytes: some Collection<UInt8>) {
        let count = UInt32(clamping: bytes.count)
        append(integer: count)
        append(contentsOf: bytes.prefix(Int(count)))
    }

    /// Appends a text after its length as 32 bits.
    mutating func append(text: String) {
        var text = text
        text.withUTF8 { unsafe append(sized: $0) }
    }
}
