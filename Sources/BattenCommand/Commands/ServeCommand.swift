import BattenCore

/// `batten serve`.
enum ServeCommand {
    static let description = CommandDescription(
        "serve", .running, "run schedules, and carry detached runs and those whose engine died, until stopped",
        details: [
            "Schedules ('batten schedule add', or under 'schedule' of a kept workflow) start their runs here, each due time "
                + "one run, whatever number of these engines work on the store.",
            "Runs of 'batten run --detach' start here. Runs whose process has died, was stopped, or has left them waiting "
                + "for people are taken up within a second; what is committed is not run again. A run that a living process "
                + "drives is never touched. Any number of these engines may work on one store: each run has one owner.",
            "What it does is told on standard output, one line each; with --format json one object each. Without work it "
                + "sleeps: no polling.",
            "SIGTERM and Ctrl-C stop it: nothing new starts, running stages may end within the drain time, and what has "
                + "not ended is asked to stop and given back: the next engine makes those attempts again, and they do not "
                + "count as lost. A second one stops at once, with exit code 130.",
            "SIGHUP reads the configuration again and tells what holds from now on and what needs a restart; on a terminal it "
                + "stops the engine, since the terminal is gone. systemd's NOTIFY_SOCKET and WATCHDOG_USEC are heeded.",
            "Secrets are taken from BATTEN_SECRET_<NAME> of this process, or from those that 'batten secret set' keeps.",
        ],
        options: [
            .value(
                "drain", "DURATION", .duration, standard: "the grace period",
                "how long running stages may go on when it is told to stop"),
            .flag("once", "start what is due, finish it, and end; for a timer of the system"),
        ],
        formats: [.text, .json],
        examples: [
            CommandExample("batten serve", "carries runs until Ctrl-C"),
            CommandExample("batten serve --format json >> serve.log", "tells programs what it does"),
        ],
        exits: [.store, .interrupted],
        body: { context, invocation throws(CommandFailure) in
            do throws(CommandFailure) {
                return try ServeSession(context: context, invocation: invocation).run()
            } catch {
                guard invocation.format.isData else { throw error }
                // One object a line, whatever it is.
                context.console.line(JSONWriter.string(ServeEvent.failed(error, at: context.now).json))
                return error.exit
            }
        })
}
