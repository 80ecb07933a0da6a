internal import CLinux
internal import Glibc

/// Memory that can be read while it is lent, and not even that afterwards: who breaks this ends with SIGSEGV, and a line on
/// the standard error says what was done wrong and by whom.
@safe public final class LentMemory: @unchecked Sendable {
    // SAFETY: the pages are written before they are lent, by their maker alone; `place` and `isOver` change under the
    // caller's own order: ``lend(_:)`` once, then ``takeBack()`` once.
    /// Where it begins: a page's beginning.
    public let start: UnsafeMutableRawPointer
    private let length: Int
    private let page: Int
    private var place: Int32 = -1
    private var isOver = false

    /// What comes first, from a page's beginning.
    public let head: UnsafeMutableRawBufferPointer
    /// What comes last: the byte behind it can never be read.
    public let tail: UnsafeMutableRawBufferPointer

    /// Makes memory that can still be written; nil when the system has none.
    ///
    /// - Parameters:
    ///   - head: bytes at the beginning.
    ///   - tail: bytes at the end.
    public init?(head: Int, tail: Int) {
        let (lent, overflow) = head.addingReportingOverflow(tail)
        var page = 0
        guard !overflow, lent >= 0, lent <= 1 << 40, let start = unsafe linux_guarded_map(max(1, lent), &page) else {
            return nil
        }
        unsafe self.start = unsafe start
        self.page = page
        length = (max(1, lent) + page - 1) / page * page
        unsafe self.head = unsafe UnsafeMutableRawBufferPointer(start: start, count: head)
        unsafe self.tail = unsafe UnsafeMutableRawBufferPointer(start: start + (length - tail), count: tail)
    }

    /// Makes it read only.
    ///
    /// - Parameter label: whose it is, at most 159 bytes of it are shown.
    public func lend(_ label: String) {
        place = unsafe linux_guard(start, length, page, label)
    }

    /// Makes it unreadable; it stays so until this object is gone.
    public func takeBack() {
        guard !isOver else { return }
        isOver = true
        unsafe linux_guard_over(place, start, length)
    }

    deinit {
        unsafe linux_unguard(place, start, length, page)
    }

    /// Has SIGSEGV in this process say whether lent memory was touched, before it does what it did before.
    public static func explainFaults() { linux_explain_faults() }
}
