import CBattenPure
import Synchronization

/// A compiled regular expression in RE2 syntax; searching takes time linear in the text.
final class SearchPattern: Sendable {
    /// Why a pattern does not compile.
    struct Failure: Error, Sendable {
        /// The reason in RE2's words.
        let reason: String
    }

    /// Bytes one compiled pattern may take.
    private static let greatestMemory: Int64 = 8 << 20

    // SAFETY: the compiled pattern is never changed after init, and RE2 searches it from any number of threads.
    nonisolated(unsafe) private let compiled: OpaquePointer

    /// Compiles a pattern.
    init(_ pattern: String) throws(Failure) {
        var pattern = pattern
        var reason = [CChar](repeating: 0, count: 256)
        let compiled = pattern.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) { text in
                batten_re2_compile(text.baseAddress, text.count, Self.greatestMemory, &reason, reason.count)
            }
        }
        guard let compiled else {
            let bytes = reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw Failure(reason: String(decoding: bytes, as: UTF8.self))
        }
        self.compiled = compiled
    }

    deinit { batten_re2_free(compiled) }

    /// Whether the pattern matches somewhere in a text.
    func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { text in
            text.withMemoryRebound(to: CChar.self) { text in
                batten_re2_search(compiled, text.baseAddress, text.count) == 1
            }
        }
    }

    // MARK: Cache

    private static let greatestCacheCount = 128
    private static let cache = Mutex<[String: SearchPattern]>([:])

    /// The compiled form of a pattern, kept for the next time; the cache starts over when it is full.
    static func cached(_ pattern: String) throws(Failure) -> SearchPattern {
        if let known = cache.withLock({ $0[pattern] }) { return known }
        let compiled = try SearchPattern(pattern)
        cache.withLock { cache in
            if cache.count >= greatestCacheCount { cache.removeAll(keepingCapacity: true) }
            cache[pattern] = compiled
        }
        return compiled
    }
}
