import Attempts
import BattenConfinement
import BattenCore
import BattenSystem

/// Confines itself like a worker and then tries things: `confinement-trial PLUGIN CAPABILITIES LIMITS [NAME:ARGUMENT…]`.
///
/// Prints a line `NAME:ARGUMENT ERROR-NUMBER` for each, after a line for each note of the confinement.
func say(_ line: String) {
    _ = StandardStream.output.write(Array("\(line)\n".utf8))
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 3 else { HostMachine.exit(2) }
do {
    let request = ConfinementRequest(
        plugin: arguments[0], capabilities: try JSONReader.parse(arguments[1]),
        limits: try JSONReader.parse(arguments[2]))
    for note in try Confinement.apply(request) { say("note: \(note)") }
} catch {
    say("refused: \(error)")
    HostMachine.exit(1)
}
for wanted in arguments.dropFirst(3) {
    let parts = wanted.split(separator: ":", maxSplits: 1).map(String.init)
    say("\(wanted) \(attempt(parts[0], parts.count > 1 ? parts[1] : ""))")
}
HostMachine.exit(0)
