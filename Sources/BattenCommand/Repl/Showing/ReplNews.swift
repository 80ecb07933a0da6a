import BattenCore
import BattenEngine
import BattenSystem
import Synchronization

/// Tells what stages report while they run.
///
/// Of the run that is waited for on a terminal, streamed text is shown as it comes and progress in a line that is drawn over;
/// everything else comes in whole lines.
final class ReplNews: Sendable {
    private struct State {
        /// The open line of what each stage streams.
        var open: [String: String] = [:]
        /// The run that is waited for.
        var foreground: String?
        /// Whether text without a line end stands on the screen.
        var isInLine = false
        /// Whether a line of progress stands on the screen.
        var hasProgress = false
    }

    private struct Queue {
        var news: [SessionObserver.News] = []
        var isBusy = false
        var dropped = 0
        var isClosed = false
    }

    /// Reports that may wait; beyond that, those of running stages are left out.
    private static let capacity = 5_000
    /// Characters of a line that are shown.
    private static let greatestLine = 2_000

    private let console: Console
    private let isData: Bool
    private let isTerminal: Bool
    private let onMove: @Sendable () -> Void
    private let state = Mutex(State())
    /// A slow terminal holds up a thread of its own, and never the engine's.
    private let queue = Monitor(Queue())

    /// - Parameter onMove: called when a run has ended or waits.
    init(
        console: Console, isData: Bool, isTerminal: Bool, onMove: @escaping @Sendable () -> Void = {}
    ) throws(CommandFailure) {
        self.console = console
        self.isData = isData
        self.isTerminal = isTerminal
        self.onMove = onMove
        let queue = queue
        try RunSession.asFailure {
            try Thread.detach(name: "news", stackSize: 512 << 10) { [weak self] in Self.work(queue) { self?.show($0) } }
        }
    }

    deinit { queue.signal { $0.isClosed = true } }

    private static func work(_ queue: Monitor<Queue>, _ show: (SessionObserver.News) -> Void) {
        while true {
            let news: [SessionObserver.News]? = queue.wait(until: nil) { queue in
                if queue.isClosed { return [] }
                guard !queue.news.isEmpty else { return nil }
                defer { queue.news = [] }
                queue.isBusy = true
                return queue.news
            }
            guard let news, !news.isEmpty else { return }
            for one in news { show(one) }
            queue.signal { $0.isBusy = false }
        }
    }

    /// Says which run is waited for from now on, once all that came before is shown; nil ends what stands open on the
    /// screen.
    func wait(for run: String?) {
        let dropped = queue.wait(until: nil) { queue -> Int? in
            guard queue.news.isEmpty, !queue.isBusy else { return nil }
            defer { queue.dropped = 0 }
            return queue.dropped
        }
        if let dropped, dropped > 0 { console.note("\(dropped) lines were not shown; :logs has them all") }
        state.withLock { state in
            settle(&state)
            state.foreground = run
        }
    }

    /// Takes something in; called on the engine's thread, and returns at once.
    func tell(_ news: SessionObserver.News) {
        if case .moved = news { onMove() }
        guard !isData else { return }
        queue.signal { queue in
            if case .live = news, queue.news.count >= Self.capacity {
                queue.dropped += 1
            } else {
                queue.news.append(news)
            }
        }
    }

    private func show(_ news: SessionObserver.News) {
        state.withLock { state in
            switch news {
            case .live(run: let run, .log(let line)):
                let mark = console.errors.paint("|", .dim)
                write(
                    "\(label(line.stage, line.item, run, state)) \(mark) \(TextFit.clean(Self.clipped(line.text)))",
                    &state)
            case .live(run: let run, .stream(stage: let stage, item: let item, text: let text)):
                stream(
                    text, label(stage, item, run, state), isNow: isTerminal && state.foreground == run && item == nil,
                    &state)
            case .live(run: let run, .progress(stage: let stage, item: nil, fraction: let fraction, note: let note)):
                guard isTerminal, state.foreground == run else { return }
                progress(stage, fraction, note, &state)
            case .retrying(run: _, let row):
                write("\(row.id) is tried again\(row.waiting.map { ": \(TextFit.clean($0.detail))" } ?? "")", &state)
            case .moved:
                for (key, line) in state.open.sorted(by: { $0.key < $1.key }) where !line.isEmpty {
                    write("\(key) > \(TextFit.clean(line))", &state)
                }
                state.open = [:]
            case .live: break
            }
        }
    }

    /// A line without what is beyond the length that is shown; cut before anything else is done with it.
    private static func clipped(_ text: String) -> String {
        text.utf8.count > greatestLine ? String(text.prefix(greatestLine)) + "…" : text
    }

    private func write(_ line: String, _ state: inout State) {
        settle(&state)
        console.note(line)
    }

    /// Ends what stands open on the screen.
    private func settle(_ state: inout State) {
        if state.hasProgress { console.rawErrors("\r\u{1B}[K") }
        if state.isInLine { console.rawErrors("\n") }
        state.hasProgress = false
        state.isInLine = false
    }

    private func stream(_ text: String, _ key: String, isNow: Bool, _ state: inout State) {
        guard isNow, !console.isQuiet else {
            var parts = (state.open[key, default: ""] + text).split(separator: "\n", omittingEmptySubsequences: false)
            state.open[key] = parts.popLast().map(String.init)
            for part in parts { write("\(key) > \(TextFit.clean(String(part)))", &state) }
            return
        }
        if state.hasProgress { settle(&state) }
        let clean = text.split(separator: "\n", omittingEmptySubsequences: false).map { TextFit.clean(String($0)) }
        console.rawErrors(clean.joined(separator: "\n"))
        state.isInLine = !text.hasSuffix("\n")
    }

    private func progress(_ stage: String, _ fraction: Double?, _ note: String, _ state: inout State) {
        if state.isInLine { settle(&state) }
        let percent = fraction.map { " \(Int(min(max($0.isFinite ? $0 : 0, 0), 1) * 100))%" } ?? ""
        let text = TextFit.cut("\(stage)\(percent) \(TextFit.clean(note))", to: console.errors.width - 1)
        console.rawErrors("\r\u{1B}[K" + console.errors.paint(text, .dim))
        state.hasProgress = true
    }

    private func label(_ stage: String, _ item: Int?, _ run: String, _ state: State) -> String {
        item.map { "\(stage)[\($0)]" } ?? stage
    }
}
