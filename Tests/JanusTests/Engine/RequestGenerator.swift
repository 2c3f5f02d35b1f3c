@testable import Janus
import TestRandom
import JSON

/// Makes requests to the media engine at random: most of them right, some wrong in one place, in any order.
struct RequestGenerator {
    private var random: SeededRandom
    private let phones: [TestPhone]
    private let recordings: String
    private var keys: [String] = []

    init(_ name: String, phones: [TestPhone], recordings: String) {
        random = SeededRandom(name)
        self.phones = phones
        self.recordings = recordings
        keys = (0..<3).map { _ in bytes(40) } + [bytes(64), "AAAA", ""]
    }

    /// One of `count` legs; `nil` for a new one.
    mutating func index(of count: Int, most: Int) -> Int? {
        if count == 0 || count < most && chance(20) { return nil }
        return Int.random(in: 0..<count, using: &random)
    }

    mutating func endsLeg() -> Bool { chance(4) }

    mutating func request(ids: [Int]) -> (body: JSONValue, jsep: JSEP?) {
        var members: [String: JSONValue]
        var jsep: JSEP?
        switch pick(["open", "open", "configure", "configure", "configure", "configure", "take", "give", "keyframe", "statistics", "signal", "signal", "attach", "version", "?"]) {
        case "open": members = open()
        case "configure": members = configure(ids)
        case "take":
            members = ["request": "take"]
            let sdp = pick([Descriptions.chromeOffer(), Descriptions.chromeOffer(video: false), Descriptions.chromeAnswer(), "v=0", "nonsense"])
            jsep = JSEP(type: pick([.offer, .answer]), sdp: sdp, trickle: true, update: pick([nil, true]))
        case "give":
            members = ["request": "give", "type": pick(["offer", "answer", "pranswer"]), "sdp": .string(pick([plainSDP, plainSDP, "", "nonsense"]))]
            if chance(30) { members["update"] = true }
        case "keyframe": members = ["request": "keyframe"]
        case "statistics": members = ["request": "statistics"]
        case "signal": members = signal()
        case "attach": members = ["request": "attach"]
        case "version": members = ["request": "version"]
        default: members = ["request": strange()]
        }
        if chance(10), let name = members.keys.sorted().randomElement(using: &random) { members[name] = strange() }
        if chance(5) { members[pick(["peer", "media", "address", "colour", "record", "jsep"])] = strange() }
        return (.object(members), jsep)
    }

    private mutating func open() -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "request": "open", "address": .string(pick([EngineBench.address, EngineBench.address, EngineBench.address, "::1", "203.0.113.1", "0.0.0.0"])),
            "media": pick([["audio"], ["video"], ["audio", "video"], [], ["audio", "audio"]]),
        ]
        if chance(95) { members["ports"] = pick([[24_000, 24_029], [24_000, 24_029], [24_001, 24_004], [24_000, 24_000]]) }
        return members
    }

    private mutating func signal() -> [String: JSONValue] {
        [
            "request": "signal", "signal": .string(pick(["echo", "silence", "tone", "sweep", "delay", "playback", "noise"])),
            "frequency": pick([1_004, 50, 0, 90_000]), "level": pick([0, -16, 40]), "from": pick([300, 3_400]), "to": pick([3_400, 300, 0]),
            "time": pick([20, 500, 10_000, 0, -1]),
        ]
    }

    private mutating func configure(_ ids: [Int]) -> [String: JSONValue] {
        var members: [String: JSONValue] = ["request": "configure"]
        if chance(90) { members["peer"] = chance(10) ? pick([nil, 1]) : ids.randomElement(using: &random).map { .integer($0) } ?? .null }
        members["media"] = .array(pick([["audio"], ["video"], ["audio", "video"], [], ["video", "video"]]).map { medium($0) })
        if chance(60) { members["test"] = pick([true, true, false]) }
        if chance(50) { members["bitrate"] = pick([0, 100_000, 4_294_967_295]) }
        if chance(50) { members["latching"] = pick(["auto", "auto", "off"]) }
        if chance(30) { members["record"] = .string(pick(["\(recordings)/a", "\(recordings)/b", "\(recordings)/none/c", "/dev/null/d"])) }
        return members
    }

    private mutating func medium(_ kind: String) -> JSONValue {
        var members: [String: JSONValue] = [
            "kind": .string(kind), "mindex": pick([0, 1, 7]), "receive": .bool(chance(80)), "send": .bool(chance(80)),
            "payloads": pick([
                [["type": 0, "codec": "pcmu", "clock": 8_000], ["type": 101, "codec": "telephone-event", "clock": 8_000, "fmtp": "0-15"]],
                [["type": 96, "codec": "vp8", "clock": 90_000], ["type": 97, "codec": "h264", "clock": 90_000, "fmtp": "packetization-mode=1"]],
                [["type": 111, "codec": "opus", "clock": 48_000], ["type": 127, "codec": "red", "clock": 1]], [],
            ]),
            "feedback": pick([[], ["pli"], ["fir"], ["nack", "pli", "fir"]]),
        ]
        if chance(80) {
            let phone = pick(phones)
            members["remote"] = [
                "address": .string(pick([phone.address, phone.address, "::1", "0.0.0.0", "255.255.255.255", "224.0.0.1"])),
                "port": pick([.integer(phone.port), .integer(phone.port), 0, 65_535]),
                "rtcp_port": pick([.integer(phone.port + 1), 0, 65_535]), "rtcp_mux": .bool(chance(30)), "hidden": .bool(chance(30)),
            ]
        }
        if chance(30) {
            members["srtp"] = [
                "suite": .string(pick(EngineSRTP.Suite.allCases.map(\.rawValue))), "local": .string(pick(keys)), "remote": .string(pick(keys)),
            ]
        }
        if chance(5), let name = members.keys.sorted().randomElement(using: &random) { members[name] = strange() }
        return .object(members)
    }

    /// A value of any kind.
    private mutating func strange() -> JSONValue {
        pick([
            nil, true, 0, -1, .integer(.max), .integer(.min), 1.5, 1e300, "", "x", "\u{1}", "\u{1F600}", .string(String(repeating: "y", count: 20_000)),
            [], [nil], [[], [:]], [:], ["a": ["b": ["c": []]]], .array((0..<1_000).map { .integer($0) }),
        ])
    }

    private var plainSDP: String {
        ["v=0", "o=- 1 1 IN IP4 198.51.100.1", "s=-", "c=IN IP4 198.51.100.1", "t=0 0", "m=audio 9 UDP/TLS/RTP/SAVPF 0 101", "a=rtpmap:101 telephone-event/8000",
            "a=sendrecv", "m=video 9 UDP/TLS/RTP/SAVPF 96", "a=rtpmap:96 VP8/90000", "a=sendrecv"].map { $0 + "\r\n" }.joined()
    }

    private mutating func bytes(_ count: Int) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        return String((0..<count).map { _ in digits.randomElement(using: &random) ?? "A" })
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &random)] }
}

/// Makes what phones and others send to ports of legs.
enum MediaGenerator {
    static func datagram(_ index: Int, _ random: inout SeededRandom) -> [UInt8] {
        var bytes: [UInt8]
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<5: bytes = RTPSample(index, type: [0, 96, 97, 101, 111].randomElement(using: &random) ?? 0).bytes
        case 5: bytes = [0x80, 101] + RTPSample(index).bytes[2..<12] + [UInt8(index & 15), 0x8a, 0, 160]
        case 6, 7:
            // RTCP: reports, PLI, FIR, REMB and BYE by their types, with lengths that are right or not.
            let type: UInt8 = [200, 201, 202, 203, 205, 206, 206, 206].randomElement(using: &random) ?? 200
            let words = Int.random(in: 0..<12, using: &random)
            bytes = [0x80 | UInt8.random(in: 0..<32, using: &random), type, 0, UInt8(words)]
            bytes += (0..<words * 4).map { _ in UInt8.random(in: 0...255, using: &random) }
        case 8: bytes = (0..<Int.random(in: 0..<200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        default: bytes = [UInt8](repeating: 0x90, count: Int.random(in: 0..<3_000, using: &random))
        }
        if !bytes.isEmpty, Int.random(in: 0..<5, using: &random) == 0 {
            let at = Int.random(in: 0..<bytes.count, using: &random)
            bytes[at] = UInt8.random(in: 0...255, using: &random)
        }
        return bytes
    }
}
