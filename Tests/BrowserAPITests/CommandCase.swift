import BrowserAPI
import JSON
import ProxyCore

let sessionID = "54c1b637-36fb-70c2-8080-28f07603cda8"
let callID = "0b9e1a64-5b1f-4f0e-9a5c-2f5f4f0d3a11"

/// A command's data with everything that it can carry, and what is wrong with each field of it.
struct CommandCase: Sendable, CustomStringConvertible {
    var cmd: String
    var data: JSONValue
    var command: BrowserCommand
    /// Fields (with a dot: within an object) without which it is refused.
    var required: [String] = []
    /// Values of fields that are refused; the error must name the field.
    var wrong: [(field: String, values: [JSONValue])] = []

    var description: String { cmd }

    static let all = sessions + calls

    /// The data with one field replaced, or left out.
    func data(_ field: String, _ value: JSONValue?) -> JSONValue {
        replacing(field.split(separator: ".").map(String.init)[...], in: data, with: value)
    }

    private func replacing(_ path: ArraySlice<String>, in object: JSONValue, with value: JSONValue?) -> JSONValue {
        guard var members = object.objectValue, let name = path.first else { return object }
        members[name] = path.count == 1 ? value : replacing(path.dropFirst(), in: members[name] ?? [:], with: value)
        return .object(members)
    }
}

func text(_ count: Int) -> JSONValue { .string(String(repeating: "x", count: count)) }

/// Fields that several commands share, and what is wrong for them.
enum Wrong {
    static let flag: [JSONValue] = [1, "true", []]
    static func number(_ outside: Int...) -> [JSONValue] { ["1", 1.5, [:]] + outside.map(JSONValue.integer) }
    static let object: [JSONValue] = [1, "v=0", []]
    static let line: [JSONValue] = [1, [], text(257), "a\r\nVia: x", "a\u{7F}"]
    static let id: [JSONValue] = [1, [:], text(129)]

    static let options: [(field: String, values: [JSONValue])] = [
        ("use_audio", flag), ("use_video", flag), ("record", flag), ("bitrate", number(-1, 100_001, .max)),
    ]

    static func description(_ field: String) -> [(field: String, values: [JSONValue])] {
        [
            (field, object), ("\(field).sdp", [1, [], "", text(65_537)]), ("\(field).sdp_type", [1, "plan-b", "RTP"]),
            ("\(field).trickle_ice", flag), ("\(field).caller_id", line), ("\(field).caller_name", line),
            ("\(field).callee_id", line), ("\(field).callee_name", line), ("\(field).dest", [1, text(1_025), "a\nb"]),
        ]
    }
}

/// A description with every field, and the same as a value.
let fullDescription: JSONValue = [
    "sdp": "v=0\r\n", "sdp_type": "rtp", "trickle_ice": true, "caller_id": "1", "caller_name": "Ann", "callee_id": "2",
    "callee_name": "Bé", "dest": "sip:2@example.org", "newer": 1,
]
let fullDescriptionObject = MediaDescriptionObject(
    sdp: "v=0\r\n", sdpType: .rtp, trickleICE: true, callerID: "1", callerName: "Ann", calleeID: "2", calleeName: "Bé",
    dest: "sip:2@example.org")
let fullOptions = SessionOptionsChange(useAudio: false, useVideo: true, bitrate: 100_000, record: true)
