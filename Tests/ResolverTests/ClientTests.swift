import EventLoop
import Glibc
import Testing
@testable import Resolver

@Suite("Questions under way", .serialized, .timeLimit(.minutes(1)))
@LoopActor
struct ClientTests {
    private func question(_ name: String) throws -> DNSQuestion { DNSQuestion(try #require(DNSName(name)), .a) }

    @Test("many who ask the same are one question")
    func joined() async throws {
        let server = try RawNameServer(RawNameServer.addressesOnly)
        var configuration = ResolverConfiguration.asking(server.server)
        configuration.serverTimeout = 10_000
        let client = DNSClient(configuration)
        let question = try question("a.test")
        let results = await concurrently(Array(0..<500)) { _ in await client.answer(to: question, within: .seconds(60)) }
        #expect(results.allSatisfy { (try? $0.get().addresses.count) == 1 })
        #expect(server.queries.count == 1)
        await client.stop()
    }

    @Test("who is cancelled leaves at once; the others get their answer")
    func cancelled() async throws {
        let server = try RawNameServer(RawNameServer.silence)
        var configuration = ResolverConfiguration.asking(server.server)
        configuration.serverTimeout = 20
        let client = DNSClient(configuration)
        let question = try question("a.test")
        let patient = LoopActor.task { await client.answer(to: question, within: .seconds(60)) }
        let cancelled = LoopActor.task { await client.answer(to: question, within: .seconds(60)) }
        await Task.yield()
        cancelled.cancel()
        #expect(await cancelled.value == .failure(.cancelled))
        server.behave(RawNameServer.addressesOnly)
        #expect(await (try? patient.value.get().addresses.count) == 1)
        await client.stop()
    }

    @Test("more questions than allowed are refused, and those that wait for c-ares get there")
    func overload() async throws {
        let server = try RawNameServer(RawNameServer.silence)
        var configuration = ResolverConfiguration.asking(server.server)
        configuration.serverTimeout = 300
        configuration.maximumQueries = 3
        configuration.maximumQuestions = 50
        let client = DNSClient(configuration)
        let questions = try (0..<60).map { try question("n\($0).test") }
        var refused = 0
        let results = await concurrently(questions) { question in
            let result = await client.answer(to: question, within: .seconds(60))
            if result == .failure(.overloaded) { refused += 1 }
            if refused == 10 { server.behave(RawNameServer.addressesOnly) }
            return result
        }
        #expect(refused == 10)
        #expect(results.filter { (try? $0.get().addresses.count) == 1 }.count == 50)
        await client.stop()
    }

    @Test("stopping ends what is under way, the thread and its descriptors; nothing can be asked any more")
    func stop() async throws {
        let server = try RawNameServer(RawNameServer.silence)
        let question = try question("a.test")
        await turnsOfTheLoop(1)
        let before = (openDescriptors(), threads())
        for _ in 0..<5 {
            let client = DNSClient(.asking(server.server))
            let waiting = LoopActor.task { await client.answer(to: question, within: .seconds(60)) }
            await Task.yield()
            await client.stop()
            #expect(await waiting.value == .failure(.stopped))
            #expect(await client.answer(to: question, within: .seconds(60)) == .failure(.stopped))
            await client.stop()
        }
        #expect(openDescriptors() == before.0)
        // The end is told by the thread itself, a moment before it is gone.
        await turnsOfTheLoop { threads() <= before.1 }
        #expect(threads() == before.1)
    }

    @Test("a client that nobody holds any more ends its thread")
    func abandoned() async throws {
        let server = try RawNameServer(RawNameServer.addressesOnly)
        await turnsOfTheLoop(1)
        let before = openDescriptors()
        do {
            let client = DNSClient(.asking(server.server))
            _ = await client.answer(to: try question("a.test"), within: .seconds(60))
            #expect(openDescriptors() > before)
        }
        await turnsOfTheLoop { openDescriptors() <= before }
        #expect(openDescriptors() == before)
    }

    @Test("servers and hosts are those of the system's files, and changes of these are followed")
    func files() async throws {
        let server = try RawNameServer(RawNameServer.addressesOnly)
        let directory = try TemporaryDirectory()
        directory.write("hosts", "192.0.2.50 own.test")
        directory.write("resolv.conf", "nameserver 127.0.0.2\n")
        var configuration = ResolverConfiguration()
        configuration.serverTimeout = 5_000
        configuration.files = .init(
            nameServers: directory.path("resolv.conf"), nameServerPort: server.port, hosts: directory.path("hosts"),
            checkInterval: .zero)
        let client = DNSClient(configuration)
        #expect(try await client.answer(to: question("own.test"), within: .seconds(60)).get().addresses.map(\.description) == ["192.0.2.50"])
        // At 127.0.0.2 nobody answers at that port.
        #expect(try await client.answer(to: question("a.test"), within: .seconds(60)) == .failure(.serverFailed))
        directory.write("resolv.conf", "nameserver 127.0.0.1\noptions edns0\n")
        directory.write("hosts", "192.0.2.51 other.test")
        #expect(try await client.answer(to: question("b.test"), within: .seconds(60)).get().addresses.map(\.description) == ["192.0.2.1"])
        #expect(try await client.answer(to: question("other.test"), within: .seconds(60)).get().addresses.map(\.description) == ["192.0.2.51"])
        await client.stop()
    }

    @Test("what is under way when the servers change is asked of the new ones")
    func replaced() async throws {
        let old = try RawNameServer(RawNameServer.silence)
        let directory = try TemporaryDirectory()
        directory.write("resolv.conf", "nameserver 127.0.0.1\n")
        var configuration = ResolverConfiguration()
        configuration.serverTimeout = 30_000
        configuration.files = .init(
            nameServers: directory.path("resolv.conf"), nameServerPort: old.port, hosts: "/dev/null", checkInterval: .zero)
        let client = DNSClient(configuration)
        let first = try question("a.test"), second = try question("b.test")
        let waiting = LoopActor.task { await client.answer(to: first, within: .seconds(60)) }
        await turnsOfTheLoop { !old.queries.isEmpty }
        #expect(old.queries.count == 1)
        let new = try RawNameServer(address: "127.0.0.2", port: old.port, RawNameServer.addressesOnly)
        directory.write("resolv.conf", "nameserver 127.0.0.2\n")
        #expect(await (try? client.answer(to: second, within: .seconds(60)).get().addresses.count) == 1)
        #expect(await (try? waiting.value.get().addresses.count) == 1)
        #expect(new.queries.count == 2)
        await client.stop()
    }
}

private func entries(of directory: String) -> Int {
    guard let stream = opendir(directory) else { return -1 }
    defer { closedir(stream) }
    var count = 0
    while readdir(stream) != nil { count += 1 }
    return count
}

private func openDescriptors() -> Int { entries(of: "/proc/self/fd") }
private func threads() -> Int { entries(of: "/proc/self/task") }

/// A directory that goes with the test.
private final class TemporaryDirectory {
    private let directory: String
    private var names: Set<String> = []

    init() throws {
        var template = Array("/tmp/tern-resolver-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        for name in names { unlink(path(name)) }
        rmdir(directory)
    }

    func path(_ name: String) -> String { "\(directory)/\(name)" }

    /// As an editor does: a new file in the place of the old one.
    func write(_ name: String, _ text: String) {
        names.insert(name)
        let descriptor = open(path(name + ".new"), O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        _ = Glibc.write(descriptor, text, text.utf8.count)
        close(descriptor)
        rename(path(name + ".new"), path(name))
    }
}
