import ProxyCore
import SDP

/// A dialog of up to eight steps, each on one part of the input; parts end with a line of `==`, its third byte picks the step.
///
/// Nothing traps, an error leaves what was agreed, and what is made for phones is read by the parser, has one direction for
/// each line that is not refused, and names each of its payload types once. What is made for Janus has nothing that its parser falls over, what
/// is made for browsers nothing that could not be read.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    var sip = SIPNegotiation(sessionID: 1, addresses: LegAddresses("10.9.0.1"))
    let key = (0 ..< UInt8(LegPort.keyBytes)).map { $0 }
    sip.open([.audio: LegPort(port: 30_000, key: key), .video: LegPort(port: 30_002, key: key)])
    var web = WebRTCNegotiation()
    for part in text.split(separator: "\n==", maxSplits: 7) {
        let agreed = sip.agreedMedia
        do {
            try step(part.utf8.first ?? 0, String(part.dropFirst()), &sip, &web)
        } catch {
            precondition(sip.agreedMedia == agreed, "an error changed what was agreed")
        }
    }
    return 0
}

private func step(_ kind: UInt8, _ input: String, _ sip: inout SIPNegotiation, _ web: inout WebRTCNegotiation) throws {
    switch kind {
    case UInt8(ascii: "a"): check(try sip.acceptOffer(read(input)).text)
    case UInt8(ascii: "b"): check(try sip.makeAnswer(read(input)).text)
    case UInt8(ascii: "c"): check(try sip.makeOffer(read(input)).text)
    case UInt8(ascii: "d"): check(try sip.acceptAnswer(read(input)).text)
    case UInt8(ascii: "e"): checkForJanus(try web.acceptOffer(read(input)).text)
    case UInt8(ascii: "f"): _ = checkAttributes(try web.makeAnswer(read(input), like: read(input)).text)
    case UInt8(ascii: "g"): _ = checkAttributes(try web.makeOffer(read(input), like: read(input)).text)
    case UInt8(ascii: "h"): checkForJanus(try web.acceptAnswer(read(input)).text)
    case UInt8(ascii: "i"): sip.rollback()
    case UInt8(ascii: "j"): web.rollback()
    case UInt8(ascii: "k"): check(try echoAnswer(to: read(input)).text)
    case UInt8(ascii: "l"): check(try sip.repeatOffer(widening: input.utf8.count % 2 == 0).text)
    case UInt8(ascii: "m"): check(try sip.repeatOffer(widening: false, holding: true).text)
    case UInt8(ascii: "n"): check(try sip.repeatOffer(holding: false).text)
    case UInt8(ascii: "o"): trickle(input)
    case UInt8(ascii: "p"): if let answer = try sip.repeatAnswer(to: read(input)) { check(answer.text) }
    default: live(input)
    }
}

private func read(_ text: String) throws -> SessionDescription { try RemoteDescription(parsing: text).read() }

private func check(_ text: String) {
    guard let session = try? SessionDescription(parsing: text) else { fatalError("cannot be read:\n\(text)") }
    for medium in session.media where medium.port != 0 {
        precondition(Set(medium.formats).count == medium.formats.count, "a payload type twice:\n\(text)")
        precondition(medium.direction != nil, "no direction:\n\(text)")
    }
}

/// The attributes of a description: each of them could be read.
private func checkAttributes(_ text: String) -> [Attribute] {
    guard let session = try? SessionDescription(parsing: text) else { fatalError("cannot be read:\n\(text)") }
    let attributes = session.attributes + session.media.flatMap(\.attributes)
    precondition(!attributes.contains { if case .malformed = $0 { true } else { false } }, "what cannot be read is handed on:\n\(text)")
    return attributes
}

private func checkForJanus(_ text: String) {
    for line in text.split(separator: "\r\n") {
        precondition(line.utf8.count > 2, "an empty line:\n\(text)")
        precondition(!line.hasPrefix("a=") || line.utf8.firstIndex(of: UInt8(ascii: ":")) != line.utf8.indices.last, "an empty value:\n\(text)")
        // Other kinds are in it where Janus began with them only.
        let isBrowsers = line.hasPrefix("m=audio ") || line.hasPrefix("m=video ")
        precondition(!isBrowsers || line.utf8.count <= 202, "a long m= line:\n\(text)")
    }
    for attribute in checkAttributes(text) {
        switch attribute {
        case .headerExtension(let entry): precondition(1 ... 14 ~= entry.id || 16 ... 255 ~= entry.id, "\(entry)")
        case .candidate(let candidate): precondition(1 ... 256 ~= candidate.component && candidate.port > 0, "\(candidate)")
        case .mid(let mid): precondition(mid.utf8.count <= 16, "\(mid)")
        case .other(let name, _): precondition(["msid-semantic", "simulcast"].contains(name), name)
        default: break
        }
    }
}

/// An echo of a phone that offers this: what its leg is told has a payload type for each medium, and a place that can be sent to.
private func live(_ text: String) {
    var session = ProxySession(id: "", kind: .echo(.rtp), options: SessionOptions(), addresses: LegAddresses("10.9.0.1"), number: 1)
    _ = session.handle(.party(.caller, .offered(RemoteDescription(parsing: text))))
    _ = session.handle(.stepDone(number: 1, .done))
    let key = (0 ..< UInt8(LegPort.keyBytes)).map { $0 }
    for case .apply(_, let settings) in session.handle(.stepDone(number: 2, .opened([.audio: LegPort(port: 30_000, key: key), .video: LegPort(port: 30_002, key: key)]))) {
        for medium in settings.media {
            precondition(!medium.payloads.isEmpty, "no payload type:\n\(text)")
            precondition(medium.phone.map { $0.port != 0 && $0.host != "0.0.0.0" } ?? true, "nowhere:\n\(text)")
        }
    }
}

/// What a candidate from a browser becomes on its way to Janus.
private func trickle(_ text: String) {
    var session = ProxySession(id: "", kind: .echo(.webrtc), options: SessionOptions(), addresses: LegAddresses("10.9.0.1"), number: 1)
    let audio = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n"
    _ = session.handle(.party(.caller, .offered(RemoteDescription(parsing: audio, trickle: true))))
    _ = session.handle(.candidate(.caller, TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: text)))
    for case .trickle(_, let candidate) in session.handle(.stepDone(number: 1, .done)) {
        guard let passed = candidate.candidate else { continue }
        precondition(passed.hasPrefix("candidate:") && passed.utf8.allSatisfy { 0x20 ... 0x7E ~= $0 }, passed)
        precondition(Candidate(passed.dropFirst("candidate:".count)) != nil, passed)
    }
}
