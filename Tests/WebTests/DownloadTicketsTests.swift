import EventLoop
import Foundation
import Testing
import WebSocket
@testable import Web

/// Addresses of recordings, and how many of them there are.
@Suite @LoopActor struct DownloadTicketsTests {
    /// A recording, and the addresses that were given out for it.
    @LoopActor
    private final class Bench {
        let tickets = DownloadTickets()
        private let folder: URL
        private let path: String

        init() throws {
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("tern-tickets-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let file = folder.appendingPathComponent("one.m4a")
            try Data("recorded".utf8).write(to: file)
            path = file.path
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        func offer(to user: String) async throws -> String { try #require(await tickets.offer(path, to: user)) }

        /// The status that a GET of it is answered with.
        func status(of address: String) -> Int {
            let parts = address.split(separator: "?").map(String.init)
            return tickets.response(to: HTTPRequest(method: .get, path: parts[0], query: parts.count > 1 ? parts[1] : "")).status
        }
    }

    @Test("an address brings its file; without its ticket, with another or for another name there is none")
    func file() async throws {
        let bench = try Bench()
        let address = try await bench.offer(to: "alice")
        #expect(address.hasPrefix("/recordings/one.m4a?ticket="))
        #expect(bench.status(of: address) == 200)
        for other in ["/recordings/one.m4a", "/recordings/one.m4a?ticket=1", address.replacing("one", with: "two")] {
            #expect(bench.status(of: other) == 404, "\(other)")
        }
        #expect(await bench.tickets.offer("/nonexistent/one.m4a", to: "alice") == nil)
    }

    @Test("with one more than a user may have that user's oldest ends, and nobody else's")
    func ofUser() async throws {
        let bench = try Bench()
        let others = try await bench.offer(to: "bob")
        var own: [String] = []
        for _ in 0..<DownloadTickets.most * 2 { own.append(try await bench.offer(to: "alice")) }
        #expect(bench.status(of: others) == 200)
        let good = own.filter { bench.status(of: $0) == 200 }
        #expect(good == Array(own.suffix(DownloadTickets.mostOfUser)))
    }

    @Test("with one more than there may be in all the oldest ends")
    func inAll() async throws {
        let bench = try Bench()
        var all: [String] = []
        for number in 0...DownloadTickets.most { all.append(try await bench.offer(to: "user-\(number)")) }
        let good = all.filter { bench.status(of: $0) == 200 }
        #expect(good == Array(all.suffix(DownloadTickets.most)))
    }
}
