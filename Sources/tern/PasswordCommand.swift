internal import ArgumentParser
internal import Configuration
internal import Gateway

/// `tern passwd`: makes an entry of `users` that has hashes in place of a password.
struct PasswordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passwd",
        abstract: "Make an entry of users with hashes in place of the password.",
        discussion: """
            Asks for the password twice when the standard input is a terminal, and reads one line of it otherwise. The hashes \
            serve for one name and one realm. Whoever has them can log in: keep them as a password.
            """)

    @Argument(help: "The user's name.")
    var name: String

    @Option(name: .long, help: "The realm that the hashes are for. Key sip.realm; left out, it is the configuration's.")
    var realm: String?

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let realm = try realm ?? options.loadOrReport().configuration.sip.realm
        let password = try PasswordPrompt.read()
        do throws(TernConfigurationError) {
            StandardStreams.output(try UserEntry(name: name, realm: realm, password: Secret(password)).text)
        } catch {
            StandardStreams.error("tern: \(error.description)")
            throw ExitStatus.badInput
        }
    }
}
