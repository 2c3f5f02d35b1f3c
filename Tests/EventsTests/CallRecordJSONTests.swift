import Events
import Foundation
import Testing

@Suite struct CallRecordJSONTests {
    /// A record with all that one can have; text has what JSON escapes.
    static var whole: CallRecord {
        let text = "a \"quoted\" \\ / \u{1}\u{1f}\t\r\n\u{7f} é 😀 "
        var record = CallRecord(
            id: "1", caller: .init(kind: "phone", user: text, name: text, source: "user alice", address: "192.0.2.1:5060", client: "c", userAgent: text), dialled: text,
            began: 1_700_000_000_000)
        record.gateway = text
        record.answeredUser = "u"
        (record.session, record.number, record.answeredBy, record.route, record.trunk, record.target) = ("s", "n", "b", "r", "t", "sip:x")
        (record.times.rang, record.times.answered, record.times.media, record.times.ended) = (1, 2, 3, 4)
        record.end = .init(status: 200, result: "answered", by: "caller", reason: text, why: text, cause: "Q.850 16")
        var medium = CallRecord.Medium()
        (medium.codec, medium.from) = ("pcma", "192.0.2.1:4000")
        (medium.received.packets, medium.received.bytes, medium.received.lost, medium.received.jitter, medium.received.roundTrip) = (1, 2, 3, 4, 5)
        (record.callerSide.callID, record.callerSide.audio, record.callerSide.video, record.callerSide.mos) = ("dialog", medium, medium, 4.37)
        record.calleeSide.mos = 4
        record.recordings = ["one", text]
        record.legs = [
            .init(number: 1, kind: "trunk", target: text, trunk: "t", callID: "i", client: "c", invited: 1), .init(number: 2, kind: "uri", target: "u", invited: -1),
        ]
        (record.legs[0].rang, record.legs[0].answered, record.legs[0].ended, record.legs[0].status, record.legs[0].reason) = (1, 2, 3, 486, text)
        return record
    }

    @Test(arguments: [whole, CallRecord(id: "", caller: .init(kind: "", user: "", source: ""), dialled: "", began: 0)])
    func `a record is written as an encoder would, and read again`(record: CallRecord) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let expected = try JSONSerialization.jsonObject(with: encoder.encode(record)) as? NSDictionary
        let written = try JSONSerialization.jsonObject(with: Data(record.json.utf8)) as? NSDictionary
        #expect(expected != nil && expected == written)
        #expect(CallRecord(json: record.json) == record)
        #expect(!record.json.contains("\n"))
        // The order of the members.
        let members = ["\"answered_by\"", "\"answered_user\"", "\"callee_side\"", "\"caller\"", "\"caller_side\"", "\"dialled\"", "\"end\"", "\"gateway\"", "\"id\"", "\"legs\""]
        let places = members.compactMap { record.json.range(of: $0)?.lowerBound }
        #expect(places == places.sorted())
    }
}
