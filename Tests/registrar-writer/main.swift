import EventLoop
import Glibc
import Logging
import Registrar

// A gateway's registrar in a process of its own, for tests that kill it or deny it the disk:
//
//   registrar-writer DATABASE [LARGEST-FILE]
//
// It registers one phone after another, says `registered NUMBER` for each, and `stored NUMBER` for those that are in the
// file for certain, until it is killed. With a bound for files in bytes, the disk is full there; then it ends by itself when
// it was told that nothing can be stored, after a hundred more registrations.

let arguments = CommandLine.arguments
if arguments.count > 2, let bound = rlim_t(arguments[2]) {
    signal(SIGXFSZ, SIG_IGN)
    var limit = rlimit(rlim_cur: bound, rlim_max: bound)
    setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
}

/// Unbuffered: what was said before a kill is known.
func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = write(1, bytes, bytes.count)
}

/// Registers `number`, and gives the status.
@LoopActor func register(_ number: Int, with service: RegistrarService) -> Int {
    service.handle(RegisterRequest(
        user: "user\(number % 5_000)", contacts: [.init("sip:phone@192.0.2.1:\(number % 5_000 + 1)")], expires: 3_600,
        callID: "\(getpid())-\(number % 5_000)", cSeq: UInt32(number), flow: "udp/192.0.2.1:\(number % 5_000 + 1)/198.51.100.1:5060")).status
}

@LoopActor func run() async -> Int32 {
    let service: RegistrarService
    do {
        service = try await RegistrarService.start(
            database: arguments[1], limits: RegistrarLimits(), log: Logger(label: "registrar") { StreamLogHandler.standardError(label: $0) })
    } catch {
        say("failed \(error)")
        return 1
    }
    var number = 1
    while true {
        let status = register(number, with: service)
        guard status == 200 else {
            say("refused \(number) \(status)")
            return 1
        }
        say("registered \(number)")
        if number % 50 == 0 {
            if await service.flush() {
                say("stored \(number)")
            } else {
                for more in 1...100 where register(number + more, with: service) != 200 { return 1 }
                say("full \(number)")
                return 0
            }
        }
        number += 1
    }
}

guard arguments.count > 1 else { exit(2) }
exit(await LoopActor.task { await run() }.value)
