import BattenCheck
import BattenConfinement
import BattenCore
import BattenPluginHost
import BattenSystem

/// Gives up every right that the plugin does not need; the last thing before its code is loaded.
func confine(plugin: String, capabilities: JSONValue, limits: JSONValue) throws(SystemError) {
    let request = ConfinementRequest(plugin: plugin, capabilities: capabilities, limits: limits)
    for note in try Confinement.apply(request) { _ = StandardStream.error.write(Array("\(note)\n".utf8)) }
}

let arguments = Array(CommandLine.arguments.dropFirst())
switch (arguments.first, arguments.count) {
case ("probe", 2), ("probe", 3):
    let copy = arguments.count > 2 ? arguments[2] : nil
    HostMachine.exit(WorkerProgram.probe(arguments[1], from: copy, confine: confine))
case ("serve", 1):
    HostMachine.exit(WorkerProgram.serve(confine: confine))
case ("check", 7):
    // check NAME FILE COPY SEED CAPABILITIES SPOOL
    let capabilities = (try? JSONReader.parse(arguments[5])) ?? [:]
    HostMachine.exit(
        CheckProgram.run(
            arguments[1], path: arguments[2], copy: arguments[3], seed: UInt64(arguments[4]) ?? 1, spool: arguments[6],
            confine: { () throws(SystemError) in
                try confine(plugin: arguments[2], capabilities: capabilities, limits: [:])
            }))
default:
    let help =
        "batten-worker runs plugins for batten and is started by it; for people: batten-worker probe FILE [COPY]\n"
    _ = StandardStream.error.write(Array(help.utf8))
    HostMachine.exit(2)
}
