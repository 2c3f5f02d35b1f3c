import Configuration
import CoreMetrics
import EventLoop
import Events
import Foundation
import JSON
import Logging
import Synchronization
import Testing
@testable import Diagnosis

@Suite("Recording of calls", .serialized)
@LoopActor
struct RecordServiceTests {
    private let folder: TestFolder
    private let path: String

    init() throws {
        folder = try TestFolder()
        path = folder.file("records.sqlite")
    }

    private func service(_ change: (inout GatewayConfiguration.Records) -> Void = { _ in }) -> RecordService {
        var records = GatewayConfiguration.Records()
        records.database = .file(path)
        change(&records)
        let service = RecordService(RecordSettings(records, gateway: "here"), log: Logger(label: "test"))
        service.start()
        return service
    }

    private func tell(_ record: CallRecord) { EventStream.shared.tell(record.id, .recorded(record)) }

    private func ids(_ service: RecordService, limit: Int = 50) async throws -> [String] {
        var query = RecordQuery()
        query.limit = limit
        return try await service.find(query).arrayValue?.compactMap { $0["id"]?.stringValue } ?? []
    }

    @Test("what is told of a call is found at once, while it lasts and when it is over")
    func found() async throws {
        let service = service()
        tell(RecordSamples.begun("call-1"))
        #expect(try await service.call("call-1")?["end"] == nil)
        #expect(try await service.call("call-1")?["gateway"]?.stringValue == "here")
        tell(RecordSamples.ended("call-1"))
        #expect(try await service.call("call-1")?["end"]?["result"]?.stringValue == "answered")
        #expect(try await service.call("call-2") == nil)
        await service.stop()
        #expect(try SQLiteRecordStore(path: path).ids() == ["call-1"])
    }

    @Test("a call that was running when the gateway was killed gets its end at the next start, others do not")
    func killed() async throws {
        let former = SQLiteRecordStore(path: path)
        let earlier = EventTime.now.milliseconds - 100_000
        _ = try former.write([RecordSamples.begun("lost-1", began: earlier), RecordSamples.ended("over-1", began: earlier)])
        former.close()
        let service = service()
        tell(RecordSamples.begun("new-1", began: EventTime.now.milliseconds + 1_000))
        var lost: JSONValue?
        for _ in 0..<100 {
            lost = try await service.call("lost-1")
            if lost?["end"] != nil { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(lost?["end"]?["result"]?.stringValue == "lost" && lost?["times"]?["ended"] != nil, "\(lost?.text ?? "")")
        #expect(try await service.call("new-1")?["end"] == nil)
        #expect(try await service.call("over-1")?["end"]?["result"]?.stringValue == "answered")
        tell(RecordSamples.ended("new-1"))
        await service.stop()
    }

    @Test("records wait while nothing can be written, and are there afterwards")
    func obstacle() async throws {
        let registry = MetricsRegistry()
        let service = service { $0.database = .file(folder.file("late/records.sqlite")) }
        tell(RecordSamples.ended("call-1"))
        #expect(await failure { try await service.find(RecordQuery()) } != nil)
        service.note(in: registry)
        #expect(registry.text.contains("tern_records_waiting{store=\"sqlite\"} 1"))
        try FileManager.default.createDirectory(atPath: folder.file("late"), withIntermediateDirectories: true)
        for _ in 0..<200 where service.waiting.contains(where: { $0.count > 0 }) { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try await ids(service) == ["call-1"])
        await service.stop()
    }

    @Test("a flood of refused calls is not kept, others are")
    func flood() async throws {
        let service = service()
        let now = EventTime.now.milliseconds
        for number in 0..<500 {
            var refused = RecordSamples.failed("refused-\(number)", began: now)
            refused.legs = []
            tell(refused)
        }
        tell(RecordSamples.begun("call-1", began: now))
        tell(RecordSamples.failed("call-1", began: now))
        let kept = try await ids(service, limit: 1_000)
        #expect(kept.count == 51 && kept.contains("call-1"))
        await service.stop()
    }

    @Test("it stops when the last call has told its end, or after a while without")
    func stops() async throws {
        let service = service()
        tell(RecordSamples.begun("call-1"))
        let stopped = Task { await service.stop() }
        await Task.yield()
        tell(RecordSamples.ended("call-1"))
        await stopped.value
        #expect(try SQLiteRecordStore(path: path).record("call-1")?.contains("answered") == true)
    }

    @Test("a receiver that fails first gets the calls that are over when it works again; the database and the file do not wait for it")
    func failingReceiver() async throws {
        let answers = Mutex([503, 500])
        let receiver = try #require(HTTPReceiver { _ in answers.withLock { $0.popLast() ?? 200 } })
        let service = service {
            $0.file = folder.file("calls.jsonl")
            $0.url = Secret("http://127.0.0.1:\(receiver.port)/calls")
        }
        tell(RecordSamples.begun("call-1"))
        tell(RecordSamples.ended("call-1"))
        tell(RecordSamples.failed("call-2"))
        let now = EventTime.now.milliseconds
        tell(RecordSamples.begun("call-3", began: now))
        #expect(try await ids(service).sorted() == ["call-1", "call-2", "call-3"])
        for _ in 0..<500 where receiver.requests.count < 3 { try await Task.sleep(for: .milliseconds(20)) }
        let bodies = receiver.requests.map { $0.components(separatedBy: "\r\n\r\n").last ?? "" }
        #expect(bodies.count == 3 && Set(bodies).count == 1)
        let sent = try JSONValue(parsing: bodies.last ?? "").arrayValue?.compactMap { $0["id"]?.stringValue }
        #expect(sent?.sorted() == ["call-1", "call-2"])
        tell(RecordSamples.ended("call-3", began: now))
        await service.stop()
        #expect(receiver.requests.count == 4)
        let lines = try String(contentsOfFile: folder.file("calls.jsonl"), encoding: .utf8).split(separator: "\n")
        #expect(lines.compactMap { CallRecord(json: String($0))?.id }.sorted() == ["call-1", "call-2", "call-3"])
    }

    @Test("without a database nothing can be looked up")
    func none() async throws {
        let service = service { $0.database = .none }
        tell(RecordSamples.ended("call-1"))
        #expect(await failure { try await service.find(RecordQuery()) } != nil)
        await service.stop()
    }
}
