import BattenCore

/// Draws a run as a tree that changes in place, and leaves its last state in the scrollback.
///
/// Only lines that changed are written. Lines never wrap, because wrapping is turned off while a frame is written.
struct LiveTree: RunDisplay {
    private let profile: TextProfile
    private let rows: @Sendable () -> Int
    private let write: @Sendable (String) -> Void
    private var picture: RunPicture
    private var drawn: [String] = []
    private var drawnWidth = 0

    /// Creates a tree.
    ///
    /// - Parameters:
    ///   - workflow: name shown until the run is accepted.
    ///   - profile: the terminal.
    ///   - rows: asks for the terminal's rows.
    ///   - write: takes what is to be sent to the terminal.
    init(
        workflow: String, profile: TextProfile, rows: @escaping @Sendable () -> Int,
        write: @escaping @Sendable (String) -> Void
    ) {
        self.profile = profile
        self.rows = rows
        self.write = write
        picture = RunPicture(workflow: workflow)
    }

    /// Durations of running stages change by themselves.
    var refresh: Duration? { .milliseconds(picture.run?.status == .running ? 200 : 1_000) }

    mutating func show(_ events: [FollowEvent], now: Timestamp) {
        for event in events { picture.apply(event) }
        let frame = TreeFrame(profile: profile, width: profile.width, now: now, room: max(4, rows() - 1))
        draw(frame.lines(picture), width: frame.width)
    }

    mutating func finish(now: Timestamp) {
        let frame = TreeFrame(profile: profile, width: profile.width, now: now, room: nil)
        // The last frame may be longer than the screen: it is written from the top of the one before.
        var text = eraseDrawn(width: frame.width)
        for line in frame.lines(picture) { text += line + "\n" }
        drawn = []
        write(text)
    }

    private mutating func draw(_ lines: [String], width: Int) {
        var text = ""
        if width != drawnWidth || lines.count < drawn.count {
            text += eraseDrawn(width: width)
            drawn = []
        }
        drawnWidth = width
        if !drawn.isEmpty, lines.starts(with: drawn), lines.count == drawn.count { return }
        // The cursor stands below the last line; it goes up to the first line that changed and writes from there.
        let first = zip(lines, drawn).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? drawn.count
        if drawn.count > first { text += "\u{1B}[\(drawn.count - first)A" }
        for place in first..<lines.count {
            if place < drawn.count, drawn[place] == lines[place] {
                text += "\n"
            } else {
                // Erased first: behind a line that fills its row the cursor still stands on the last column.
                text += "\r\u{1B}[K\(lines[place])\n"
            }
        }
        drawn = lines
        write("\u{1B}[?7l" + text + "\u{1B}[?7h")
    }

    /// Goes to the top of what was drawn and erases it; a terminal that became narrower has wrapped long lines.
    private func eraseDrawn(width: Int) -> String {
        guard !drawn.isEmpty else { return "" }
        var up = 0
        for line in drawn {
            let columns = TextFit.width(TextFit.clean(line))
            up += width < drawnWidth ? max(1, (columns + width - 1) / max(1, width)) : 1
        }
        return "\u{1B}[\(up)A\r\u{1B}[J"
    }
}
