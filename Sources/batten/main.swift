import BattenCommand
import BattenSystem

HostMachine.exit(BattenProgram.run(Array(CommandLine.arguments.dropFirst())))
