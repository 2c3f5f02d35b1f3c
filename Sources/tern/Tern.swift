internal import ArgumentParser
internal import Gateway
internal import Glibc
internal import Version

/// The program: reads its arguments, and leaves the rest to its subcommands.
@main
struct Tern: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tern",
        abstract: "A gateway between SIP phones and browsers.",
        discussion: "Exit codes: 0, 1 when it failed while running, 2 for a bad configuration or bad arguments.",
        version: "tern \(TernVersion.current)",
        subcommands: [
            ServeCommand.self, SetupCommand.self, DoctorCommand.self, CheckCommand.self, RouteCommand.self, StatusCommand.self, RegistrationsCommand.self, TrunksCommand.self,
            CallsCommand.self, TraceCommand.self, TopCommand.self, LogCommand.self, ReloadCommand.self, DrainMediaCommand.self, BansCommand.self,
            TestCallCommand.self, PasswordCommand.self, PrepareRecordingCommand.self,
        ])

    /// In place of ArgumentParser's own, whose exit code for bad arguments is 64.
    static func main() {
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let error as ExitStatus {
            error.leave()
        } catch {
            guard exitCode(for: error) == .success else {
                StandardStreams.error(fullMessage(for: error))
                ExitStatus.badInput.leave()
            }
            StandardStreams.output(fullMessage(for: error))
        }
        ExitStatus.success.leave()
    }
}
