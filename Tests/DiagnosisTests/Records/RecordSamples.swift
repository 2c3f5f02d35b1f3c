import EventLoop
import Events
import Foundation
@testable import Diagnosis

/// Records of calls for tests.
enum RecordSamples {
    /// A call that has begun: alice dials +49301234.
    static func begun(_ id: String, began: Int = 1_000_000, from caller: String = "alice", to dialled: String = "+49301234") -> CallRecord {
        var record = CallRecord(
            id: id, caller: .init(kind: "phone", user: caller, source: "user \(caller)", address: "192.0.2.1:5060"), dialled: dialled, began: began)
        record.gateway = "here"
        record.callerSide.callID = "caller-\(id)"
        record.legs = [.init(number: 1, kind: "trunk", target: "sip:\(dialled)@192.0.2.9", trunk: "berlin", callID: "callee-\(id)", invited: began + 10)]
        return record
    }

    /// A call that was answered and has ended.
    static func ended(_ id: String, began: Int = 1_000_000, from caller: String = "alice", to dialled: String = "+49301234") -> CallRecord {
        var record = begun(id, began: began, from: caller, to: dialled)
        record.times.answered = began + 2_000
        record.times.ended = began + 65_000
        record.answeredBy = "bob"
        record.number = "030\(dialled)"
        record.end = .init(status: 200, result: "answered", by: "caller", reason: "Normal call clearing", why: "\(caller) hung up after 63 s")
        record.callerSide.mos = 4.4
        record.calleeSide.mos = 3.1
        return record
    }

    /// A call that nobody took.
    static func failed(_ id: String, began: Int = 1_000_000) -> CallRecord {
        var record = begun(id, began: began)
        record.times.ended = began + 500
        record.end = .init(status: 486, result: "busy", by: "callee", reason: "Busy Here", why: "bob is busy")
        return record
    }
}

/// A folder of a test's own, which goes at its end.
final class TestFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/tern-records-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    func file(_ name: String) -> String { path + "/" + name }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Files that can be no longer than that, as on a full disk. The limit is the process's: tests run one after the other.
enum FileSizeLimit {
    static func with<Value>(bytes: Int, _ body: () throws -> Value) rethrows -> Value {
        signal(SIGXFSZ, SIG_IGN)
        var former = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &former)
        var limit = rlimit(rlim_cur: rlim_t(bytes), rlim_max: former.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        defer { setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &former) }
        return try body()
    }
}

extension RecordStore {
    /// The ids of what fits.
    func ids(_ change: (inout RecordQuery) -> Void = { _ in }) throws -> [String] {
        var query = RecordQuery()
        change(&query)
        return try find(query).compactMap { CallRecord(json: $0)?.id }
    }
}

/// Why something failed; nil where it did not.
func failure<Value>(_ body: () throws -> Value) -> RecordError? {
    do {
        _ = try body()
        return nil
    } catch {
        return error as? RecordError
    }
}

@LoopActor
func failure<Value>(_ body: @LoopActor () async throws -> Value) async -> RecordError? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error as? RecordError
    }
}
