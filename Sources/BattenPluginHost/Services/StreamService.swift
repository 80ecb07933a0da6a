import BattenCore
import BattenSystem
import CBattenABI
import Synchronization

/// `batten.stream/1`.
///
/// A sink that is behind says so with the piece it has still taken; nothing tells when it has caught up, so the next
/// write is worth trying after a short pause.
enum StreamService {
    /// How long a plugin waits after the sink said it was behind, in nanoseconds.
    static let pause: Int64 = 5_000_000

    static var table: batten_stream {
        let whenReady:
            @convention(c) (HostTable.Host?, batten_token, LoopService.Task?, UnsafeMutableRawPointer?) -> batten_rc =
                unsafe streamWhenReady
        return unsafe batten_stream(
            struct_size: tableSize(batten_stream.self), write: streamWrite, wait: streamWait,
            when_ready: unsafe recast(whenReady))
    }
}

private func streamWrite(
    _ host: HostTable.Host, _ token: batten_token, _ channel: batten_span, _ bytes: batten_span
) -> batten_rc {
    let use = unsafe ServiceUse(host, token, "stream.write")
    guard let channel = unsafe use.text(channel, "channel"), unsafe use.isReadable(bytes, "piece") else {
        return .BATTEN_RC_BAD_ARGUMENT
    }
    guard !channel.isEmpty else { return use.bad("names no channel") }
    guard let call = use.call() else { return .BATTEN_RC_STALE }
    guard !call.host.settings.isBehind() else {
        call.output.withLock { $0.pausedUntil = MonotonicClock.now() + StreamService.pause }
        return .BATTEN_RC_BUSY
    }
    let pieces = call.output.withLock { output -> [OutputState.Piece]? in
        guard output.pausedUntil == 0 || output.pausedUntil <= MonotonicClock.now() else { return nil }
        output.pausedUntil = 0
        return unsafe output.take(channel, UnsafeBufferPointer(start: bytes.ptr, count: Int(bytes.len)))
    }
    guard let pieces else { return .BATTEN_RC_BUSY }
    var isBehind = false
    for piece in pieces {
        if piece.isText {
            isBehind = !call.reports.stream(tag: call.tag, text: piece.text) || isBehind
        } else {
            call.reports.log(tag: call.tag, stream: piece.channel, text: piece.text)
        }
    }
    if isBehind { call.output.withLock { $0.pausedUntil = MonotonicClock.now() + StreamService.pause } }
    return .BATTEN_RC_OK
}

private func streamWait(_ host: HostTable.Host, _ token: batten_token, _ deadline: Int64) -> batten_rc {
    let use = unsafe ServiceUse(host, token, "stream.wait")
    if EventLoop.current != nil { use.tell(.quick, "was called on a loop's thread, and blocks") }
    while true {
        guard let call = use.call() else { return .BATTEN_RC_STALE }
        let until = call.output.withLock { $0.pausedUntil }
        let now = MonotonicClock.now()
        if until <= now { return .BATTEN_RC_OK }
        if deadline <= now { return .BATTEN_RC_BUSY }
        MonotonicClock.sleep(until: min(until, deadline))
    }
}

private func streamWhenReady(
    _ host: HostTable.Host?, _ token: batten_token, _ ready: LoopService.Task?, _ user: UnsafeMutableRawPointer?
) -> batten_rc {
    let use = unsafe ServiceUse(host, token, "stream.when_ready")
    guard let ready = unsafe ready else { return use.bad("has no function") }
    guard let call = use.call() else { return .BATTEN_RC_STALE }
    guard let loop = call.instance.loop else { return .BATTEN_RC_REFUSED }
    let until = call.output.withLock { output -> Int64? in
        guard !output.isReadyWanted else { return nil }
        output.isReadyWanted = true
        return output.pausedUntil
    }
    guard let until else { return .BATTEN_RC_REFUSED }
    let callback = unsafe PluginCallback(
        function: ready, user: user, plugin: call.instance.executor.plugin, name: "stream.when_ready")
    let accepted = loop.post {
        _ = loop.setTimer(at: until) {
            call.output.withLock { $0.isReadyWanted = false }
            callback.call()
        }
    }
    return accepted ? .BATTEN_RC_OK : .BATTEN_RC_REFUSED
}
