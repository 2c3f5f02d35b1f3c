import Foundation
import ProxyCore
import SDP

/// What the rewriting of a description costs, and how that grows. Figures, not judgements: see docs/sdp.md.
/// With an argument: one of ``Parts``.

nonisolated(unsafe) var sink = 0

func measure(_ name: String, _ text: String, _ body: (String) throws -> Int) {
    let measurement = Measurement { sink &+= (try? body(text)) ?? -1 }
    print(measurement.line(name, size: text.utf8.count))
}

func parse(_ text: String) throws -> Int { try SessionDescription(parsing: text).media.count }

/// A browser's offer on its way to Janus, and on from there into an INVITE.
func rewriteForJanus(_ text: String) throws -> Int {
    var web = WebRTCNegotiation()
    return try web.acceptOffer(SessionDescription(parsing: text)).text.utf8.count
}

func rewriteForPhone(_ text: String) throws -> Int {
    var sip = SIPNegotiation(sessionID: 4711, addresses: LegAddresses("192.0.2.10"))
    sip.open([.audio: LegPort(port: 30_000, key: []), .video: LegPort(port: 30_002, key: [])])
    return try sip.makeOffer(SessionDescription(parsing: text)).text.utf8.count
}

if let part = CommandLine.arguments.dropFirst().first {
    do {
        try await Parts.run(part, Array(CommandLine.arguments.dropFirst(2)))
    } catch {
        FileHandle.standardError.write(Data("\(part): \(error)\n".utf8))
        exit(1)
    }
    exit(0)
}

let offer = Offer.text()
var browser = WebRTCNegotiation()
let inner = try browser.acceptOffer(SessionDescription(parsing: offer)).text
let session = try SessionDescription(parsing: offer)

print(Measurement.header)
print("A Chrome offer of audio and video")
measure("  parse", offer, parse)
measure("  write", offer) { _ in session.text.utf8.count }
measure("  parse, rewrite for Janus, write", offer, rewriteForJanus)
measure("  parse, rewrite for a phone, write", inner, rewriteForPhone)

print("Growth with media lines")
for lines in [1, 2, 4, 8, 16, 23] { measure("  \(lines) lines", Offer.text(lines: lines), rewriteForJanus) }
print("Growth with attributes of a medium")
for attributes in [0, 50, 100, 200, 400] { measure("  \(attributes) more", Offer.text(attributes: attributes), rewriteForJanus) }
print("Growth with the length of attributes")
for padding in [0, 100, 200, 400, 500] { measure("  50 attributes, \(padding) bytes longer", Offer.text(attributes: 50, padding: padding), rewriteForJanus) }
print("Refused")
let million = Offer.text() + String(repeating: "a=x:" + String(repeating: "y", count: 1_018) + "\r\n", count: 1_024)
measure("  1 MB", million, rewriteForJanus)
measure("  1 MB in one line", "v=" + String(repeating: "0", count: 1 << 20), rewriteForJanus)
measure("  64 KB without a line end", "v=" + String(repeating: "0", count: 65_000), rewriteForJanus)

print("A REGISTER, with 10,000 users of 2 contacts each")
await RegistrarBenchmark.run()
