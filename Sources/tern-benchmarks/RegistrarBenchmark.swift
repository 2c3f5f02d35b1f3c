import EventLoop
import Foundation
import Logging
import Registrar

/// What a REGISTER costs the loop, alone and with a file behind it, and how fast the file takes what has changed.
enum RegistrarBenchmark {
    static let users = 10_000

    static func request(_ user: Int, _ contact: Int, cSeq: UInt32) -> RegisterRequest {
        let address = "10.\(user / 256 % 256).\(user % 256).\(contact)"
        return RegisterRequest(
            user: "user\(user)", contacts: [.init("sip:user\(user)@\(address):5060;transport=udp", expires: 3_600)],
            callID: "call-\(user)-\(contact)@\(address)", cSeq: cSeq, flow: "udp/\(address):5060/192.0.2.10:5060",
            userAgent: "Phone/1.0", received: "\(address):5060")
    }

    @LoopActor
    static func run() async {
        var registrar = Registrar()
        for user in 0 ..< users { for contact in 1 ... 2 { sink &+= registrar.handle(request(user, contact, cSeq: 1), now: .now).status } }
        pure(registrar)
        let directory = NSTemporaryDirectory() + "/tern-benchmarks-\(ProcessInfo.processInfo.processIdentifier)"
        try? FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        await stored(directory + "/registrations.sqlite")
    }

    private static func pure(_ filled: Registrar) {
        var registrar = filled
        var (cSeq, user) = (UInt32(1), 0)
        func next() {
            user = (user + 7_919) % users
            cSeq += 1
        }
        print(Measurement { next(); sink &+= registrar.handle(request(user, 1, cSeq: cSeq), now: .now).status }
            .line("  refresh (with making the request)", size: 0))
        print(Measurement { next(); sink &+= request(user, 1, cSeq: cSeq).path.count }.line("  making the request alone", size: 0))
        print(Measurement {
            next()
            var one = request(user, 3, cSeq: cSeq)
            sink &+= registrar.handle(one, now: .now).status
            one.cSeq += 1
            one.contacts[0].expires = 0
            sink &+= registrar.handle(one, now: .now).status
        }.line("  another contact, and its end", size: 0))
        print(Measurement { next(); sink &+= registrar.targets(of: "user\(user)", now: .now).count }.line("  whom to call", size: 0))
        let late = ContinuousClock.now + .seconds(7_200)
        let start = ContinuousClock.now
        sink &+= registrar.prune(now: late, most: 500).count
        print("  500 users' end at once: \(ContinuousClock.now - start)")
    }

    @LoopActor
    private static func stored(_ path: String) async {
        let clock = ContinuousClock()
        do {
            let log = Logger(label: "registrar") { _ in SwiftLogNoOpLogHandler() }
            let service = try await RegistrarService.start(database: path, limits: RegistrarLimits(), log: log)
            var longest = Duration.zero
            var start = clock.now
            for user in 0 ..< users {
                for contact in 1 ... 2 {
                    let one = request(user, contact, cSeq: 1)
                    longest = max(longest, clock.measure { sink &+= service.handle(one).status })
                }
                if user % 50 == 0 { await Task.yield() }
            }
            print("  with a file: 20,000 new in \(clock.now - start), the longest \(longest)")
            await service.flush(limit: .seconds(60))
            print("  … and stored after \(clock.now - start)")
            start = clock.now
            for user in 0 ..< users {
                sink &+= service.handle(request(user, 1, cSeq: 2)).status
                if user % 50 == 0 { await Task.yield() }
            }
            await service.flush(limit: .seconds(60))
            print("  10,000 refreshed and stored in \(clock.now - start)")
            await service.stop()
            start = clock.now
            let next = try await RegistrarService.start(database: path, limits: RegistrarLimits(), log: log)
            print("  \(next.count) loaded in \(clock.now - start)")
            await next.stop()
        } catch {
            print("  the file: \(error)")
        }
    }
}
