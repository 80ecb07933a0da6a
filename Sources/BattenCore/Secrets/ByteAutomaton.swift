/// Finds any of many byte strings in one pass (Aho and Corasick's automaton).
///
/// A state is the longest end of what was read that begins some string. Most states have one way on, so ways are kept
/// as lists of siblings; only the first state has a full table.
final class ByteAutomaton: Sendable {
    private let firstChild: [Int32]
    private let nextSibling: [Int32]
    private let byte: [UInt8]
    private let fallback: [Int32]
    private let rootNext: [Int32]
    /// How many bytes of a string each state stands for.
    let depth: [Int32]
    /// The length of the longest string that ends in each state, 0 for none.
    let matched: [Int32]

    /// The length of the longest string.
    let longest: Int

    /// Builds the automaton; empty strings are left out.
    init(_ strings: some Sequence<[UInt8]>) {
        var firstChild: [Int32] = [-1]
        var nextSibling: [Int32] = [-1]
        var byte: [UInt8] = [0]
        var depth: [Int32] = [0]
        var matched: [Int32] = [0]
        var longest = 0

        func child(_ state: Int, _ wanted: UInt8) -> Int? {
            var next = firstChild[state]
            while next >= 0 {
                if byte[Int(next)] == wanted { return Int(next) }
                next = nextSibling[Int(next)]
            }
            return nil
        }

        for string in strings where !string.isEmpty {
            longest = max(longest, string.count)
            var state = 0
            for next in string {
                if let known = child(state, next) {
                    state = known
                } else {
                    let added = firstChild.count
                    firstChild.append(-1)
                    nextSibling.append(firstChild[state])
                    byte.append(next)
                    depth.append(depth[state] + 1)
                    matched.append(0)
                    firstChild[state] = Int32(added)
                    state = added
                }
            }
            matched[state] = depth[state]
        }

        // By depth, so that a state's fallback is finished before the state.
        var fallback = [Int32](repeating: 0, count: firstChild.count)
        var level: [Int] = [0]
        while !level.isEmpty {
            var below: [Int] = []
            for state in level {
                var next = firstChild[state]
                while next >= 0 {
                    let current = Int(next)
                    if state != 0 {
                        var candidate = Int(fallback[state])
                        var found = child(candidate, byte[current])
                        while found == nil, candidate != 0 {
                            candidate = Int(fallback[candidate])
                            found = child(candidate, byte[current])
                        }
                        fallback[current] = Int32(found ?? 0)
                    }
                    matched[current] = max(matched[current], matched[Int(fallback[current])])
                    below.append(current)
                    next = nextSibling[current]
                }
            }
            level = below
        }

        self.rootNext = (0...255).map { Int32(child(0, UInt8($0)) ?? 0) }
        self.firstChild = firstChild
        self.nextSibling = nextSibling
        self.byte = byte
        self.depth = depth
        self.matched = matched
        self.fallback = fallback
        self.longest = longest
    }

    /// The state after one more byte.
    func next(_ state: Int, _ wanted: UInt8) -> Int {
        var state = state
        while state != 0 {
            var next = firstChild[state]
            while next >= 0 {
                if byte[Int(next)] == wanted { return Int(next) }
                next = nextSibling[Int(next)]
            }
            state = Int(fallback[state])
        }
        return Int(rootNext[Int(wanted)])
    }

    /// How many bytes at the beginning of a text begin no string at all.
    func skip(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var place = start
        while place < text.count, rootNext[Int(text[place])] == 0 { place += 1 }
        return place
    }
}
