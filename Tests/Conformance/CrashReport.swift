import BattenCore

/// What calls did and what journals tell of one round.
struct CrashReport {
    private(set) var violations: [String] = []
    private(set) var runs = 0
    private(set) var effects = 0
    /// Effects beyond the first of one key.
    private(set) var doubles = 0
    private(set) var lost = 0
    /// Undos that have ended.
    private(set) var undos = 0
    /// Rounds of hooks that have begun.
    private(set) var hooks = 0
    /// The journals, shortened.
    private(set) var story: [String] = []

    /// How an attempt went.
    enum Fate { case running, ended, stopped, lost }

    /// Reads what a round has written.
    ///
    /// - Parameter graphs: the workflows of the round, by name.
    init(_ lines: [Substring], _ graphs: [String: CrashGraph]) {
        var done: [Substring: Int] = [:]
        var stories: [String: CrashStory] = [:]
        /// Attempts that are runs of their own.
        var parents: Set<String> = []
        for line in lines {
            if line.hasPrefix("done ") {
                done[line.dropFirst(5), default: 0] += 1
            } else if line.hasPrefix("event ") {
                guard let event = try? JSONReader.parse(String(line.dropFirst(6))),
                    let run = event["run"]?.stringValue, let type = event["type"]?.stringValue
                else {
                    violations.append("no event: \(line)")
                    continue
                }
                story.append(String(line.prefix(220)))
                if type == "run_accepted" {
                    guard let graph = graphs[event["data"]?["workflow"]?.stringValue ?? ""] else {
                        violations.append("run \(run) is of no workflow of the round")
                        continue
                    }
                    stories[run] = CrashStory(run: run, graph: graph)
                    if let parent = event["data"]?["parent"] {
                        let item = parent["item"]?.intValue.map { "/\($0)" } ?? ""
                        parents.insert(
                            "\(parent["run"]?.stringValue ?? "")/\(parent["stage"]?.stringValue ?? "")\(item)")
                    }
                }
                stories[run]?.take(event, type)
            } else if line != "left 0", line != "check 0" {
                violations.append(String(line))
            }
        }
        runs = stories.count
        var attempts: [String: [Int: Fate]] = [:]
        for (_, var story) in stories.sorted(by: { $0.key < $1.key }) {
            story.close()
            violations += story.violations
            undos += story.undosEnded
            hooks += story.hookRounds.values.reduce(0, +)
            for (key, made) in story.attempts where !parents.contains(key) { attempts[key] = made }
        }
        compare(done, attempts)
    }

    private mutating func compare(_ done: [Substring: Int], _ attempts: [String: [Int: Fate]]) {
        for made in attempts.values { lost += made.values.count { $0 == .lost } }
        for (line, count) in done.sorted(by: { $0.key < $1.key }) {
            let parts = line.split(separator: " ")
            guard parts.count == 2, let attempt = Int(parts[1]) else {
                violations.append("'\(line)' is no effect")
                continue
            }
            let key = String(parts[0])
            effects += count
            if count > 1 { violations.append("\(key), attempt \(attempt): done \(count) times") }
            guard let fate = attempts[key]?[attempt] else {
                violations.append("\(key), attempt \(attempt): done, and no journal tells of it")
                continue
            }
            if fate == .lost { doubles += 1 }
        }
        for (key, made) in attempts.sorted(by: { $0.key < $1.key }) {
            for (attempt, fate) in made.sorted(by: { $0.key < $1.key })
            where fate == .ended && done["\(key) \(attempt)"] == nil {
                violations.append("\(key), attempt \(attempt): ended, and it was not done")
            }
        }
    }
}
