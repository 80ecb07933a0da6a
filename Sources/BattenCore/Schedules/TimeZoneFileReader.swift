/// Reads the compiled form of a time zone (RFC 9636, "TZif").
struct TimeZoneFileReader {
    private let bytes: [UInt8]
    private var place = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The numbers of a data block's header.
    private struct Counts {
        var universal: Int
        var standard: Int
        var leapSeconds: Int
        var transitions: Int
        var types: Int
        var characters: Int

        /// Bytes of the data block, with instants of this many bytes.
        func length(instant: Int) -> Int {
            transitions * (instant + 1) + types * 6 + characters + leapSeconds * (instant + 4) + standard + universal
        }
    }

    /// The periods of the file and the text of its footer.
    mutating func read() throws(TimeZoneError) -> ([TimeZoneRules.Period], footer: String) {
        let (version, old) = try header()
        guard version >= UInt8(ascii: "2") else {
            throw TimeZoneError("it is of version 1, which ends in 2038; version 2 or later is needed")
        }
        try skip(old.length(instant: 4))
        let (_, counts) = try header()
        let periods = try periods(counts)
        return (periods, try footer())
    }

    private mutating func header() throws(TimeZoneError) -> (version: UInt8, Counts) {
        guard bytes.count - place >= 44, bytes[place..<place + 4].elementsEqual("TZif".utf8) else {
            throw TimeZoneError("it is not a compiled time zone")
        }
        let version = bytes[place + 4]
        place += 20
        var numbers: [Int] = []
        for _ in 0..<6 { numbers.append(Int(try big32())) }
        guard numbers.allSatisfy({ (0...1_000_000).contains($0) }) else {
            throw TimeZoneError("it has more entries than any time zone")
        }
        return (
            version,
            Counts(
                universal: numbers[0], standard: numbers[1], leapSeconds: numbers[2], transitions: numbers[3],
                types: numbers[4], characters: numbers[5])
        )
    }

    private mutating func periods(_ counts: Counts) throws(TimeZoneError) -> [TimeZoneRules.Period] {
        guard counts.types > 0 else { throw TimeZoneError("it has no kind of local time") }
        guard bytes.count - place >= counts.length(instant: 8) else { throw TimeZoneError("it is cut off") }
        var instants: [Int64] = []
        for _ in 0..<counts.transitions { instants.append(try big64()) }
        let kinds = bytes[place..<place + counts.transitions].map(Int.init)
        place += counts.transitions
        var offsets: [Int] = []
        var names: [Int] = []
        for _ in 0..<counts.types {
            offsets.append(Int(try big32()))
            names.append(Int(bytes[place + 1]))
            place += 2
        }
        let letters = bytes[place..<place + counts.characters]
        place += counts.characters
        try skip(counts.leapSeconds * 12 + counts.standard + counts.universal)
        guard kinds.allSatisfy({ $0 < counts.types }), names.allSatisfy({ $0 < letters.count }),
            offsets.allSatisfy({ abs($0) < 26 * 3_600 }), zip(instants, instants.dropFirst()).allSatisfy(<)
        else { throw TimeZoneError("its entries contradict each other") }

        func period(_ kind: Int, from start: Int64) -> TimeZoneRules.Period {
            let name = letters[(letters.startIndex + names[kind])...].prefix { $0 != 0 }
            return TimeZoneRules.Period(
                offset: offsets[kind], abbreviation: String(decoding: name, as: UTF8.self), start: start, end: .max)
        }
        var periods = [period(0, from: .min)]
        for (instant, kind) in zip(instants, kinds) {
            let next = period(kind, from: instant)
            if next.offset == periods[periods.count - 1].offset,
                next.abbreviation == periods[periods.count - 1].abbreviation
            {
                continue
            }
            periods[periods.count - 1].end = instant
            periods.append(next)
        }
        // The last change is kept even when nothing changes with it: the rule of the footer holds from there on.
        if let last = instants.last, periods[periods.count - 1].start < last {
            var next = periods[periods.count - 1]
            periods[periods.count - 1].end = last
            next.start = last
            periods.append(next)
        }
        return periods
    }

    private mutating func footer() throws(TimeZoneError) -> String {
        guard place < bytes.count, bytes[place] == UInt8(ascii: "\n") else { throw TimeZoneError("its end is missing") }
        let text = bytes[(place + 1)...]
        guard let end = text.firstIndex(of: UInt8(ascii: "\n")) else { throw TimeZoneError("its end is missing") }
        return String(decoding: text[..<end], as: UTF8.self)
    }

    private mutating func skip(_ count: Int) throws(TimeZoneError) {
        guard bytes.count - place >= count else { throw TimeZoneError("it is cut off") }
        place += count
    }

    private mutating func big32() throws(TimeZoneError) -> Int32 {
        guard bytes.count - place >= 4 else { throw TimeZoneError("it is cut off") }
        let number = bytes[place..<place + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        place += 4
        return Int32(bitPattern: number)
    }

    private mutating func big64() throws(TimeZoneError) -> Int64 {
        guard bytes.count - place >= 8 else { throw TimeZoneError("it is cut off") }
        let number = bytes[place..<place + 8].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        place += 8
        return Int64(bitPattern: number)
    }
}
