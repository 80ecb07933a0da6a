/// A table that fits its terminal: wide columns shrink, and where even that is too wide each row becomes a block.
struct TextTable {
    /// One column.
    struct Column {
        let title: String
        /// Whether its values stand at its right side.
        let isRight: Bool
        /// Columns below which it is not cut; nil means that it is never cut.
        let least: Int?

        /// A column that is never cut.
        static func fixed(_ title: String, right: Bool = false) -> Column {
            Column(title: title, isRight: right, least: nil)
        }

        /// A column that shrinks where there is no room.
        static func flexible(_ title: String, least: Int = 8) -> Column {
            Column(title: title, isRight: false, least: least)
        }
    }

    let columns: [Column]
    private(set) var rows: [[String]] = []
    private var tones: [[Tone?]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row; its cells are cleaned of what a terminal would act on.
    mutating func add(_ cells: [String], tones: [Tone?] = []) {
        rows.append(cells.map(TextFit.clean))
        self.tones.append(tones)
    }

    /// The table as lines, each ending with a line feed.
    func render(_ profile: TextProfile) -> String {
        let width = profile.width
        var widths = columns.indices.map { place in
            max(TextFit.width(columns[place].title), rows.map { TextFit.width(cell($0, place)) }.max() ?? 0)
        }
        let gaps = 2 * (columns.count - 1)
        var excess = widths.reduce(gaps, +) - width
        while excess > 0 {
            // The widest of the columns that may shrink gives up a column at a time.
            let candidates = columns.indices.filter { widths[$0] > (columns[$0].least ?? Int.max) }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return excess > 0 ? blocks(profile) : lines(profile, widths)
    }

    private func cell(_ row: [String], _ place: Int) -> String { place < row.count ? row[place] : "" }

    private func tone(_ row: Int, _ place: Int) -> Tone? {
        place < tones[row].count ? tones[row][place] : nil
    }

    private func lines(_ profile: TextProfile, _ widths: [Int]) -> String {
        var text = ""
        let header = columns.indices.map { place in
            let title = TextFit.pad(columns[place].title, to: widths[place], right: columns[place].isRight)
            return place == columns.count - 1 && !columns[place].isRight ? columns[place].title : title
        }
        text += profile.paint(header.joined(separator: "  "), .dim) + "\n"
        for (index, row) in rows.enumerated() {
            let cells = columns.indices.map { place in
                let cut = TextFit.cut(cell(row, place), to: widths[place])
                let isLast = place == columns.count - 1 && !columns[place].isRight
                let padded = isLast ? cut : TextFit.pad(cut, to: widths[place], right: columns[place].isRight)
                return tone(index, place).map { profile.paint(padded, $0) } ?? padded
            }
            var line = cells.joined(separator: "  ")
            while line.hasSuffix(" ") { line.removeLast() }
            text += line + "\n"
        }
        return text
    }

    private func blocks(_ profile: TextProfile) -> String {
        var text = ""
        let width = profile.width
        for (index, row) in rows.enumerated() {
            if index > 0 { text += "\n" }
            for place in columns.indices where !cell(row, place).isEmpty {
                let label = columns[place].title.lowercased() + ": "
                let room = width - TextFit.width(label)
                if room >= 6, TextFit.width(cell(row, place)) <= room {
                    let value = cell(row, place)
                    text +=
                        profile.paint(label, .dim) + (tone(index, place).map { profile.paint(value, $0) } ?? value)
                        + "\n"
                } else {
                    text += profile.paint(label.dropLast().description, .dim) + "\n"
                    for line in TextFit.wrap(cell(row, place), to: width - 2) { text += "  \(line)\n" }
                }
            }
        }
        return text
    }
}
