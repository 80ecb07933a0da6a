/// What a step has touched so far; the final images are read from the state when the step ends.
struct RunChanges: Sendable {
    var isRunTouched = false
    /// Stages touched, each once, in the order they were first touched.
    private(set) var stages: [Int] = []
    private var stageMarks: [Bool]
    /// Attempts touched, final images, in the order they were first touched.
    private(set) var attempts: [AttemptRow] = []
    private var attemptPlaces: [AttemptKey: Int] = [:]
    /// Timers touched, with whether they were armed before the step.
    private(set) var timers: [(key: String, wasArmed: Bool)] = []
    private var timerKeys: Set<String> = []
    /// Stages whose gates were touched, each once.
    private(set) var gates: [Int] = []
    private var gateMarks: Set<Int> = []
    /// Places of signals touched, each once.
    private(set) var signals: [Int] = []
    private var signalMarks: Set<Int> = []
    /// Shared slots taken and given back, in order.
    var slots: [SlotChange] = []
    /// What attempts that start have reserved.
    var reservations: [ReservationChange] = []
    /// Attempts that have ended and may hold reservations.
    var released: [ReservationChange] = []
    /// Stages whose last dependency was decided, oldest first.
    var decidable: [Int] = []
    var decidableStart = 0

    private static let few = 4

    private struct AttemptKey: Hashable {
        var stage: Int
        var number: Int
    }

    init(stageCount: Int) {
        stageMarks = Array(repeating: false, count: stageCount)
    }

    /// Makes room for instances that are new.
    mutating func grow(to count: Int) {
        stageMarks.append(contentsOf: repeatElement(false, count: max(0, count - stageMarks.count)))
    }

    mutating func touch(stage: Int) {
        guard !stageMarks[stage] else { return }
        stageMarks[stage] = true
        stages.append(stage)
    }

    mutating func touch(attempt row: AttemptRow) {
        let key = AttemptKey(stage: row.stageIndex, number: row.number)
        // Nearly every step touches one or two: looking at them takes less than hashing.
        if attempts.count < Self.few {
            if let place = attempts.firstIndex(where: { $0.stageIndex == key.stage && $0.number == key.number }) {
                attempts[place] = row
            } else {
                attempts.append(row)
            }
            return
        }
        if attemptPlaces.isEmpty {
            for (place, row) in attempts.enumerated() {
                attemptPlaces[AttemptKey(stage: row.stageIndex, number: row.number)] = place
            }
        }
        if let place = attemptPlaces[key] {
            attempts[place] = row
        } else {
            attemptPlaces[key] = attempts.count
            attempts.append(row)
        }
    }

    mutating func touch(gate index: Int) {
        if gateMarks.insert(index).inserted { gates.append(index) }
    }

    mutating func touch(signal place: Int) {
        if signalMarks.insert(place).inserted { signals.append(place) }
    }

    mutating func touch(timer key: String, wasArmed: Bool) {
        if timerKeys.insert(key).inserted { timers.append((key, wasArmed)) }
    }

    mutating func popDecidable() -> Int? {
        guard decidableStart < decidable.count else { return nil }
        defer { decidableStart += 1 }
        return decidable[decidableStart]
    }

    /// Forgets everything, keeping the memory.
    mutating func reset() {
        isRunTouched = false
        for stage in stages { stageMarks[stage] = false }
        stages.removeAll(keepingCapacity: true)
        if !attempts.isEmpty {
            attempts.removeAll(keepingCapacity: true)
            attemptPlaces.removeAll(keepingCapacity: true)
        }
        if !timers.isEmpty {
            timers.removeAll(keepingCapacity: true)
            timerKeys.removeAll(keepingCapacity: true)
        }
        if !gates.isEmpty {
            gates.removeAll(keepingCapacity: true)
            gateMarks.removeAll(keepingCapacity: true)
        }
        if !signals.isEmpty {
            signals.removeAll(keepingCapacity: true)
            signalMarks.removeAll(keepingCapacity: true)
        }
        if !slots.isEmpty { slots.removeAll(keepingCapacity: true) }
        if !reservations.isEmpty { reservations.removeAll(keepingCapacity: true) }
        if !released.isEmpty { released.removeAll(keepingCapacity: true) }
        decidable.removeAll(keepingCapacity: true)
        decidableStart = 0
    }
}
