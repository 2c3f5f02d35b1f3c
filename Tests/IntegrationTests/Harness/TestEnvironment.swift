import Foundation
import Synchronization

/// Where the tests run, and what they find there.
struct TestEnvironment: Sendable {
    /// An address of this machine that is not loopback, in a namespace that belongs to the test run.
    private(set) var address: String
    /// The checkout.
    let root: URL
    /// The program under test, as built.
    let tern: String
    /// A folder of this test run's own; it goes at the end.
    let directory: URL

    /// - Throws: When the tests run outside of the namespace that `make test` makes.
    init() throws {
        let variables = ProcessInfo.processInfo.environment
        guard let address = variables["TERN_TEST_ADDRESS"], !address.isEmpty else {
            throw HarnessError("the integration tests need a network namespace of their own: run them by `make test`")
        }
        self.address = address
        root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        tern = try TestEnvironment.program(root: root, variables: variables)
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("tern-test-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    /// The same with another of our addresses.
    func at(_ address: String) -> TestEnvironment {
        var copy = self
        copy.address = address
        return copy
    }

    func remove() { try? FileManager.default.removeItem(at: directory) }

    /// Beside the test bundle; `TERN_EXECUTABLE` names another.
    private static func program(root: URL, variables: [String: String]) throws -> String {
        if let named = variables["TERN_EXECUTABLE"] { return named }
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        let beside = bundle.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
        for folder in [beside, root.appendingPathComponent(".build/debug")].compactMap({ $0 }) {
            let path = folder.appendingPathComponent("tern").path
            if FileManager.default.isExecutableFile(atPath: path) { return path }
        }
        throw HarnessError("no program tern beside \(bundle ?? "the tests"): build it first")
    }
}

/// Ports that nobody has at the moment.
enum FreePort {
    /// An even UDP port whose successor is free as well, as RTP and RTCP want (RFC 3550, section 11); nil for any.
    static func udp(_ address: String) throws -> Int { try find(address, SOCK_DGRAM) }

    static func tcp(_ address: String) throws -> Int { try find(address, SOCK_STREAM) }

    /// Free for UDP and TCP alike, as a SIP listener wants.
    static func both(_ address: String) throws -> Int {
        for _ in 0..<20 {
            let port = try udp(address)
            if (try? Socket(type: SOCK_STREAM, address: address, port: port)) != nil { return port }
        }
        throw HarnessError("no port free for UDP and TCP")
    }

    /// The ports that were given out: the system gives one again as soon as its socket is closed, before whoever got it has bound it.
    private static let given = Mutex<Set<Int>>([])

    private static func find(_ address: String, _ type: __socket_type) throws -> Int {
        for _ in 0..<100 {
            let port = try Socket(type: type, address: address, port: 0).port
            if given.withLock({ $0.insert(port).inserted }) { return port }
        }
        throw HarnessError("no port that was not given out before")
    }
}
