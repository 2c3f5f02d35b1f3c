import ProxyCore
import SDP

/// A dialog of up to eight steps, each on one part of the input; parts end with a line of `==`, its third byte picks the step.
///
/// Nothing traps, an error leaves what was agreed, and what is made for phones is read by the parser, has one direction for
/// each line that is not refused, and names each of its payload types once.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    var sip = SIPNegotiation(sessionID: 1, address: "10.9.0.1")
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
    case UInt8(ascii: "a"): check(try sip.acceptOffer(input))
    case UInt8(ascii: "b"): check(try sip.makeAnswer(input))
    case UInt8(ascii: "c"): check(try sip.makeOffer(input))
    case UInt8(ascii: "d"): check(try sip.acceptAnswer(input))
    case UInt8(ascii: "e"): _ = try web.acceptOffer(input)
    case UInt8(ascii: "f"): _ = try web.makeAnswer(input)
    case UInt8(ascii: "g"): _ = try web.makeOffer(input)
    case UInt8(ascii: "h"): _ = try web.acceptAnswer(input)
    case UInt8(ascii: "i"): sip.rollback()
    case UInt8(ascii: "j"): web.rollback()
    case UInt8(ascii: "k"):
        _ = keys(inPlain: input)
        check(try relayed(plain: input))
    case UInt8(ascii: "l"): check(try sip.repeatOffer(widening: input.utf8.count % 2 == 0))
    case UInt8(ascii: "m"): check(try sip.repeatOffer(widening: false, holding: true))
    case UInt8(ascii: "n"): check(try sip.repeatOffer(holding: false))
    default: _ = try withoutCandidates(jsep: input)
    }
}

private func check(_ text: String) {
    guard let session = try? SessionDescription(parsing: text) else { fatalError("cannot be read:\n\(text)") }
    for medium in session.media where medium.port != 0 {
        precondition(Set(medium.formats).count == medium.formats.count, "a payload type twice:\n\(text)")
        precondition(medium.direction != nil, "no direction:\n\(text)")
    }
}
