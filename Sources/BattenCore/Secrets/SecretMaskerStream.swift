extension SecretMasker {
    /// Masks bytes that come in pieces, secrets across their borders included.
    ///
    /// What may still turn out to be the beginning of a secret is held back, never more than the longest form.
    public struct Stream: Sendable {
        private let automaton: ByteAutomaton?
        private var state = 0
        /// Bytes read and not given out, and for each whether it belongs to a secret.
        private var held: [UInt8] = []
        private var isSecret: [Bool] = []
        /// The last run of secret bytes among those held.
        private var run = 0..<0
        /// How many of the held bytes end lines.
        private var lineEnds = 0
        /// Whether the last byte given out stood for a secret, so that its rest is not shown again.
        private var endedInSecret = false

        init(automaton: ByteAutomaton?) { self.automaton = automaton }

        /// Takes a piece and gives what can be shown.
        public mutating func append(_ text: String) -> String {
            guard automaton != nil else { return text }
            var text = text
            return String(decoding: text.withUTF8 { append($0) }, as: UTF8.self)
        }

        /// Takes a piece and gives what can be shown.
        public mutating func append(_ bytes: [UInt8]) -> [UInt8] {
            guard automaton != nil else { return bytes }
            return bytes.withUnsafeBufferPointer { append($0) }
        }

        /// Gives what was held back; the stream is over and can begin anew.
        public mutating func finish() -> String { String(decoding: finishBytes(), as: UTF8.self) }

        /// Gives what was held back; the stream is over and can begin anew.
        public mutating func finishBytes() -> [UInt8] {
            var output: [UInt8] = []
            release(held.count, into: &output)
            state = 0
            endedInSecret = false
            return output
        }

        mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) -> [UInt8] {
            guard let automaton else { return Array(bytes) }
            var output: [UInt8] = []
            output.reserveCapacity(bytes.count)
            let mostLineEnds = SecretMasker.mostLineEnds(automaton)
            var place = 0
            while place < bytes.count {
                if state == 0 {
                    release(held.count, into: &output)
                    let end = automaton.skip(bytes, from: place)
                    if end > place {
                        output.append(contentsOf: bytes[place..<end])
                        endedInSecret = false
                        place = end
                        continue
                    }
                }
                let byte = bytes[place]
                held.append(byte)
                isSecret.append(false)
                place += 1
                if byte.isLineEnd {
                    lineEnds += 1
                    if lineEnds > mostLineEnds { release(start(of: Int(automaton.depth[state])), into: &output) }
                    // Whatever is broken into so many lines is not followed any further.
                    if lineEnds > mostLineEnds { state = 0 }
                    continue
                }
                state = automaton.next(state, byte)
                let matched = Int(automaton.matched[state])
                if matched > 0 { mark(start(of: matched)) }
                // Whatever is found later begins within the state's own bytes. Giving out in larger steps keeps the
                // moving of what is held cheap.
                if held.count - lineEnds - Int(automaton.depth[state]) > 4_096 {
                    release(start(of: Int(automaton.depth[state])), into: &output)
                }
            }
            release(state == 0 ? held.count : start(of: Int(automaton.depth[state])), into: &output)
            return output
        }

        /// Where the last bytes of a number begin among those held, line ends not counted.
        private func start(of count: Int) -> Int {
            guard lineEnds > 0 else { return held.count - count }
            var (place, left) = (held.count, count)
            while left > 0, place > 0 {
                place -= 1
                if !held[place].isLineEnd { left -= 1 }
            }
            return place
        }

        /// Marks the held bytes from a place on, going over none twice.
        private mutating func mark(_ start: Int) {
            let end = held.count
            if start >= run.lowerBound, start <= run.upperBound {
                for index in run.upperBound..<end { isSecret[index] = true }
                run = run.lowerBound..<end
            } else {
                for index in start..<end { isSecret[index] = true }
                run = start..<end
            }
        }

        private mutating func release(_ count: Int, into output: inout [UInt8]) {
            guard count > 0 else { return }
            for index in 0..<count {
                let isLineEnd = held[index].isLineEnd
                if isLineEnd { lineEnds -= 1 }
                if isLineEnd || !isSecret[index] {
                    output.append(held[index])
                } else if !endedInSecret {
                    output.append(contentsOf: SecretMasker.replacement.utf8)
                }
                endedInSecret = isSecret[index] && !isLineEnd
            }
            held.removeFirst(count)
            isSecret.removeFirst(count)
            run = max(0, run.lowerBound - count)..<max(0, run.upperBound - count)
        }
    }
}
