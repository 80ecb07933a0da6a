import CCurl

/// Carries transfers out on one event loop: no thread and little memory for each.
///
/// A client belongs to one loop thread; all its functions are called there, and all handlers come there.
public final class TransferClient {
    /// libcurl's global state, set up once for the process and never torn down, because others may use it.
    private static let libraryIsReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private let loop: any TransferLoop
    private let policy: HostPolicy
    private let resolver: Resolver
    private let multi: UnsafeMutableRawPointer
    private let share: UnsafeMutableRawPointer?
    private var timer: UInt64?
    private var watched: Set<Int32> = []
    private var active: [UInt64: Transfer] = [:]
    private var nextID: UInt64 = 0
    /// How many calls of libcurl are on the stack that may call back.
    private var depth = 0
    /// What waits until no call of libcurl is on the stack.
    private var deferred: [() -> Void] = []
    private var isClosed = false

    /// Makes a client of a loop.
    ///
    /// - Throws: ``TransferFailure`` if libcurl cannot start.
    public init(loop: any TransferLoop, policy: HostPolicy, resolver: Resolver) throws(TransferFailure) {
        guard Self.libraryIsReady, let multi = curl_multi_init() else {
            throw TransferFailure(.local, code: "transfer.library", message: "libcurl could not be set up")
        }
        self.loop = loop
        self.policy = policy
        self.resolver = resolver
        self.multi = multi
        share = curl_share_init()
        if let share { _ = batten_share_data(share, CURL_LOCK_DATA_SSL_SESSION) }
        let me = Unmanaged.passUnretained(self).toOpaque()
        _ = batten_multi_set_socket_function(multi, onSocket)
        _ = batten_multi_set_pointer(multi, CURLMOPT_SOCKETDATA, me)
        _ = batten_multi_set_timer_function(multi, onTimer)
        _ = batten_multi_set_pointer(multi, CURLMOPT_TIMERDATA, me)
        _ = batten_multi_set_long(multi, CURLMOPT_MAXCONNECTS, 256)
    }

    deinit {
        close()
        curl_multi_cleanup(multi)
        if let share { curl_share_cleanup(share) }
    }

    /// How many transfers are under way.
    public var inFlight: Int { active.count }

    /// The present, in nanoseconds of CLOCK_MONOTONIC.
    public static var now: Int64 { batten_monotonic_ns() }

    /// Starts a transfer; `completion` is called exactly once, never before this returns.
    @discardableResult
    public func start(
        _ request: TransferRequest, completion: @escaping (Result<TransferResponse, TransferFailure>) -> Void
    ) -> Transfer {
        nextID += 1
        let transfer = Transfer(id: nextID, client: self, request: request, completion: completion)
        active[transfer.id] = transfer
        if request.totalTimeout > 0 {
            transfer.timer = loop.timer(at: Self.now &+ request.totalTimeout) { [weak self, weak transfer] in
                guard let self, let transfer else { return }
                transfer.timer = nil
                end(transfer, .failure(transfer.failure(.timeout, "timeout.total", "took longer than its time limit")))
            }
        }
        if isClosed {
            later { [weak self] in
                self?.end(
                    transfer, .failure(TransferFailure(.cancelled, code: "transfer.closed", message: "shutting down")))
            }
        } else {
            look(transfer)
        }
        return transfer
    }

    /// Ends all transfers as cancelled and all connections.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        for transfer in active.values {
            end(transfer, .failure(transfer.failure(.cancelled, "transfer.closed", "the client shut down")))
        }
        if let timer { loop.cancelTimer(timer) }
        timer = nil
        for descriptor in watched { loop.unwatch(descriptor) }
        watched.removeAll()
    }

    // MARK: The way of a transfer

    /// Finds the address of the host the transfer connects to first, then launches it.
    func look(_ transfer: Transfer) {
        if case .refused(let reason) = policy.judge(host: transfer.url.host) {
            let failure = TransferFailure(
                .refused, code: "network.refused", message: "connection not allowed: \(reason)", sent: transfer.wasSent)
            later { [weak self] in self?.end(transfer, .failure(failure)) }
            return
        }
        let target: URLAddress
        if let proxy = transfer.request.proxy {
            do throws(TransferFailure) {
                target = try URLAddress(
                    proxy, schemes: ["http", "https", "socks4", "socks4a", "socks5", "socks5h"])
            } catch {
                later { [weak self] in self?.end(transfer, .failure(error)) }
                return
            }
        } else {
            target = transfer.url
        }
        transfer.target = target
        guard NetworkAddress(target.host) == nil, target.host.lowercased() != "localhost" else {
            launch(transfer, addresses: nil)
            return
        }
        let poster = loop.poster
        let reference = LoopBound(client: self, transfer: transfer)
        let answer = resolver.resolve(target.host, now: Self.now) { answer in
            _ = poster.post { reference.deliver(answer) }
        }
        if let answer { resolved(transfer, answer) }
    }

    fileprivate func resolved(_ transfer: Transfer, _ answer: Resolver.Answer) {
        guard active[transfer.id] === transfer else { return }
        switch answer {
        case .addresses(let addresses): launch(transfer, addresses: addresses)
        case .failed(let reason):
            let host = transfer.target?.host ?? transfer.url.host
            let failure = TransferFailure(
                .unresolved, code: "connect.resolve", message: "host '\(host)' has no address: \(reason)",
                sent: transfer.wasSent)
            later { [weak self] in self?.end(transfer, .failure(failure)) }
        }
    }

    private func launch(_ transfer: Transfer, addresses: [String]?) {
        let problem = transfer.configure(addresses: addresses, client: self, share: share)
        if let problem {
            later { [weak self] in self?.end(transfer, .failure(problem)) }
            return
        }
        whenQuiet { [self] in
            guard active[transfer.id] === transfer, let easy = transfer.easy else { return }
            depth += 1
            let code = curl_multi_add_handle(multi, easy)
            depth -= 1
            transfer.isAdded = code == CURLM_OK
            if code != CURLM_OK {
                end(transfer, .failure(transfer.failure(.local, "transfer.library", "libcurl refused the transfer")))
            }
        }
    }

    private func drain() {
        guard depth == 0 else { return }
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE, let easy = message.pointee.easy_handle else { continue }
            let result = batten_message_result(message)
            var context: UnsafeMutableRawPointer?
            _ = batten_get_pointer(easy, &context)
            guard let context else { continue }
            let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
            remove(transfer)
            switch transfer.conclude(result) {
            case .done(let outcome): end(transfer, outcome)
            case .again: look(transfer)
            }
        }
        runDeferred()
    }

    private func remove(_ transfer: Transfer) {
        guard transfer.isAdded, let easy = transfer.easy else { return }
        transfer.isAdded = false
        depth += 1
        curl_multi_remove_handle(multi, easy)
        depth -= 1
    }

    /// Ends a transfer in whatever state it is.
    func end(_ transfer: Transfer, _ outcome: Result<TransferResponse, TransferFailure>) {
        guard active[transfer.id] === transfer else { return }
        if depth > 0 {
            deferred.append { [weak self] in self?.end(transfer, outcome) }
            return
        }
        active[transfer.id] = nil
        if let timer = transfer.timer { loop.cancelTimer(timer) }
        transfer.timer = nil
        remove(transfer)
        transfer.release()
        transfer.completion(outcome)
    }

    /// Lets a paused transfer go on.
    func resume(_ transfer: Transfer) {
        whenQuiet { [self] in
            guard active[transfer.id] === transfer, transfer.isAdded, let easy = transfer.easy else { return }
            depth += 1
            curl_easy_pause(easy, CURLPAUSE_CONT)
            depth -= 1
            drain()
        }
    }

    // MARK: libcurl's callbacks

    fileprivate func setTimer(_ milliseconds: Int) {
        if let timer { loop.cancelTimer(timer) }
        timer = nil
        guard milliseconds >= 0, !isClosed else { return }
        let (span, overflow) = Int64(milliseconds).multipliedReportingOverflow(by: 1_000_000)
        timer = loop.timer(at: overflow ? .max : Self.now &+ span) { [weak self] in
            guard let self else { return }
            timer = nil
            act(-1, 0)
        }
    }

    fileprivate func setWatch(_ descriptor: Int32, _ what: Int32) {
        guard !isClosed else { return }
        if what == CURL_POLL_REMOVE {
            forget(descriptor)
            return
        }
        watched.insert(descriptor)
        loop.watch(descriptor, reads: what & CURL_POLL_IN != 0, writes: what & CURL_POLL_OUT != 0) {
            [weak self] readiness in
            var mask: Int32 = 0
            if readiness.contains(.read) { mask |= CURL_CSELECT_IN }
            if readiness.contains(.write) { mask |= CURL_CSELECT_OUT }
            if readiness.contains(.error) { mask |= CURL_CSELECT_ERR }
            self?.act(descriptor, mask)
        }
    }

    fileprivate func forget(_ descriptor: Int32) {
        if watched.remove(descriptor) != nil { loop.unwatch(descriptor) }
    }

    fileprivate func judge(_ address: NetworkAddress, for transfer: Transfer) -> HostPolicy.Verdict {
        policy.judge(address, ofHost: transfer.target?.host ?? transfer.url.host)
    }

    private func act(_ descriptor: Int32, _ mask: Int32) {
        guard !isClosed else { return }
        var running: Int32 = 0
        depth += 1
        curl_multi_socket_action(multi, descriptor, mask, &running)
        depth -= 1
        drain()
    }

    // MARK: What cannot be done at once

    /// Runs work as soon as no call of libcurl is on the stack: now, or after it.
    private func whenQuiet(_ work: @escaping () -> Void) {
        if depth > 0 {
            deferred.append(work)
        } else {
            work()
        }
    }

    /// Runs work on a later turn of the loop.
    private func later(_ work: @escaping () -> Void) {
        _ = loop.timer(at: Self.now, handler: work)
    }

    private func runDeferred() {
        while depth == 0, !deferred.isEmpty {
            let work = deferred
            deferred.removeAll()
            for one in work { one() }
        }
    }
}

/// A client and a transfer that cross to another thread and back without being touched there.
private struct LoopBound: @unchecked Sendable {
    // SAFETY: the references are only followed by `deliver`, which the loop's own thread calls.
    weak var client: TransferClient?
    weak var transfer: Transfer?

    func deliver(_ answer: Resolver.Answer) {
        guard let client, let transfer else { return }
        client.resolved(transfer, answer)
    }
}

private func onSocket(
    _ easy: UnsafeMutableRawPointer?, _ descriptor: curl_socket_t, _ what: Int32, _ context: UnsafeMutableRawPointer?,
    _ socketContext: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context else { return 0 }
    Unmanaged<TransferClient>.fromOpaque(context).takeUnretainedValue().setWatch(descriptor, what)
    return 0
}

private func onTimer(
    _ multi: UnsafeMutableRawPointer?, _ milliseconds: Int, _ context: UnsafeMutableRawPointer?
) -> Int32 {
    guard let context else { return 0 }
    Unmanaged<TransferClient>.fromOpaque(context).takeUnretainedValue().setTimer(milliseconds)
    return 0
}

/// Opens a socket for a transfer if the policy allows the address.
func onOpenSocket(
    _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard let context, let address else { return -1 }
    let transfer = Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
    guard let client = transfer.client, let plain = batten_socket_address(address),
        let target = NetworkAddress(socketAddress: plain, length: Int(address.pointee.addrlen))
    else { return -1 }
    if case .refused(let reason) = client.judge(target, for: transfer) {
        transfer.refusal = reason
        return -1
    }
    return socket(
        address.pointee.family, address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue), address.pointee.protocol)
}

/// Closes a socket, which may outlive the transfer that opened it, after the loop has forgotten it.
func onCloseSocket(_ context: UnsafeMutableRawPointer?, _ descriptor: curl_socket_t) -> Int32 {
    if let context {
        Unmanaged<TransferClient>.fromOpaque(context).takeUnretainedValue().forget(descriptor)
    }
    return Int32(close(descriptor))
}
