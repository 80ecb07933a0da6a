import BattenCore
import BattenEngine
import Synchronization

/// Tells what the stages of a script report while they run, as plain lines.
final class ReplNews: Sendable {
    private let console: Console
    private let isData: Bool
    /// The open line of what each stage streams.
    private let open = Mutex<[String: String]>([:])

    init(console: Console, isData: Bool) {
        self.console = console
        self.isData = isData
    }

    /// Takes something in; called on the engine's thread.
    func tell(_ news: SessionObserver.News) {
        guard !isData else { return }
        switch news {
        case .live(run: _, .log(let line)):
            console.note(
                "\(label(line.stage, line.item)) \(console.errors.paint("|", .dim)) \(TextFit.clean(line.text))")
        case .live(run: _, .stream(stage: let stage, item: let item, text: let text)):
            let key = label(stage, item)
            let lines = open.withLock { open -> [String] in
                var parts = (open[key, default: ""] + text).split(separator: "\n", omittingEmptySubsequences: false)
                open[key] = parts.popLast().map(String.init)
                return parts.map(String.init)
            }
            for line in lines { console.note("\(key) > \(TextFit.clean(line))") }
        case .retrying(run: _, let row):
            console.note("\(row.id) is tried again\(row.waiting.map { ": \(TextFit.clean($0.detail))" } ?? "")")
        case .moved:
            let rest = open.withLock { open in
                defer { open = [:] }
                return open
            }
            for (key, line) in rest.sorted(by: { $0.key < $1.key }) where !line.isEmpty {
                console.note("\(key) > \(TextFit.clean(line))")
            }
        case .live: break
        }
    }

    private func label(_ stage: String, _ item: Int?) -> String { item.map { "\(stage)[\($0)]" } ?? stage }
}
