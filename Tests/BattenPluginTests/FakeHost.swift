import CBattenABI
import Glibc
import Synchronization

@testable import BattenPlugin

/// A host of the tests' own: one loop that the test turns by hand, and services that remember what they are told.
final class FakeHost: @unchecked Sendable {
    // SAFETY: what threads share is behind the mutex; the loop's state belongs to the test's thread.
    struct Ended: Sendable {
        var number: UInt32 = 0
        var effect: UInt32 = 0
        var retryAfter: Int64 = 0
        var code = ""
        var message = ""
        var details = ""
        var output = ""
        /// Whether the output is a blob.
        var isBlob = false
    }

    struct Seen: Sendable {
        var ended: [UInt64: Ended] = [:]
        var stale = 0
        var lines: [String] = []
        var beats: [String] = []
        var checkpoints: [[UInt8]] = []
        var streamed: [String] = []
        var room = Int.max
        var usage: [String] = []
        var stops: [UInt64: UInt32] = [:]
        var posted: [@Sendable () -> Void] = []
        var blobs: [UInt64: FakeBlob] = [:]
        /// Whether there is no room for another blob.
        var isFull = false
        var settled: [String] = []
        /// Grants a hold that was put off.
        var putOff: (@Sendable () -> Void)?
        /// Says that there is room for output again.
        var streamReady: (@Sendable () -> Void)?
    }

    let seen = Mutex(Seen())
    let table = UnsafeMutablePointer<batten_host>.allocate(capacity: 1)
    let log = UnsafeMutablePointer<batten_log>.allocate(capacity: 1)
    let beat = UnsafeMutablePointer<batten_beat>.allocate(capacity: 1)
    let stream = UnsafeMutablePointer<batten_stream>.allocate(capacity: 1)
    let usage = UnsafeMutablePointer<batten_usage>.allocate(capacity: 1)
    let secret = UnsafeMutablePointer<batten_secret>.allocate(capacity: 1)
    let quota = UnsafeMutablePointer<batten_quota>.allocate(capacity: 1)
    let loop = UnsafeMutablePointer<batten_loop>.allocate(capacity: 1)
    let blob = UnsafeMutablePointer<batten_blob>.allocate(capacity: 1)
    let withServices: Bool
    let loopThread = pthread_self()
    var watches: [Int32: (UInt32, batten_watch_fn, UnsafeMutableRawPointer?)] = [:]
    var timers: [UInt64: (Int64, batten_task_fn, UnsafeMutableRawPointer?)] = [:]
    var nextTimer: UInt64 = 1

    init(withServices: Bool = true) {
        self.withServices = withServices
        table.initialize(
            to: batten_host(
                struct_size: UInt32(MemoryLayout<batten_host>.size),
                abi_major: 1, abi_minor: 0,
                context: Unmanaged.passUnretained(self).toOpaque(),
                name: UnsafePointer(strdup("fake")),
                version: UnsafePointer(strdup("0.1.0")),
                query: { table, id in FakeHost.of(table).query(String(cString: id)) },
                complete: { table, token, outcome in FakeHost.of(table).complete(token, outcome.pointee) },
                should_stop: { table, token in
                    batten_stop(rawValue: FakeHost.of(table).seen.withLock { $0.stops[token] ?? 0 })
                        ?? .BATTEN_STOP_NONE
                }))
        fillServices()
        fillQuota()
        fillLoop()
        fillBlob()
    }

    static func of(_ table: UnsafePointer<batten_host>) -> FakeHost {
        guard let context = table.pointee.context else { fatalError("the table has lost its host") }
        return Unmanaged<FakeHost>.fromOpaque(context).takeUnretainedValue()
    }

    private func query(_ id: String) -> UnsafeRawPointer? {
        guard withServices else { return nil }
        return switch id {
        case BATTEN_SERVICE_LOG: UnsafeRawPointer(log)
        case BATTEN_SERVICE_BEAT: UnsafeRawPointer(beat)
        case BATTEN_SERVICE_STREAM: UnsafeRawPointer(stream)
        case BATTEN_SERVICE_USAGE: UnsafeRawPointer(usage)
        case BATTEN_SERVICE_SECRET: UnsafeRawPointer(secret)
        case BATTEN_SERVICE_QUOTA: UnsafeRawPointer(quota)
        case BATTEN_SERVICE_LOOP: UnsafeRawPointer(loop)
        case BATTEN_SERVICE_BLOB: UnsafeRawPointer(blob)
        default: nil
        }
    }

    private func complete(_ token: UInt64, _ outcome: batten_outcome) -> batten_rc {
        seen.withLock { seen in
            guard seen.ended[token] == nil else {
                seen.stale += 1
                return .BATTEN_RC_STALE
            }
            seen.ended[token] = Ended(
                number: outcome.outcome_class.rawValue, effect: outcome.effect.rawValue,
                retryAfter: outcome.retry_after_ns, code: outcome.code.text, message: outcome.message.text,
                details: outcome.details.text, output: outcome.output.bytes.text)
            if let blob = seen.blobs[outcome.output.blob], blob.isSealed {
                seen.ended[token]?.output = blob.text
                seen.ended[token]?.isBlob = true
            }
            return .BATTEN_RC_OK
        }
    }

    private func fillServices() {
        log.initialize(
            to: batten_log(
                struct_size: UInt64(MemoryLayout<batten_log>.size),
                write: { table, token, level, text, fields in
                    let line = "\(token) \(level.rawValue) \(text.text) \(fields.text)"
                    FakeHost.of(table).seen.withLock { $0.lines.append(line) }
                    return .BATTEN_RC_OK
                }))
        beat.initialize(
            to: batten_beat(
                struct_size: UInt64(MemoryLayout<batten_beat>.size),
                beat: { table, _, fraction, note in
                    let line = "\(fraction) \(note.text)"
                    FakeHost.of(table).seen.withLock { $0.beats.append(line) }
                    return .BATTEN_RC_OK
                },
                checkpoint: { table, _, state in
                    let bytes = state.copy
                    guard bytes.count <= 1 << 20 else { return .BATTEN_RC_BAD_ARGUMENT }
                    FakeHost.of(table).seen.withLock { $0.checkpoints.append(bytes) }
                    return .BATTEN_RC_OK
                }))
        stream.initialize(
            to: batten_stream(
                struct_size: UInt64(MemoryLayout<batten_stream>.size),
                write: { table, _, channel, bytes in
                    let piece = "\(channel.text):\(bytes.text)"
                    return FakeHost.of(table).seen.withLock { seen in
                        guard seen.room > 0 else { return .BATTEN_RC_BUSY }
                        seen.room -= 1
                        seen.streamed.append(piece)
                        return .BATTEN_RC_OK
                    }
                },
                wait: { table, _, _ in
                    FakeHost.of(table).seen.withLock { $0.room > 0 ? .BATTEN_RC_OK : .BATTEN_RC_BUSY }
                },
                when_ready: { table, _, ready, user in
                    // SAFETY: the pointer is only passed on.
                    nonisolated(unsafe) let user = user
                    return FakeHost.of(table).seen.withLock { seen in
                        guard seen.streamReady == nil else { return .BATTEN_RC_REFUSED }
                        seen.streamReady = { ready(user) }
                        return .BATTEN_RC_OK
                    }
                }))
        usage.initialize(
            to: batten_usage(
                struct_size: UInt64(MemoryLayout<batten_usage>.size),
                add: { table, _, meter, subject, amount in
                    let line = "\(meter.text) \(subject.text) \(amount)"
                    FakeHost.of(table).seen.withLock { $0.usage.append(line) }
                    return .BATTEN_RC_OK
                }))
        secret.initialize(
            to: batten_secret(
                struct_size: UInt64(MemoryLayout<batten_secret>.size),
                read: { _, _, name, value in
                    guard name.text == "KEY" else { return .BATTEN_RC_DENIED }
                    value.pointee.length = 3000
                    guard value.pointee.capacity >= 3000, let start = value.pointee.ptr else {
                        return .BATTEN_RC_TOO_SMALL
                    }
                    memset(start, 0x6B, 3000)
                    return .BATTEN_RC_OK
                }))
    }

    /// Up to 10 is granted, 11 put off, 12 stale, and more refused.
    private func fillQuota() {
        quota.initialize(
            to: batten_quota(
                struct_size: UInt64(MemoryLayout<batten_quota>.size),
                hold: { table, token, _, _, amount, granted, user in
                    // SAFETY: the pointer is only passed on.
                    nonisolated(unsafe) let user = user
                    switch amount {
                    case ...10: granted(user, token, UInt64(amount + 1), .BATTEN_RC_OK, -1)
                    case 11:
                        FakeHost.of(table).seen.withLock {
                            $0.putOff = { granted(user, token, 77, .BATTEN_RC_OK, -1) }
                        }
                    case 12: return .BATTEN_RC_STALE
                    default: granted(user, token, 0, .BATTEN_RC_REFUSED, 5_000_000_000)
                    }
                    return .BATTEN_RC_OK
                },
                settle: { table, lease, used in
                    FakeHost.of(table).seen.withLock { $0.settled.append("\(lease) \(used)") }
                    return .BATTEN_RC_OK
                }))
    }

    private func fillLoop() {
        loop.initialize(
            to: batten_loop(
                struct_size: UInt64(MemoryLayout<batten_loop>.size),
                current: { table, id in
                    guard pthread_equal(FakeHost.of(table).loopThread, pthread_self()) != 0 else {
                        return .BATTEN_RC_REFUSED
                    }
                    id.pointee = 7
                    return .BATTEN_RC_OK
                },
                watch: { table, fd, events, fn, user in
                    guard fd >= 0 else { return .BATTEN_RC_BAD_ARGUMENT }
                    FakeHost.of(table).watches[fd] = (events, fn, user)
                    return .BATTEN_RC_OK
                },
                unwatch: { table, fd in
                    FakeHost.of(table).watches.removeValue(forKey: fd) == nil ? .BATTEN_RC_REFUSED : .BATTEN_RC_OK
                },
                timer: { table, at, fn, user, id in
                    let host = FakeHost.of(table)
                    id.pointee = host.nextTimer
                    host.timers[host.nextTimer] = (at, fn, user)
                    host.nextTimer += 1
                    return .BATTEN_RC_OK
                },
                untimer: { table, id in
                    FakeHost.of(table).timers.removeValue(forKey: id) == nil ? .BATTEN_RC_STALE : .BATTEN_RC_OK
                },
                post: { table, id, fn, user in
                    guard id == 7 else { return .BATTEN_RC_REFUSED }
                    // SAFETY: the pointer is only passed on.
                    nonisolated(unsafe) let user = user
                    FakeHost.of(table).seen.withLock { $0.posted.append { fn(user) } }
                    return .BATTEN_RC_OK
                }))
    }

    /// Turns the loop once: what was posted, what is ready now, and the timers that are due.
    func turn() {
        let posted = seen.withLock { seen in
            defer { seen.posted = [] }
            return seen.posted
        }
        for work in posted { work() }
        for (fd, watch) in watches {
            var entry = pollfd(fd: fd, events: Int16(watch.0 & 1 != 0 ? POLLIN : 0), revents: 0)
            guard poll(&entry, 1, 0) > 0, watches[fd] != nil else { continue }
            let readable: UInt32 = entry.revents & Int16(POLLIN) != 0 ? 1 : 0
            watch.1(watch.2, fd, readable | (entry.revents & Int16(POLLHUP) != 0 ? 4 : 0))
        }
        let now = MonotonicTime.now.nanoseconds
        for (id, timer) in timers where timer.0 <= now {
            timers[id] = nil
            timer.1(timer.2)
        }
    }

    /// Whether a call waits to offer output again.
    var waitingForRoom: Bool { seen.withLock { $0.streamReady != nil } }

    /// Takes more pieces of output from now on.
    func makeRoom(_ pieces: Int) {
        let ready = seen.withLock { seen in
            seen.room = pieces
            defer { seen.streamReady = nil }
            return seen.streamReady
        }
        ready?()
    }

    /// What is known of a call's end.
    func ended(_ token: UInt64) -> Ended? { seen.withLock { $0.ended[token] } }
}
