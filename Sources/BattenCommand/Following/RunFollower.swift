import BattenCore
import BattenEngine
import Synchronization

/// Watches an engine for one command: keeps a picture of the run and feeds the display.
final class RunFollower: EngineObserver {
    private let loop: RenderLoop
    private let picture: Mutex<RunPicture>
    /// The run that is followed: an engine tells of it before it tells of its children.
    private let main = Mutex<String?>(nil)

    /// Creates a follower.
    ///
    /// - Parameters:
    ///   - workflow: the workflow's name.
    ///   - loop: the display.
    init(workflow: String, loop: RenderLoop) {
        self.loop = loop
        picture = Mutex(RunPicture(workflow: workflow))
    }

    /// The run as it is now, on disk.
    var current: RunPicture { picture.withLock { $0 } }

    /// Id of the run; empty until it was accepted.
    var run: String { picture.withLock { $0.id } }

    /// Shows how far a run is that this engine is about to take up.
    func takeUp(_ picture: RunPicture) {
        main.withLock { $0 = picture.id }
        take(.takenUp(picture))
    }

    func committed(run: String, records: [JournalRecord], row: RunRow?, stages: [StageRow]) {
        let main = main.withLock { main in
            if main == nil { main = run }
            return main
        }
        let event = FollowEvent.committed(records: records, run: row, stages: stages)
        take(run == main ? event : .child(run: run, event))
    }

    func live(run: String, _ report: LiveReport) {
        let event: FollowEvent
        switch report {
        case .log(let line): event = .log(line)
        case .progress(let stage, let item, let fraction, let note):
            event = .progress(stage: stage, item: item, fraction: fraction, note: note)
        case .stream(let stage, let item, let text): event = .stream(stage: stage, item: item, text: text)
        case .usage(let stage, let metric, let subject, let amount, let cost):
            event = .usage(stage: stage, metric: metric, subject: subject, amount: amount, cost: cost)
        }
        let isMain = main.withLock { $0 == nil || $0 == run }
        take(isMain ? event : .child(run: run, event))
    }

    /// Takes something in.
    func take(_ event: FollowEvent) {
        picture.withLock { $0.apply(event) }
        loop.post(event)
    }
}
