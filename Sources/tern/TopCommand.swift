internal import ArgumentParser
internal import Control
internal import Diagnosis
internal import Glibc
internal import JSON
internal import Synchronization

/// `tern top`: shows live calls, rates, trunks and the worst MOS, and renews them each second.
struct TopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Watch the calls of the running gateway.",
        discussion: "Calls with the worst MOS come first. q or Ctrl-C ends it.")

    @Flag(name: .long, help: "Print once, and end; for scripts.")
    var once = false

    @OptionGroup var control: ControlOptions

    func run() throws {
        let client = try control.client()
        if once || !Terminal.isThere { return try print(client) }
        let screen = FullScreen()
        defer { screen.leave() }
        var former: JSONValue?
        while !screen.isOver {
            do throws(ControlError) {
                let overview = try client.request("get_overview")
                let (columns, rows) = Terminal.size
                screen.show(TopScreen(overview, former: former, width: columns).lines(height: rows))
                former = overview
            } catch {
                screen.show(["\(error)", "", "q ends this."])
            }
            screen.wait(milliseconds: 1_000)
        }
    }
}

extension TopCommand {
    private func print(_ client: ControlClient) throws(ExitStatus) {
        do throws(ControlError) {
            let screen = TopScreen(try client.request("get_overview"), width: Terminal.width)
            StandardStreams.output(screen.lines(height: .max).joined(separator: "\n"))
        } catch {
            StandardStreams.error("tern: \(error)")
            throw .failure
        }
    }
}

/// The terminal while a program has all of it; ``leave()`` gives it back as it was.
private final class FullScreen {
    private static let interrupted = Atomic(false)

    private var former = termios()
    private let hasKeys: Bool
    private(set) var isOver = false

    init() {
        hasKeys = isatty(0) == 1 && tcgetattr(0, &former) == 0
        if hasKeys {
            var keys = former
            keys.c_lflag &= ~tcflag_t(ICANON | ECHO)
            // A program that is stopped would leave its picture behind.
            withUnsafeMutableBytes(of: &keys.c_cc) { $0[Int(VSUSP)] = 0 }
            tcsetattr(0, TCSADRAIN, &keys)
        }
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number) { _ in FullScreen.interrupted.store(true, ordering: .relaxed) } }
        // Another screen, without a cursor.
        write("\u{1b}[?1049h\u{1b}[?25l")
    }

    func leave() {
        write("\u{1b}[?25h\u{1b}[?1049l")
        if hasKeys { tcsetattr(0, TCSADRAIN, &former) }
    }

    func show(_ lines: [String]) {
        // From the top left corner: each line to its end, then what is below.
        write("\u{1b}[H" + lines.map { "\($0)\u{1b}[K" }.joined(separator: "\r\n") + "\u{1b}[J")
    }

    /// Waits for so long, or until somebody ends it.
    func wait(milliseconds: Int32) {
        var input = pollfd(fd: hasKeys ? 0 : -1, events: Int16(POLLIN), revents: 0)
        if poll(&input, 1, milliseconds) > 0 {
            var key: UInt8 = 0
            let count = read(0, &key, 1)
            if count == 0 || (count == 1 && (key == UInt8(ascii: "q") || key == 3)) { isOver = true }
        }
        if FullScreen.interrupted.load(ordering: .relaxed) { isOver = true }
    }

    private func write(_ text: String) { _ = StandardStreams.write(Array(text.utf8), to: 1) }
}
