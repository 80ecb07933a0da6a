import BattenCore

/// The parts of a shared object that say how it is loaded, read from its bytes; none of it runs.
struct ElfFile {
    /// One program header.
    struct Segment {
        let kind: UInt64
        let flags: UInt64
        let offset: Int
        let address: UInt64
        let length: Int
    }

    private let bytes: [UInt8]
    /// The program headers.
    let segments: [Segment]
    /// The entries of the dynamic section, in order.
    let dynamic: [(tag: UInt64, value: UInt64)]

    private static let load: UInt64 = 1
    private static let dynamicKind: UInt64 = 2
    /// PT_GNU_STACK.
    static let stack: UInt64 = 0x6474_e551

    /// Reads a file; nil when its tables point outside of it.
    init?(_ bytes: [UInt8]) {
        self.bytes = bytes
        guard bytes.count >= 64 else { return nil }
        func number(_ offset: Int, _ width: Int) -> UInt64? {
            guard offset >= 0, width <= bytes.count, offset <= bytes.count - width else { return nil }
            return bytes[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
        guard let table = number(32, 8).flatMap({ Int(exactly: $0) }), let width = number(54, 2), width >= 56,
            let count = number(56, 2)
        else { return nil }
        var segments: [Segment] = []
        for index in 0..<Int(count) {
            let (place, overflow) = table.addingReportingOverflow(index * Int(width))
            guard !overflow, let kind = number(place, 4), let flags = number(place + 4, 4),
                let offset = number(place + 8, 8).flatMap({ Int(exactly: $0) }), let address = number(place + 16, 8),
                let length = number(place + 32, 8).flatMap({ Int(exactly: $0) })
            else { return nil }
            segments.append(
                Segment(kind: kind, flags: flags, offset: offset, address: address, length: length))
        }
        self.segments = segments
        var dynamic: [(tag: UInt64, value: UInt64)] = []
        if let segment = segments.first(where: { $0.kind == Self.dynamicKind }) {
            var place = segment.offset
            while dynamic.count < 4096, let tag = number(place, 8), let value = number(place + 8, 8), tag != 0 {
                dynamic.append((tag, value))
                place += 16
            }
        }
        self.dynamic = dynamic
    }

    private func number(_ offset: Int, _ width: Int) -> UInt64? {
        guard offset >= 0, width <= bytes.count, offset <= bytes.count - width else { return nil }
        return bytes[offset..<offset + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The value of the first entry with a tag.
    func entry(_ tag: UInt64) -> UInt64? { dynamic.first { $0.tag == tag }?.value }

    /// Where an address of the loaded object stands in the file.
    private func offset(of address: UInt64) -> Int? {
        for segment in segments where segment.kind == Self.load && address >= segment.address {
            let distance = address - segment.address
            guard distance < UInt64(segment.length), let distance = Int(exactly: distance) else { continue }
            let (offset, overflow) = segment.offset.addingReportingOverflow(distance)
            return overflow ? nil : offset
        }
        return nil
    }

    /// A text of the dynamic string table.
    func text(_ index: UInt64) -> String? {
        guard let table = entry(5).flatMap({ offset(of: $0) }), let index = Int(exactly: index) else { return nil }
        let (start, overflow) = table.addingReportingOverflow(index)
        guard !overflow, start >= 0, start < bytes.count else { return nil }
        guard let end = bytes[start...].firstIndex(of: 0) else { return nil }
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    /// Names of the libraries it needs.
    var needed: [String] { dynamic.filter { $0.tag == 1 }.compactMap { text($0.value) } }

    /// Folders in which the loader looks for them.
    var searchPaths: [String] {
        dynamic.filter { $0.tag == 29 || $0.tag == 15 }.compactMap { text($0.value) }.flatMap {
            $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
    }

    /// Names of the symbols that it offers to others.
    var exports: [String]? {
        guard let table = entry(6).flatMap({ offset(of: $0) }), let count = symbolCount else { return nil }
        var names: [String] = []
        for index in 0..<count {
            let (place, overflow) = table.addingReportingOverflow(index * 24)
            guard !overflow, let name = number(place, 4), let info = number(place + 4, 1),
                let other = number(place + 5, 1), let section = number(place + 6, 2)
            else { return nil }
            // Global, weak or unique; defined; not hidden.
            guard [1, 2, 10].contains(info >> 4), section != 0, section != 0xfff1, other & 3 == 0 || other & 3 == 3
            else { continue }
            if let text = text(name), !text.isEmpty { names.append(text) }
        }
        return names
    }

    /// How many symbols the dynamic table has: the hash table over them tells.
    private var symbolCount: Int? {
        if let hash = entry(4).flatMap({ offset(of: $0) }), let count = number(hash + 4, 4) { return Int(count) }
        guard let hash = entry(0x6fff_fef5).flatMap({ offset(of: $0) }), let buckets = number(hash, 4),
            let first = number(hash + 4, 4), let bloom = number(hash + 8, 4), buckets <= 1 << 24, bloom <= 1 << 24
        else { return nil }
        let bucketTable = hash + 16 + Int(bloom) * 8
        let chains = bucketTable + Int(buckets) * 4
        var last: UInt64 = 0
        for index in 0..<Int(buckets) {
            guard let start = number(bucketTable + index * 4, 4) else { return nil }
            last = max(last, start)
        }
        guard last >= first else { return Int(first) }
        while let value = number(chains + Int(last - first) * 4, 4) {
            last += 1
            if value & 1 == 1 { return Int(last) }
        }
        return nil
    }

    /// Versions of other libraries' symbols that it needs, such as `GLIBC_2.34`.
    var neededVersions: [String] {
        guard var place = entry(0x6fff_fffe).flatMap({ offset(of: $0) }), let count = entry(0x6fff_ffff) else {
            return []
        }
        var names: [String] = []
        for _ in 0..<min(count, 256) {
            guard let entries = number(place + 2, 2), let first = number(place + 8, 4), let next = number(place + 12, 4)
            else { break }
            var entry = place + Int(first)
            for _ in 0..<entries {
                guard let name = number(entry + 8, 4), let step = number(entry + 12, 4) else { break }
                if let text = text(name) { names.append(text) }
                if step == 0 { break }
                entry += Int(step)
            }
            if next == 0 { break }
            place += Int(next)
        }
        return names
    }
}
